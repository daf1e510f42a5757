"""What a campaign is asked to do: which patients, how, and with which faults. Nothing else decides its results."""

import hashlib
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path

from controller.virtual.case import Case
from simulators.any_plant import plant_file

FIDELITIES = ("wire", "core")
FAULT_MODES = ("none", "single", "pairs")
MOST_PATIENTS = 1_000_000
MOST_SEED = 2**63 - 1
MOST_JOBS = 512


@dataclass(frozen=True, slots=True)
class Plan:
    """Procedures 0 to patients - 1 of a seed. plant: module:factory, None for the profile's. subgroup: None for a mixture."""

    patients: int = 100
    seed: int = 1
    cohort: str = "mixed"
    fidelity: str = "wire"
    faults: str = "none"
    profile: str = "sim"
    plant: str | None = None
    target_ml: float | None = None
    subgroup: str | None = None

    def case(self, index: int) -> Case:
        """Everything it takes to run one procedure of this plan."""
        return Case(
            seed=self.seed,
            index=index,
            cohort=self.cohort,
            fidelity=self.fidelity,  # type: ignore[arg-type]  # plan_problems has seen to it
            faults=self.faults,  # type: ignore[arg-type]  # the same
            profile=self.profile,
            plant=self.plant,
            target_ml=self.target_ml,
            subgroup=self.subgroup,
        )

    def asked(self) -> dict[str, object]:
        """The plan as plain data; two plans with the same data give the same results with the same software."""
        return asdict(self)

    def files(self) -> dict[str, str]:
        """SHA-256 of the files that the plan names: they may change while its words stay the same. Raises OSError.

        Of a plant it is the file of its module alone, not of what that imports.
        """
        named = {name: Path(name) for name in (self.cohort, self.profile) if is_path(name)}
        if self.plant is not None and (file := plant_file(self.plant)) is not None:
            named[self.plant] = file
        return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in named.items()}

    def folder(self) -> Path:
        """Where its results go if nobody says otherwise."""
        return Path("campaigns") / f"{self._stem()}-n{self.patients}"

    def repeats_folder(self) -> Path:
        """Where single procedures go that are run again; the campaign's own folder stays as it is."""
        return Path("campaigns") / f"{self._stem()}-repeated"

    def command(self, *indices: int) -> str:
        """The command that runs these procedures again and writes their records."""
        words = ["ductoject", "campaign", "--cohort", self.cohort, "--seed", str(self.seed)]
        words += ["--faults", self.faults, "--fidelity", self.fidelity]
        if self.profile != "sim":
            words += ["--profile", self.profile]
        if self.plant is not None:
            words += ["--plant", self.plant]
        if self.target_ml is not None:
            words += ["--target-ml", str(self.target_ml)]
        if self.subgroup is not None:
            words += ["--subgroup", self.subgroup]
        for index in indices:
            words += ["--index", str(index)]
        return shlex.join(words)

    def _stem(self) -> str:
        cohort = Path(self.cohort).stem if is_path(self.cohort) else self.cohort
        stem = f"{cohort}-{self.fidelity}-{self.faults}-seed{self.seed}"
        plain = Plan()
        others = {
            name: value
            for name in ("profile", "plant", "target_ml", "subgroup")
            if (value := getattr(self, name)) != getattr(plain, name)
        }
        if is_path(self.cohort):
            others["cohort"] = self.cohort
        if not others:
            return stem
        # Words for people, and a number that no other plan has, whatever those words leave out.
        words = [self.subgroup, None if self.target_ml is None else f"{self.target_ml:g}ml"]
        told = "".join(f"-{word}" for word in words if word is not None)
        return f"{stem}{told}-{hashlib.sha256(repr(sorted(others.items())).encode()).hexdigest()[:8]}"


def is_path(name: str) -> bool:
    """Is this the path of a file, and not the name of something that ships?"""
    return "/" in name or name.endswith(".toml")
