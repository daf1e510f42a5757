"""The physical options of the simulated bench."""

import pytest

from simulators.bench import BenchOptions, SimulatedBench
from simulators.options import OptionsError, parse_settings


def bench(**settings: object) -> SimulatedBench:
    return SimulatedBench(BenchOptions(settings={key.replace("__", "."): value for key, value in settings.items()}))


def refusal(**settings: object) -> list[str]:
    with pytest.raises(OptionsError) as error:
        bench(**settings)
    return str(error.value).split("\n")


def test_values_on_the_command_line_have_the_types_of_toml() -> None:
    pairs = ["a=1", "b=2.5", "c=true", "d=text", 'e="1"', "f= [1]", "g=x=y", "h="]
    assert parse_settings(pairs) == {
        "a": 1, "b": 2.5, "c": True, "d": "text", "e": "1", "f": "[1]", "g": "x=y", "h": "",
    }  # fmt: skip


@pytest.mark.parametrize("pair", ["a", "=1", ""])
def test_what_is_no_pair_is_refused(pair: str) -> None:
    with pytest.raises(OptionsError, match="write it as key=value"):
        parse_settings([pair])


def test_options_reach_their_devices_with_and_without_the_name_of_the_device() -> None:
    made = bench(viscosity_mpa_s=8, pressure__noise_kpa=0.0, serial_number=77, pump__model="NE500")
    assert (made.pressure.options.noise_kpa, made.pressure.options.serial_number) == (0.0, 77)
    assert made.pump.options.model == "NE500"
    thick, thin = made, bench()
    for each in (thick, thin):
        each.pump.receive(b"\rVER\r", 0.0)
        for command in (b"DIA4.70", b"VOLUL", b"VOL50.00", b"RAT300.0UM", b"DIRINF", b"RUN"):
            each.advance(each.now_s + 0.1)
            each.pump.receive(command + b"\r", each.now_s)
        each.advance(each.now_s + 9.0)
    assert thick.line_kpa > 1.5 * thin.line_kpa > 30.0


def test_every_mistake_is_told_at_once() -> None:
    lines = refusal(nonsense=1, pump__nonsense=1, elsewhere__x=1, bore_mm="wide", baud=9600, trigger_wired=1)
    assert len(lines) == 6
    assert lines[0].startswith("nonsense: no such option; there are: bench.trigger_wired, line.bore_mm, ")
    assert lines[1].startswith("pump.nonsense: no such option")
    assert lines[2].startswith("elsewhere.x: no such option")
    assert lines[3] == "line.bore_mm: 'wide': Input should be a valid number"
    assert lines[4] == "baud: say which: pump.baud, pressure.baud"
    assert lines[5] == "bench.trigger_wired: 1: Input should be a valid boolean"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"bore_mm": -1.0}, "line: plant option bore_mm"),
        ({"bore_mm": float("nan")}, "line.bore_mm: nan"),
        ({"pressure__address": 300}, "pressure: address must be"),
        ({"reply_delay_s": 5.0}, "pump: reply_delay_s"),
        ({"number_style": "roman"}, "pump.number_style: 'roman': Input should be"),
    ],
)
def test_what_no_device_can_be_is_refused(settings: dict[str, object], sentence: str) -> None:
    (line,) = refusal(**settings)
    assert line.startswith(sentence)


def test_the_seed_changes_the_noise_and_nothing_is_random_without_it() -> None:
    def reading(seed: int, index: int) -> bytes:
        made = SimulatedBench(BenchOptions(seed=seed, index=index))
        for request in ((1, 48, 52, 0), (1, 73, 1, 80, 214)):  # printed by the vendor: initialise, read channel 1
            made.pressure.receive(bytes(request), made.now_s)
            made.advance(made.now_s + 0.05)
        return made.pressure.transmit(made.now_s)

    assert len(reading(0, 0)) == 19
    assert reading(0, 0) == reading(0, 0)
    assert len({reading(0, 0), reading(1, 0), reading(0, 1)}) == 3
