"""The simulated bench as a whole: what moves together, what is counted, what can be done."""

import math

import pytest

from simulators.acts import ActError, Clear, Fault, HostAct, Keypad, PersonAct, Press, Release, Tip, parse_act
from simulators.any_plant import PlantError
from simulators.bench import LONGEST_STEP_S, BenchOptions, SimulatedBench
from simulators.options import OptionsError


def say(bench: SimulatedBench, command: bytes) -> bytes:
    bench.pump.receive(command + b"\r", bench.now_s)
    bench.advance(bench.now_s + 0.05)
    return bench.pump.transmit(bench.now_s)


def programmed(bench: SimulatedBench, *extra: bytes) -> SimulatedBench:
    """50 uL at 5 uL/s in phase 1, stop behind it."""
    say(bench, b"")  # collects the alarm of the power-up
    for command in (b"DIA4.70", b"VOLUL", b"VOL50.00", b"RAT300.0UM", b"DIRINF", b"PHN2", b"FUNSTP", b"PHN1", *extra):
        assert say(bench, command) == b"\x0200S\x03"
    return bench


def run(bench: SimulatedBench, *extra: bytes) -> SimulatedBench:
    programmed(bench, *extra)
    assert say(bench, b"RUN") in (b"\x0200I\x03", b"\x0200W\x03")
    return bench


def test_an_increment_moves_plunger_line_and_transmitter_together() -> None:
    bench = run(SimulatedBench())
    bench.advance(bench.now_s + 8.0)
    flowing = bench.truth()
    assert flowing["pump_status"] == "I"
    assert flowing["flow_ul_s"] == pytest.approx(5.0)
    assert 25.0 < flowing["line_kpa"] < 45.0
    bench.advance(bench.now_s + 10.0)
    after = bench.truth()
    assert after["pump_status"] == "S"
    assert after["plunger_ul"] == pytest.approx(50.0)
    assert after["forward_ul"] == pytest.approx(50.0)
    assert after["withdrawn_ul"] == 0.0
    assert abs(after["line_kpa"]) < 0.1
    assert after["last_forward_s"] == pytest.approx(10.5, abs=0.1)
    assert bench.rest_s == pytest.approx(bench.now_s - after["last_forward_s"])


def test_only_what_goes_forward_with_the_tip_in_the_patient_counts_for_the_patient() -> None:
    bench = run(SimulatedBench())
    bench.advance(bench.now_s + 3.0)
    before_ul = bench.forward_ul
    bench.act(Tip(where="patient"), by="test")
    bench.advance(bench.now_s + 2.0)
    bench.act(Tip(where="air"), by="test")
    bench.advance(bench.now_s + 20.0)
    assert before_ul > 14.0
    assert bench.forward_patient_ul == pytest.approx(10.0)
    assert bench.forward_ul == pytest.approx(50.0)


def test_withdrawing_is_counted_apart() -> None:
    bench = run(SimulatedBench(), b"DIRWDR", b"VOL10.00")
    bench.advance(bench.now_s + 5.0)
    truth = bench.truth()
    assert (truth["forward_ul"], truth["withdrawn_ul"]) == pytest.approx((0.0, 10.0))
    assert truth["plunger_ul"] == pytest.approx(-10.0)
    assert truth["last_forward_s"] is None


def test_one_long_advance_is_the_same_as_many_short_ones() -> None:
    one, many = run(SimulatedBench()), run(SimulatedBench())
    end_s = one.now_s + 5.0
    one.advance(end_s)
    while many.now_s < end_s:
        many.advance(min(end_s, many.now_s + 0.0007))
    assert one.now_s == many.now_s == end_s
    assert one.forward_ul == pytest.approx(many.forward_ul)
    assert one.line_kpa == pytest.approx(many.line_kpa, rel=1e-3)


@pytest.mark.parametrize("wrong_s", [0.4, math.nan])
def test_time_does_not_run_backwards(wrong_s: float) -> None:
    bench = SimulatedBench()
    bench.advance(0.5)
    with pytest.raises(ValueError, match="can not go to"):
        bench.advance(wrong_s)


class _Foresees:
    """A watcher that wants a step to end at 12.3 ms."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, bench: SimulatedBench) -> None:
        self.times.append(bench.now_s)

    def next_s(self, bench: SimulatedBench) -> float:
        return 0.0123


def test_watchers_are_called_at_every_step_and_can_place_one() -> None:
    bench = SimulatedBench()
    watcher = _Foresees()
    bench.watch(watcher)
    bench.advance(0.1)
    assert watcher.times[-1] == 0.1
    assert 0.0123 in watcher.times
    assert max(b - a for a, b in zip([0.0, *watcher.times], watcher.times, strict=False)) <= LONGEST_STEP_S + 1e-6


def test_a_press_opens_both_contacts_and_a_release_closes_them() -> None:
    bench = SimulatedBench()
    bench.set_outputs(True, True)
    assert (bench.cts, bench.dsr) == (True, True)
    bench.act(Press(), by="test")
    assert (bench.cts, bench.dsr) == (False, False)
    assert bench.truth()["pressed"] is True
    bench.act(Release(), by="test")
    assert (bench.cts, bench.dsr) == (True, True)


@pytest.mark.parametrize(("wired", "moves_on"), [(True, False), (False, True)])
def test_a_press_stops_the_pump_by_itself_only_where_the_third_contact_is_wired(wired: bool, moves_on: bool) -> None:
    bench = SimulatedBench(BenchOptions(settings={"trigger_wired": wired}))
    run(bench, b"TRGP2")
    bench.advance(bench.now_s + 1.0)
    bench.act(Press(), by="test")
    before_ul = bench.forward_ul
    bench.advance(bench.now_s + 1.0)
    assert (bench.forward_ul > before_ul + 0.1) is moves_on


def test_a_broken_wire_of_the_third_contact_reaches_the_pump() -> None:
    bench = run(SimulatedBench(BenchOptions(settings={"trigger_wired": True})), b"TRGP2")
    bench.act(Fault(name="button.open_c"), by="test")
    before_ul = bench.forward_ul
    bench.advance(bench.now_s + 1.0)
    assert bench.forward_ul < before_ul + 0.1


def test_faults_reach_every_device() -> None:
    bench = run(SimulatedBench())
    bench.advance(bench.now_s + 5.0)
    bench.act(Fault(name="line.block"), by="test")
    before_kpa = bench.line_kpa
    bench.advance(bench.now_s + 0.5)
    assert bench.line_kpa > before_kpa + 5.0
    bench.act(Clear(name="block"), by="test")
    bench.act(Fault(name="pump.stall"), by="test")
    before_ul = bench.forward_ul
    bench.advance(bench.now_s + 1.0)
    assert bench.forward_ul == before_ul
    bench.act(Fault(name="pressure.silent"), by="test")
    bench.pressure.receive(bytes((1, 48, 52, 0)), bench.now_s)  # the vendor's printed example of initialising
    bench.advance(bench.now_s + 0.05)
    assert bench.pressure.transmit(bench.now_s) == b""
    bench.act(Clear(name="silent"), by="test")
    bench.pressure.receive(bytes((1, 48, 52, 0)), bench.now_s)
    bench.advance(bench.now_s + 0.05)
    assert len(bench.pressure.transmit(bench.now_s)) == 10


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ({"do": "fault", "name": "nonsense"}, "no such fault; there are: button.bounce"),
        ({"do": "fault", "name": "pump.nonsense"}, "no such fault"),
        ({"do": "fault", "name": "nowhere.stall"}, "no such fault"),
        ({"do": "fault", "name": "freeze"}, "say which: pressure.freeze, button.freeze"),
        ({"do": "fault", "name": "pump.stall", "speed": 3}, "speed"),
        ({"do": "fault", "name": "line.clog", "factor": "much"}, "takes numbers, not factor = 'much'"),
        ({"do": "fault", "name": "pressure.drift", "kpa_per_s": "much"}, "takes numbers"),
        ({"do": "fault", "name": "line.clog", "factor": -1.0}, "factor"),
        ({"do": "fault", "name": "line.clog", "factor": math.inf}, "finite"),
        ({"do": "clear", "name": "nonsense"}, "no such fault"),
        ({"do": "tip", "where": "nose"}, "where: 'nose': Input should be 'air', 'capped' or 'patient'"),
        ({"do": "tip"}, "where: Field required"),
        ({"do": "press", "hard": True}, "hard: True: Extra inputs are not permitted"),
        ({"do": "keypad", "act": "hit"}, "act: 'hit': Input should be 'start' or 'stop'"),
        ({"do": "host"}, "give either signal or freeze_s"),
        ({"do": "fly"}, "'fly'"),
        ({"act": "press"}, "do"),
        ([], "do"),
        ({"do": "host", "signal": "SIGINT"}, "no process of its own"),
        ({"do": "operator", "say": "pain"}, "no process of its own"),
        ({"do": "person", "self_test": False}, "no simulated person"),
    ],
)
def test_what_can_not_be_done_is_refused_in_one_sentence_and_not_logged(message: object, sentence: str) -> None:
    bench = SimulatedBench()
    with pytest.raises(ActError) as error:
        bench.act(parse_act(message), by="test")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert bench.log == []


def test_acts_that_need_somebody_else_reach_them() -> None:
    bench = SimulatedBench()
    told: list[object] = []

    class Host:
        def happen(self, act: HostAct, now_s: float) -> None:
            told.append((act, now_s))

        def hear(self, act: object) -> None:
            told.append(act)

    bench.host, bench.person = Host(), told.append
    bench.advance(0.25)
    acts = [parse_act({"do": "operator", "say": "reflux"}), PersonAct(self_test=False), HostAct(signal="SIGINT")]
    for act in acts:
        bench.act(act, by="test")
    assert told == [acts[0], acts[1], (acts[2], 0.25)]


def test_keys_of_the_pump_are_pressed() -> None:
    bench = programmed(SimulatedBench())
    bench.act(Keypad(act="start"), by="test")
    bench.advance(bench.now_s + 1.0)
    assert bench.forward_ul > 3.0
    bench.act(Keypad(act="stop"), by="test")
    before_ul = bench.forward_ul
    bench.advance(bench.now_s + 1.0)
    assert bench.forward_ul < before_ul + 0.1


def test_the_log_says_what_happened_at_which_volume_and_measures_from_the_cause() -> None:
    bench = run(SimulatedBench())
    bench.advance(bench.now_s + 2.0)
    assert bench.truth()["forward_since_cause_ul"] is None
    bench.act(Press(), by="scenario", cause=True)
    at_s, at_ul = bench.now_s, bench.forward_ul
    bench.advance(bench.now_s + 1.0)
    bench.act(Fault.model_validate({"name": "pump.power_cycle", "off_s": 0.5}), by="back door")
    press, fault = bench.log
    assert press == {
        "t_s": at_s,
        "what": "press",
        "by": "scenario",
        "cause": True,
        "forward_ul": at_ul,
        "forward_patient_ul": 0.0,
        "line_kpa": press["line_kpa"],
    }
    assert press["line_kpa"] > 20.0
    assert (fault["what"], fault["by"], fault["cause"]) == ("fault pump.power_cycle off_s=0.5", "back door", False)
    assert bench.truth()["cause_s"] == at_s
    assert bench.truth()["forward_since_cause_ul"] == pytest.approx(5.0)


def test_the_log_is_bounded() -> None:
    bench = SimulatedBench()
    for number in range(1500):
        bench.note(str(number), by="test")
    assert [entry["what"] for entry in bench.log] == [str(number) for number in range(500, 1500)]


PHANTOM = """
import math
from dataclasses import dataclass

FAULTS = {"tear": "the phantom tears"}

@dataclass
class Phantom:
    gain: float
    volume_ul: float = 0.0
    torn: bool = False

    def step(self, dt_s, plunger_flow_ul_s):
        self.volume_ul += dt_s * plunger_flow_ul_s
        return math.nan if self.torn else self.gain * self.volume_ul

    def set_tip(self, tip):
        if tip == "capped":
            raise ValueError("this phantom has no cap")

class Tearing(Phantom):
    def truth(self):
        return {"ruptured": self.torn, "flow_ul_s": -1.0}

    def fault(self, name):
        self.torn = True

    def clear(self, name):
        self.torn = False

def plain(seed, index, gain: float = 2.0):
    return Phantom(gain)

def tearing(seed, index, **options):
    return Tearing(**options)

nothing = 3
"""


@pytest.fixture
def phantom(tmp_path, monkeypatch) -> str:
    (tmp_path / "bench_phantom.py").write_text(PHANTOM)
    monkeypatch.syspath_prepend(tmp_path)
    return "bench_phantom"


def test_a_bench_may_bring_its_own_plant_and_what_it_does_not_tell_is_unknown(phantom: str) -> None:
    bench = run(SimulatedBench(BenchOptions(plant=f"{phantom}:plain", settings={"line.gain": 3})))
    bench.advance(bench.now_s + 20.0)
    truth = bench.truth()
    assert truth["line_kpa"] == pytest.approx(150.0)
    assert [truth[name] for name in ("duct_kpa", "into_duct_ul", "ruptured", "pain")] == [None] * 4
    assert not [name for name in bench.faults() if name.startswith("line.")]
    with pytest.raises(ActError, match="this phantom has no cap"):
        bench.act(Tip(where="capped"), by="test")
    assert bench.truth()["tip"] == "air"


def test_a_plant_of_its_own_has_its_own_faults_and_truth(phantom: str) -> None:
    bench = SimulatedBench(BenchOptions(plant=f"{phantom}:tearing", settings={"line.gain": 1.0}))
    assert bench.faults()["line.tear"] == "the phantom tears"
    assert (bench.truth()["plant_flow_ul_s"], bench.truth()["flow_ul_s"]) == (-1.0, 0.0)
    bench.act(Fault(name="tear"), by="test")
    assert bench.truth()["ruptured"] is True
    with pytest.raises(PlantError, match="line pressure of nan kPa"):
        bench.advance(0.1)


@pytest.mark.parametrize(
    ("plant", "settings", "sentence"),
    [
        ("bench_phantom", {}, "write it as module:factory"),
        (":x", {}, "write it as module:factory"),
        ("no.such.module:x", {}, "No module named 'no'"),
        ("bench_phantom:absent", {}, "has no factory absent"),
        ("bench_phantom:nothing", {}, "has no factory nothing"),
        ("bench_phantom:plain", {"line.gain": "much"}, "line.gain: 'much': Input should be a valid number"),
        ("bench_phantom:plain", {"line.loss": 1.0}, "line.loss: no such option"),
        ("bench_phantom:tearing", {"line.loss": 1.0}, "unexpected keyword argument 'loss'"),
    ],
)
def test_a_plant_that_can_not_be_used_is_refused_in_one_sentence(
    phantom: str, plant: str, settings: dict[str, object], sentence: str
) -> None:
    with pytest.raises(OptionsError) as error:
        SimulatedBench(BenchOptions(plant=plant, settings=settings))
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
