"""Rules over several keys of a profile. Each looks only at the keys it names, and is left out while one of them is wrong.

A rule returns what is wrong with the first of its keys, worded to follow "key = value", or None. Numbers are compared as
exact decimals.
"""

import math
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time
from fractions import Fraction
from functools import partial
from itertools import combinations
from typing import Any, Final

from controller.core import limits
from controller.settings.catalogue import Agent, catalogue, expected_resistance_kpa_s_ul
from controller.settings.devices import BITS_A_BYTE, PUMPS, TRANSMITTERS
from controller.settings.exact import exact, is_multiple, multiples_beside, number_text
from controller.settings.problems import Problem, shown

SIMULATED: Final = "simulated"
_PORTS: Final = ("pump.port", "pressure.port", "button.port")
_LINE: Final = ("line.agent", "line.temperature_c", "line.cannula", "line.tube", "limits.line_kpa")
_STEP_ML: Final = exact(limits.INCREMENT_STEP_UL) / 1000
_LARGEST_INCREMENT_ML: Final = exact(limits.INCREMENT_UL) / 1000
_LARGEST_TARGET_ML: Final = exact(limits.TOTAL_UL) / 1000
_LARGEST_PRIME_ML: Final = exact(limits.PRIMING_FORWARD_UL) / 1000
_CLOSED_TIP_ML: Final = exact(limits.CLOSED_TIP_UL) / 1000
_RESERVE_ML: Final = exact(limits.RESERVE_UL) / 1000

_Rule = Callable[..., str | None]
_RULES: Final[list[tuple[tuple[str, ...], _Rule]]] = []


def check(values: Mapping[str, Any]) -> list[Problem]:
    """All broken rules. values: dotted key -> value, of right type and within its own limits; wrong ones are left out."""
    problems = []
    for keys, broken in _RULES:
        if all(key in values for key in keys):
            text = broken(*(values[key] for key in keys))
            if text is not None:
                problems.append(Problem(tuple(keys[0].split(".")), text, involved=keys[1:], is_section=keys[0] == "simulation"))
    return problems


def _rule(*keys: str) -> Callable[[_Rule], _Rule]:
    def register(function: _Rule) -> _Rule:
        _RULES.append((keys, function))
        return function

    return register


# --- who may be reached


@_rule("simulation", "kind")
def _simulation_belongs_to_a_simulation(present: bool, kind: str) -> str | None:
    if present and kind != "simulation":
        return f'is for kind = "simulation" only, and this is kind = "{kind}"'
    if not present and kind == "simulation":
        return 'is missing: kind = "simulation" needs the section, even if it is empty'
    return None


@_rule("injection.advance", "kind")
def _people_advance_at_the_bedside(advance: str, kind: str) -> str | None:
    return 'is refused with kind = "bedside"; use "confirm"' if kind == "bedside" and advance == "auto" else None


@_rule("line.agent", "kind")
def _patients_get_contrast(agent: str, kind: str) -> str | None:
    return 'is for the bench only and refused with kind = "bedside"' if kind == "bedside" and _agent(agent).bench_only else None


@_rule("pump.port", "kind")
@_rule("pressure.port", "kind")
@_rule("button.port", "kind")
def _port_suits_the_kind(port: str, kind: str) -> str | None:
    if port == SIMULATED and kind != "simulation":
        return f'is for kind = "simulation" only, and this is kind = "{kind}"'
    if kind == "bedside" and "://" in port:
        return 'is not a port of this machine; nothing but its own ports is allowed with kind = "bedside"'
    if kind == "bedside" and re.fullmatch(r"/dev/tty(USB|ACM)\d+", port):
        return 'may name another device after the next plugging; with kind = "bedside" use its name in /dev/serial/by-id/'
    return None


@_rule(*_PORTS, "kind")
def _all_simulated_or_none(pump: str, pressure: str, button: str, kind: str) -> str | None:
    # a simulated transmitter or button knows nothing of what a real pump does
    if kind != "simulation" or len({port == SIMULATED for port in (pump, pressure, button)}) == 1:
        return None
    return f'does not go with the other ports: either all of {", ".join(_PORTS)} are "{SIMULATED}" or none of them'


def _is_its_own(port: str, other: str, *, other_key: str) -> str | None:
    if port == SIMULATED or _normal(port) != _normal(other):
        return None
    return f"is also {other_key}; every device needs a port of its own"


for _first, _second in combinations(_PORTS, 2):
    _rule(_second, _first)(partial(_is_its_own, other_key=_first))


@_rule("pressure.serial_number", "kind")
def _transmitter_is_known(serial_number: int | None, kind: str) -> str | None:
    return "is missing; only a simulation may leave it out" if serial_number is None and kind != "simulation" else None


@_rule("host.require_realtime", "kind")
def _a_patient_needs_a_loop_on_time(required: bool | None, kind: str) -> str | None:
    return 'is refused with kind = "bedside"; leave it out, or use true' if kind == "bedside" and required is False else None


# --- volumes


@_rule("injection.increment_ml")
def _increment_has_two_decimals(increment_ml: float) -> str | None:
    increment = exact(increment_ml)
    if is_multiple(increment, _STEP_ML):
        return None
    choices = _choices(multiples_beside(increment, _STEP_ML, _LARGEST_INCREMENT_ML), "mL")
    return f"is not a multiple of {number_text(_STEP_ML, 2)} mL; next to it are {choices}"


@_rule("injection.target_ml", "injection.increment_ml")
def _target_is_whole_increments(target_ml: float, increment_ml: float) -> str | None:
    target, increment = exact(target_ml), exact(increment_ml)
    if not is_multiple(increment, _STEP_ML) or is_multiple(target, increment):
        return None
    choices = _choices(multiples_beside(target, increment, _LARGEST_TARGET_ML), "mL")
    return f"is not a whole number of increments of {number_text(increment, 2)} mL; next to it are {choices}"


@_rule("prime.first_volume_ml", "prime.volume_ml", "prime.closed_tip")
def _priming_is_bounded(first_volume_ml: float, volume_ml: float, closed_tip: bool) -> str | None:
    prime = _prime_ml(first_volume_ml, volume_ml, closed_tip)
    if prime <= _LARGEST_PRIME_ML:
        return None
    closed = f" and {number_text(_CLOSED_TIP_ML, 2)} mL for the closed tip" if closed_tip else ""
    all_of_it = f"and prime.volume_ml{closed} together are {number_text(prime, 2)} mL"
    return f"{all_of_it}, above the limit of {number_text(_LARGEST_PRIME_ML, 2)} mL"


def _prime_ml(first_volume_ml: float, volume_ml: float, closed_tip: bool) -> Fraction:
    """The most that priming takes."""
    return exact(first_volume_ml) + exact(volume_ml) + (_CLOSED_TIP_ML if closed_tip else 0)


@_rule("line.fill_ml", "injection.target_ml", "prime.first_volume_ml", "prime.volume_ml", "prime.closed_tip")
def _syringe_holds_enough(fill_ml: float, target_ml: float, first_ml: float, volume_ml: float, closed_tip: bool) -> str | None:
    fill, target, prime = exact(fill_ml), exact(target_ml), _prime_ml(first_ml, volume_ml, closed_tip)
    needed = prime + target + _RESERVE_ML
    if fill >= needed:
        return None
    parts = f"prime {number_text(prime, 2)} + target {number_text(target, 2)} + reserve {number_text(_RESERVE_ML, 2)} mL"
    return f"is below the limit of {number_text(needed, 2)} mL: {parts}"


@_rule("line.fill_ml", "line.syringe")
def _syringe_is_not_overfilled(fill_ml: float, syringe: str) -> str | None:
    nominal_ml = catalogue().syringes[syringe].nominal_ml
    return f"is above the limit of {nominal_ml:.2f} mL, which {syringe} holds" if fill_ml > nominal_ml else None


# --- what the pump can do


@_rule("injection.rate_ul_s", "pump.model")
@_rule("prime.first_rate_ul_s", "pump.model")
@_rule("prime.rate_ul_s", "pump.model")
def _rate_can_be_sent(rate_ul_s: float, model: str) -> str | None:
    return _can_be_sent(exact(rate_ul_s), 60, model, ("uL/s", "uL/min"), exact(limits.INFUSION_RATE_UL_S))


@_rule("prime.first_volume_ml", "pump.model")
@_rule("prime.volume_ml", "pump.model")
def _volume_can_be_sent(volume_ml: float, model: str) -> str | None:
    return _can_be_sent(exact(volume_ml), 1000, model, ("mL", "uL"), _LARGEST_PRIME_ML)


@_rule("line.syringe", "pump.model")
def _diameter_can_be_sent(syringe: str, model: str) -> str | None:
    return _can_be_sent(exact(catalogue().syringes[syringe].inner_diameter_mm), 1, model, ("mm", "mm"), Fraction(50))


@_rule("injection.rate_ul_s", "line.syringe", "pump.model")
@_rule("prime.first_rate_ul_s", "line.syringe", "pump.model")
@_rule("prime.rate_ul_s", "line.syringe", "pump.model")
def _plunger_speed_is_possible(rate_ul_s: float, syringe: str, model: str) -> str | None:
    pump, diameter_mm = PUMPS[model], catalogue().syringes[syringe].inner_diameter_mm
    slowest, fastest = pump.slowest_ul_s(diameter_mm), pump.fastest_ul_s(diameter_mm)
    if rate_ul_s > fastest:
        return f"is above the limit of {math.floor(fastest * 100) / 100:g} uL/s, the fastest of {model} with {syringe}"
    if rate_ul_s < slowest:
        return f"is below the limit of {slowest:.3g} uL/s, the slowest of {model} with {syringe}"
    return None


@_rule("injection.rate_ul_s", *_LINE)
@_rule("prime.first_rate_ul_s", *_LINE)
@_rule("prime.rate_ul_s", *_LINE)
def _line_pressure_stays_below_its_limit(
    rate_ul_s: float, agent: str, temperature_c: float, cannula: str, tube: str, line_kpa: float
) -> str | None:
    known = catalogue()
    resistance = expected_resistance_kpa_s_ul(_agent(agent), temperature_c, known.cannulas[cannula], known.tubes[tube])
    if resistance * rate_ul_s <= line_kpa:
        return None
    return (
        f"takes about {resistance * rate_ul_s:.4g} kPa ({agent} at {temperature_c:g} C through {cannula} and {tube}: "
        f"{resistance:.3g} kPa per uL/s), above limits.line_kpa = {line_kpa:g} kPa"
    )


# --- what the wires can carry


@_rule("pump.baud", "pump.model")
def _stop_arrives_in_time(baud: int, model: str) -> str | None:
    wire_ms = PUMPS[model].stop_bytes * BITS_A_BYTE * 1000.0 / baud
    limit_ms = limits.STOP_BUDGET_S * 1000.0 / 2.0  # the other half is for the pump to read it and come to rest
    if wire_ms <= limit_ms:
        return None
    return f"makes a stop take {wire_ms:.0f} ms on the wire, above the limit of {limit_ms:g} ms, half of the stop budget"


@_rule("pressure.baud", "pressure.sample_hz", "pressure.model")
def _samples_fit_on_the_wire(baud: int, sample_hz: int, model: str) -> str | None:
    most_hz = baud // (TRANSMITTERS[model].sample_bytes * BITS_A_BYTE)
    if sample_hz <= most_hz:
        return None
    return f"carries at most {most_hz} samples per second, below pressure.sample_hz = {sample_hz}"


@_rule("limits.sample_age_ms", "pressure.sample_hz")
def _samples_can_be_young_enough(sample_age_ms: float, sample_hz: int) -> str | None:
    least_ms = 2000.0 / sample_hz
    if sample_age_ms >= least_ms:
        return None
    return f"is below the limit of {least_ms:g} ms, two samples at pressure.sample_hz = {sample_hz}"


# --- the rest


@_rule("simulation.options")
def _options_can_be_recorded(options: dict[str, object]) -> str | None:
    wrong = [f"{path} is {what}" for path, what in _unrecordable("", options)]
    return f"holds what can not be recorded: {', '.join(wrong)}" if wrong else None


def _unrecordable(path: str, value: object) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, inner in value.items():
                name = key if key.isprintable() else shown(key)
                yield from _unrecordable(f"{path}.{name}" if path else name, inner)
        case list():
            for index, inner in enumerate(value):
                yield from _unrecordable(f"{path}.{index}", inner)
        case float() if not math.isfinite(value):
            yield path, "not a finite number"
        case date() | time():
            yield path, "a date or time"
        case bool() | int() | float() | str():
            pass
        case _:
            yield path, f"a {type(value).__name__}"


def _can_be_sent(value: Fraction, factor: int, model: str, units: tuple[str, str], largest: Fraction) -> str | None:
    """units: of the profile and of the pump, which is `factor` times smaller. largest: in the profile's unit."""
    numbers = PUMPS[model].numbers
    if numbers.holds(value * factor):
        return None
    choices = _choices(numbers.beside(value, factor, largest), units[0])
    return (
        f"can not be sent to {model} exactly: {number_text(value * factor)} {units[1]} does not fit the limit of "
        f"{numbers.digits} digits and {numbers.decimals} decimals; next to it are {choices}"
    )


def _choices(values: Sequence[Fraction], unit: str) -> str:
    decimals = 2 if unit == "mL" else 0
    return f"{' and '.join(number_text(value, decimals) for value in values)} {unit}"


def _normal(port: str) -> str:
    return posixpath.normpath(port) if port.startswith("/") else port


def _agent(key: str) -> Agent:
    return catalogue().agents[key]
