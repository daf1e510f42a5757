"""The test stand: what one test has before it, simulated or real."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.settings import LoadedProfile, load_profile
from drivers.pump import Direction, Motion
from hil_tests.hands import Hands, PersonsHands, SimulatedHands
from hil_tests.plunger import CountedPlunger, Plunger, TruePlunger
from hil_tests.rig import Rig
from hil_tests.simulated_bench import SimulatedBench


@dataclass(slots=True)
class Stand:
    """bench is None on hardware."""

    loaded: LoadedProfile
    hands: Hands
    bench: SimulatedBench | None
    _stack: ExitStack

    @classmethod
    @contextmanager
    def on_hardware(cls, loaded: LoadedProfile, hands: PersonsHands) -> Iterator["Stand"]:
        """The devices of a profile, and the person beside them."""
        with ExitStack() as stack:
            yield cls(loaded, hands, None, stack)

    @classmethod
    @contextmanager
    def at_bench(cls, bench: SimulatedBench, folder: Path) -> Iterator["Stand"]:
        """folder: of the profile that names the ports of this bench."""
        file = folder / "simulated.toml"
        file.write_text(bench.profile_text())
        with ExitStack() as stack:
            yield cls(load_profile(str(file)), SimulatedHands(bench), bench, stack)
        # shown where the test has failed: a machine that was late is not a device that was late
        print(f"the simulated bench was at most {bench.truth()['late_ms_max']:.0f} ms late since it was started")

    def rig(self, *devices: str) -> Rig:
        """Opens the ports of "pump", "pressure", "button"; closed at the end of the test, the pump stopped and handed back.

        One that moves a plunger has a free line before it.
        """
        rig = self._stack.enter_context(Rig.open(self.loaded, devices))
        if "pump" in devices:
            self.hands.free_line(rig)
        return rig

    def plunger(self, rig: Rig) -> Plunger:
        """Whoever knows where the plunger is."""
        return TruePlunger(self.bench) if self.bench is not None else CountedPlunger(rig)

    def push(self, volume_ul: float, rate_ul_s: float | None = None) -> Motion:
        """An infusion; at the profile's rate where none is given."""
        return Motion(volume_ul, rate_ul_s or self.loaded.profile.injection.rate_ul_s, Direction.INFUSE)
