"""What a profile holds: its sections, keys, types, units and limits. Strict: nothing is converted, clamped or ignored.

The absolute limits are those of controller.core.limits; a profile can only be tighter. Rules over several keys are in
controller.settings.rules, and no Profile exists that breaks one.
"""

import re
from collections.abc import Callable
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from controller.core import limits
from controller.settings import rules
from controller.settings.catalogue import COLDEST_C, WARMEST_C, catalogue
from controller.settings.exact import exact
from controller.settings.sentences import RULES, Unit, model_of

SIMULATED: Final = rules.SIMULATED
_LARGEST_UINT32: Final = 2**32 - 1
_LARGEST_CPU: Final = 1023
NARROWEST_BORE_MM, WIDEST_BORE_MM = 0.1, 0.4
"""Between 33G and 25G with thin walls: what is beyond was measured in another unit."""


def _one_of(*allowed: int) -> AfterValidator:
    def check(value: int) -> int:
        if value not in allowed:
            raise PydanticCustomError("allowed", "is not one of {allowed}", {"allowed": ", ".join(map(str, allowed))})
        return value

    return AfterValidator(check)


def _in_catalogue(kind: str) -> AfterValidator:
    def check(value: str) -> str:
        known = getattr(catalogue(), kind)
        if value not in known:
            raise PydanticCustomError("known", "is not in the catalogue; known: {known}", {"known": ", ".join(known)})
        return value

    return AfterValidator(check)


def _matching(pattern: str, complaint: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not value.isprintable() or re.fullmatch(pattern, value) is None:
            raise PydanticCustomError("text", "{complaint}", {"complaint": complaint})
        return value

    return check


_Baud = Annotated[int, _one_of(19200, 9600, 2400, 1200, 300)]
_Port = Annotated[
    str,
    AfterValidator(
        _matching(
            rf"{SIMULATED}|/.*[^/]|[a-z][a-z0-9+.-]*://.+",
            f'is neither "{SIMULATED}", nor the full path of a device, nor a URL such as rfc2217://host:4000',
        )
    ),
]
_Address = Annotated[str, AfterValidator(_matching(r".*", "holds characters that can not be printed"))]
_Directory = Annotated[str, AfterValidator(_matching(r".*\S.*", "is not the name of a directory"))]
_Factory = Annotated[
    str, AfterValidator(_matching(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", 'is not of the form "module:factory"'))
]


class _Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Pump(_Section):
    """The syringe pump. watchdog_s: how long it runs on without hearing from the host. trigger: the wiring of its TTL input."""

    model: Literal["ne1000"]
    port: _Port
    baud: _Baud = 19200
    address: Annotated[int, Field(ge=0, le=99)] = 0
    watchdog_s: Annotated[int, Field(ge=1, le=2), Unit("s")] = 1
    trigger: Literal["none", "nc_to_ground"]


class Pressure(_Section):
    """The pressure transmitter in the line.

    serial_number is compared with the device's own at every connect; only a simulation may leave it out (None: any is taken).
    """

    model: Literal["keller33x"]
    port: _Port
    baud: Annotated[int, _one_of(9600, 115200)] = 115200
    address: Annotated[int, Field(ge=1, le=250)] = 1
    serial_number: Annotated[int | None, Field(ge=1, le=_LARGEST_UINT32)] = None
    reference: Literal["gauge", "absolute"]
    sample_hz: Annotated[int, Field(ge=100, le=200), Unit("Hz")] = 100

    @property
    def zero_min_kpa(self) -> float:
        """The least reading that can be a zero, in kPa as the transmitter gives it."""
        return limits.ZERO_GAUGE_MIN_KPA if self.reference == "gauge" else limits.ZERO_ABSOLUTE_MIN_KPA

    @property
    def zero_max_kpa(self) -> float:
        """The greatest reading that can be a zero, in kPa as the transmitter gives it."""
        return limits.ZERO_GAUGE_MAX_KPA if self.reference == "gauge" else limits.ZERO_ABSOLUTE_MAX_KPA


class Button(_Section):
    """The patient's pain-stop button. pedal: whether the operator's foot pedal hangs on its spare input; it can say go."""

    model: Literal["modem_lines"]
    port: _Port
    poll_ms: Annotated[int, Field(ge=2, le=5), Unit("ms")] = 5
    pedal: bool = False

    @property
    def poll_s(self) -> float:
        """Time between two readings of the contacts, in s."""
        return self.poll_ms / 1000.0


class Line(_Section):
    """What is between the pump and the patient; the names are those of the catalogue. fill_ml: contrast in the syringe.

    lot_bore_mm: the bore that explains the resistance measured of this lot of cannulas, with a liquid of known viscosity. Without
    it the catalogue's nominal bore has to do, and neither agent nor temperature can be told by the resistance.
    """

    syringe: Annotated[str, _in_catalogue("syringes")]
    fill_ml: Annotated[float, Field(gt=0.0), Unit("mL")]
    agent: Annotated[str, _in_catalogue("agents")]
    temperature_c: Annotated[float, Field(ge=COLDEST_C, le=WARMEST_C), Unit("C")]
    cannula: Annotated[str, _in_catalogue("cannulas")]
    tube: Annotated[str, _in_catalogue("tubes")]
    lot_bore_mm: Annotated[float | None, Field(ge=NARROWEST_BORE_MM, le=WIDEST_BORE_MM), Unit("mm")] = None

    @property
    def fill_ul(self) -> float:
        """Contrast in the syringe, in uL."""
        return _ul(self.fill_ml)


class Injection(_Section):
    """What is to be delivered. advance: "auto" goes on by itself after each hold, "confirm" waits for the operator's go."""

    target_ml: Annotated[float, Field(gt=0.0, le=limits.TOTAL_UL / 1000.0), Unit("mL")]
    increment_ml: Annotated[float, Field(ge=limits.INCREMENT_STEP_UL / 1000.0, le=limits.INCREMENT_UL / 1000.0), Unit("mL")]
    rate_ul_s: Annotated[float, Field(gt=0.0, le=limits.INFUSION_RATE_UL_S), Unit("uL/s")]
    advance: Literal["auto", "confirm"] = "confirm"

    @property
    def target_ul(self) -> float:
        """The whole dose, in uL."""
        return _ul(self.target_ml)

    @property
    def increment_ul(self) -> float:
        """One increment, in uL."""
        return _ul(self.increment_ml)

    @property
    def increments(self) -> int:
        """How many increments the whole dose has."""
        return int(exact(self.target_ml) / exact(self.increment_ml))


class Prime(_Section):
    """The prime check, cannula outside the patient: a first run that fills and takes up the drive's play, and a measured one.

    closed_tip: then the operator closes the tip, and a little more is pressed into the line; that tells air and leaks better.
    """

    volume_ml: Annotated[float, Field(gt=0.0, le=limits.INCREMENT_UL / 1000.0), Unit("mL")]
    rate_ul_s: Annotated[float, Field(gt=0.0, le=limits.INFUSION_RATE_UL_S), Unit("uL/s")]
    first_volume_ml: Annotated[float, Field(gt=0.0, le=limits.PRIMING_FORWARD_UL / 1000.0), Unit("mL")] = 0.01
    first_rate_ul_s: Annotated[float, Field(gt=0.0, le=limits.INFUSION_RATE_UL_S), Unit("uL/s")] = 2.5
    closed_tip: bool = False

    @property
    def first_volume_ul(self) -> float:
        """The first run, in uL."""
        return _ul(self.first_volume_ml)

    @property
    def volume_ul(self) -> float:
        """The measured run, in uL."""
        return _ul(self.volume_ml)


class Limits(_Section):
    """Limits of this profile, at most as wide as the absolute ones. duct_kpa is at zero flow."""

    line_kpa: Annotated[float, Field(gt=0.0, le=limits.LINE_KPA), Unit("kPa")]
    duct_kpa: Annotated[float, Field(gt=0.0, le=limits.DUCT_KPA), Unit("kPa")]
    sample_age_ms: Annotated[float, Field(gt=0.0, le=limits.SAMPLE_AGE_S * 1000.0), Unit("ms")] = limits.SAMPLE_AGE_S * 1000.0
    lateness_ms: Annotated[float, Field(gt=0.0, le=limits.LATENESS_S * 1000.0), Unit("ms")] = limits.LATENESS_S * 1000.0
    hold_s: Annotated[float, Field(gt=0.0, le=limits.HOLD_S), Unit("s")] = limits.HOLD_S

    @property
    def sample_age_s(self) -> float:
        """Greatest age of the newest pressure sample while infusing, in s."""
        return self.sample_age_ms / 1000.0

    @property
    def lateness_s(self) -> float:
        """Greatest lateness of the loop while infusing, in s."""
        return self.lateness_ms / 1000.0


class Records(_Section):
    """Where records are kept. A relative directory is relative to where the command is run."""

    directory: _Directory


class Host(_Section):
    """What is asked of this machine. require_realtime: None for only beside a patient. cpu: to stay on; None for any."""

    require_realtime: bool | None = None
    cpu: Annotated[int, Field(ge=0, le=_LARGEST_CPU)] | None = None


class Simulation(_Section):
    """What is simulated. plant: "module:factory"; options go to the factory. control: address of the back door, or ""."""

    control: _Address = ""
    plant: _Factory = "simulators.plant:line_and_duct"
    seed: Annotated[int, Field(ge=0, le=_LARGEST_UINT32)] = 1
    index: Annotated[int, Field(ge=0, le=_LARGEST_UINT32)] = 0
    options: dict[str, object] = Field(default_factory=dict)


class Profile(_Section):
    """One way to run ductoject. kind says whom it may reach: nobody, a phantom, a patient."""

    kind: Literal["simulation", "bench", "bedside"]
    description: str = ""
    pump: Pump
    pressure: Pressure
    button: Button
    line: Line
    injection: Injection
    prime: Prime
    limits: Limits
    records: Records
    host: Host = Field(default_factory=Host)
    simulation: Simulation | None = None

    @property
    def simulated(self) -> bool:
        """True only if every device is a simulated one in this process."""
        return all(port == SIMULATED for port in (self.pump.port, self.pressure.port, self.button.port))

    @property
    def requires_realtime(self) -> bool:
        """True if nothing may be armed where the loop can not have what keeps it on time."""
        wanted = self.host.require_realtime
        return self.kind == "bedside" if wanted is None else wanted

    @model_validator(mode="after")
    def _keeps_the_rules(self) -> Self:
        tree = {name: dict(value) if isinstance(value, BaseModel) else value for name, value in self}
        if problems := rules.check(known_values({name: value for name, value in tree.items() if value is not None}, set())):
            text = "; ".join(f"{'.'.join(problem.key)} {problem.text}" for problem in problems)
            raise PydanticCustomError(RULES, "{text}", {"text": text})
        return self


def known_values(tree: dict[str, object], bad: set[str]) -> dict[str, object]:
    """Dotted key -> value, defaults included, of all keys of a profile except those that are bad or missing.

    A section that may be absent (simulation) appears under its own name as True or False.
    """
    values: dict[str, object] = {}
    for name, field in Profile.model_fields.items():
        section = model_of(field.annotation)
        held = tree.get(name)
        if section is None:
            if name in tree and name not in bad:
                values[name] = held
            continue
        if not field.is_required() and name not in bad:
            values[name] = name in tree
        if name in bad or not isinstance(held, dict):
            continue
        for key, inner in section.model_fields.items():
            dotted = f"{name}.{key}"
            if dotted in bad:
                continue
            if key in held:
                values[dotted] = held[key]
            elif not inner.is_required():
                values[dotted] = inner.get_default(call_default_factory=True)
    return values


def _ul(volume_ml: float) -> float:
    return float(exact(volume_ml) * 1000)
