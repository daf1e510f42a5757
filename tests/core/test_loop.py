"""The loop with fakes: an exception stops the pump first, lateness is measured, what is lost is told."""

import json

import pytest

from controller.core.states import State
from controller.loop import LONGEST_PUT_OFF_US, LONGEST_WAIT_US, Loop, statement
from drivers.pump import PumpIdle, PumpReading, PumpStatus, PumpStopped
from tests.core.bench import in_state
from tests.core.fakes import FakeScreen, FakeWorld, Rig


class LoopRig(Rig):
    """A loop in the middle of an infusion."""

    def __init__(self, state: State = State.INFUSING) -> None:
        bench = in_state(state)
        super().__init__(bench.core)
        self.station._connected = True
        self.world = FakeWorld()
        self.world.time_us = round(bench.now_s * 1e6)
        self.loop = Loop(self.station, self.world, self.recorder, [])
        self.lose = self.loop.lose_link
        self.button.deadline_s = float("inf")

    def inputs(self) -> list[list]:
        cycles = [json.loads(entry.body)["cycles"] for entry in self.recorder.entries if entry.kind == "inputs"]
        return [cycle for batch in cycles for cycle in batch]

    def stop_is_seen(self, after_waits: int = 3) -> None:
        """The pump stands still some cycles after the first stop."""

        def look(_count: int) -> None:
            if "pump stop" in self.log and not self.stops_seen and self.log.count("pump stop") >= 1:
                self.waited += 1
                if self.waited == after_waits:
                    self.stops_seen = True
                    self.pump.busy = False
                    self.pump.found = [PumpStopped(3.0, 0.0), PumpIdle()]

        self.waited, self.stops_seen = 0, False
        self.world.each_wait = look


def test_an_exception_in_a_step_stops_the_pump_first_and_is_recorded() -> None:
    rig = LoopRig()
    rig.pressure.explodes = 1
    rig.stop_is_seen()
    outcome = rig.loop.run()
    assert rig.log[:2] == ["wrote pump stop", "pump stop"]
    assert outcome["reason"] == "HOST_ERROR"
    assert outcome["exit"] == 4
    assert "pressure driver is broken" in str(outcome["text"])
    raised = [cycle for cycle in rig.inputs() if len(cycle) > 1 and cycle[1].get("raised")]
    assert [cycle[1]["sent"] for cycle in raised] == [[b"stop".hex()]]
    assert [cycle[1]["failed"] for cycle in rig.inputs() if len(cycle) > 1 and "failed" in cycle[1]] == [outcome["text"]]


def test_an_exception_beside_the_steps_stops_the_pump_and_is_recorded() -> None:
    rig = LoopRig()
    rig.world.links["pressure"].explodes = 1
    rig.stop_is_seen()
    outcome = rig.loop.run()
    assert rig.log[:2] == ["wrote pump stop", "pump stop"]
    assert outcome["reason"] == "HOST_ERROR"
    halted = [cycle for cycle in rig.inputs() if len(cycle) > 1 and cycle[1].get("halted")]
    assert [cycle[1] for cycle in halted] == [{"halted": True, "sent": [b"stop".hex()]}]


def test_a_second_exception_is_the_last_resort() -> None:
    rig = LoopRig()
    rig.pressure.explodes = 2
    rig.stop_is_seen()
    outcome = rig.loop.run()
    assert rig.log.count("wrote pump stop") == 3  # at the first exception, by the core, and at the second one
    assert (outcome["reason"], outcome["exit"]) == ("HOST_ERROR", 4)
    assert "STOP_UNCONFIRMED" not in outcome["also"]
    assert outcome["delivered_max_ml"] == 0.05  # what a core that failed has not seen to its end is uncertain
    assert outcome["delivered_min_ml"] == 0.003
    assert rig.inputs()


def test_the_last_resort_is_bounded_and_says_that_nothing_was_seen() -> None:
    rig = LoopRig()
    rig.pressure.explodes = 99
    began_us = rig.world.time_us
    outcome = rig.loop.run()
    assert "STOP_UNCONFIRMED" in outcome["also"]
    assert rig.world.time_us - began_us < 3_000_000


def test_a_last_resort_that_fails_too_ends_all_the_same() -> None:
    rig = LoopRig()
    rig.pump.explodes = 99
    outcome = rig.loop.run()
    assert (outcome["reason"], outcome["exit"]) == ("HOST_ERROR", 4)
    assert "STOP_UNCONFIRMED" in outcome["also"]


@pytest.mark.parametrize(("slow_us", "reason"), [(49_000, None), (51_000, "HOST_LATE")])
def test_lateness_is_measured(slow_us: int, reason: str | None) -> None:
    rig = LoopRig()
    rig.world.slow_us = slow_us
    rig.loop._cycle()
    rig.loop._cycle()
    assert rig.loop.lateness.worst_us == slow_us
    found = rig.station.core.desk.reason
    assert (found.name if found else None) == reason


def test_what_is_slow_after_the_step_counts_as_late() -> None:
    rig = LoopRig()
    pump = rig.recorder.pump

    def slow_pump(now_s: float) -> None:
        rig.world.time_us += 60_000
        pump(now_s)

    rig.recorder.pump = slow_pump
    rig.loop._cycle()
    rig.recorder.pump = pump
    rig.loop._cycle()
    assert rig.station.core.desk.reason is not None
    assert rig.station.core.desk.reason.name == "HOST_LATE"
    assert rig.station.core.desk.reason_text.endswith("late (the record)")
    assert rig.loop.lateness.body()["ran"] == "the record"


def test_a_recorder_in_trouble_stops() -> None:
    rig = LoopRig()
    rig.recorder.fail("disk full")
    rig.loop._cycle()
    assert rig.station.core.desk.reason_text == "disk full"
    assert rig.log[:2] == ["wrote pump stop", "pump stop"]


@pytest.mark.parametrize(("behind_s", "stops"), [(0.99, False), (1.01, True)])
def test_a_recorder_that_is_behind_stops(behind_s: float, stops: bool) -> None:
    rig = LoopRig()
    rig.recorder.holding = True
    rig.recorder.put("event", rig.world.time_us / 1e6 - behind_s, {"name": "x"})
    rig.log.clear()
    rig.loop._cycle()
    assert (rig.station.core.desk.reason is not None) == stops


def test_a_link_that_is_lost_while_writing_is_told() -> None:
    rig = LoopRig()
    rig.write_fails = True
    rig.world.heard = ["SIGTERM"]
    rig.loop._cycle()
    assert rig.world.forgotten == ["pump"]
    rig.loop._cycle()
    desk = rig.station.core.desk
    assert desk.reason_text == "stop (signal SIGTERM)"
    assert [reason.name for reason in desk.also] == ["PUMP_SILENT"]


def test_a_link_that_is_lost_while_reading_is_told_once() -> None:
    rig = LoopRig()
    rig.world.links["pressure"].gone = True
    rig.loop._cycle()
    rig.loop._cycle()
    rig.loop._store_batch(0)
    assert [cycle[1]["lost"] for cycle in rig.inputs() if len(cycle) > 1 and "lost" in cycle[1]] == [{"pressure": "gone"}]
    assert rig.station.core.desk.reason is not None
    assert rig.station.core.desk.reason.name == "PRESSURE_SILENT"


def test_an_intent_is_durable_only_when_the_recorder_says_so() -> None:
    rig = LoopRig()
    rig.recorder.holding = True
    seq = rig.recorder.put("intent", 0.0, {})
    rig.station.intents[seq] = 7
    assert rig.loop._durable_motions() == []
    rig.recorder.holding = False
    rig.recorder.pump(0.0)
    assert rig.loop._durable_motions() == [7]
    assert rig.loop._durable_motions() == []


def test_readings_are_heard_and_the_loop_never_waits_longer_than_it_should() -> None:
    rig = LoopRig()
    rig.pump.found = [PumpReading(PumpStatus.INFUSING, 0.05, 0.0), PumpIdle()]
    before_us = rig.world.time_us
    rig.loop._cycle()
    assert rig.station.core.desk.account.patient_forward_ul()[0] == 0.05
    assert 0 < rig.world.time_us - before_us <= 5_000


@pytest.mark.parametrize("message", [{}, {"operator": "dance"}, {"operator": ["stop"]}, {"operator": None}, {"op": "stop"}])
def test_what_is_no_statement_is_none(message: dict) -> None:
    assert statement(message, "test") is None


def test_a_statement() -> None:
    found = statement({"operator": "confirm", "question": "arm", "typed": "ARM"}, "keyboard")
    assert found is not None
    assert (found.act, found.source, found.question, found.typed) == ("confirm", "keyboard", "arm", "ARM")


def test_while_anything_moves_record_and_screen_wait_for_a_gap_but_not_for_ever() -> None:
    rig = LoopRig()
    pumped_us: list[int] = []
    rig.recorder.pump = lambda now_s: pumped_us.append(round(now_s * 1e6))
    rig.pressure.awaits_answer = True
    began_us = rig.world.time_us
    for _ in range(2):
        rig.loop._cycle()
    assert pumped_us == [], "a pressure is on its way"
    rig.pressure.awaits_answer = False
    rig.pressure.deadline_s = rig.world.time_us / 1e6 + 0.001
    rig.loop._cycle()
    assert pumped_us == [], "the next thing is due too soon"
    rig.pressure.deadline_s = float("inf")
    rig.loop._cycle()
    assert len(pumped_us) == 1, "here is a gap"
    rig.pressure.awaits_answer = True
    while len(pumped_us) < 2:
        rig.loop._cycle()
        assert rig.world.time_us - began_us < 1_000_000
    assert pumped_us[1] - pumped_us[0] < LONGEST_PUT_OFF_US + 2 * LONGEST_WAIT_US, "put off, but not for ever"


def test_at_rest_record_and_screen_have_their_turn_in_every_cycle() -> None:
    rig = LoopRig(State.ARMED)
    pumped: list[float] = []
    rig.recorder.pump = pumped.append
    rig.pressure.awaits_answer = True
    for _ in range(3):
        rig.loop._cycle()
    assert len(pumped) == 3


def test_a_note_that_was_put_off_is_shown_later_and_none_twice() -> None:
    rig = LoopRig()
    screen = FakeScreen()
    rig.loop.move_to(rig.world, rig.recorder, [("screen", screen)])
    rig.pressure.awaits_answer = True
    rig.world.heard = ["SIGINT"]
    rig.loop._cycle()
    assert screen.sent == [], "the stop goes out, and what it was for is told when there is time"
    assert "wrote pump stop" in rig.log
    rig.pressure.awaits_answer = False
    rig.loop._cycle()
    rig.loop._cycle()
    told = [str(message["text"]) for message in screen.sent if message["type"] == "note" and message["name"] == "stop_cause"]
    assert len(told) == 1
    assert told[0].startswith("OPERATOR_STOP")


def test_only_what_has_news_is_read_and_what_waits_to_be_sent() -> None:
    rig = LoopRig()
    rig.world.news = frozenset({"pressure"})
    rig.loop._cycle()
    for name, link in rig.world.links.items():
        link.explodes = 0 if name == "pressure" else 1
    rig.loop._cycle()
    assert rig.loop._failed is None, "neither pump nor button were read"
    rig.world.links["pump"].unsent = True
    with pytest.raises(OSError, match="port is broken"):
        rig.loop._cycle()


def test_a_screen_that_dies_is_a_note_and_is_watched_anew() -> None:
    rig = LoopRig()
    screen = FakeScreen()
    screen.news = ["it has died", None, "it was started again"]
    rig.loop.move_to(rig.world, rig.recorder, [("screen", screen)])
    rig.world.watched.clear()
    for _ in range(70):
        rig.loop._cycle()
    told = [json.loads(entry.body) for entry in rig.recorder.entries if entry.kind == "host"]
    assert told == [{"screen": "screen", "text": "it has died"}, {"screen": "screen", "text": "it was started again"}]
    assert rig.world.watched == ["screen", "screen"]
    assert screen.may_start == {False}, "something moves"
