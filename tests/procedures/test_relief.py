"""Relief where something is wrong: judged by the plunger's true travel and the true pressures, not by what the host believes."""

from typing import Any

import pytest

from controller.core.states import State
from simulators.acts import Act, Fault, Press, Release, Tip
from simulators.scenario import Scenario
from tests.procedures.harness import Procedure

PRESSED_AT_UL = 35.0
RATE_UL_S = 10.0
FLOOR_KPA = -1.0
FAST: dict[str, object] = {"injection.target_ml": 0.05, "injection.rate_ul_s": RATE_UL_S}
WIRED: dict[str, object] = {**FAST, "pump.trigger": "nc_to_ground"}
ROUGH: dict[str, Any] = {
    "plunger.backlash_ul": 1.7,
    "plunger.static_friction_kpa": 100.0,
    "plunger.sliding_friction_kpa": 70.0,
    "plunger.drive_stiffness_kpa_ul": 60.0,
}


class Relieved(Procedure):
    """A patient who presses at 35 uL, at 10 uL/s; what the line then held, and what went into the patient from there on."""

    def __init__(self, overrides: dict[str, object] | None = None, bench: dict[str, Any] | None = None) -> None:
        super().__init__(overrides or FAST, Scenario(title="relief", bench=bench or {}))
        self.lowest_duct_kpa = 0.0
        self.pressed_kpa = 0.0
        self.pressed_ul = 0.0
        self.bench.watchers.append(self._look_at_duct)
        self.when(lambda: self.bench.forward_patient_ul > PRESSED_AT_UL, self._press)

    def _press(self) -> None:
        self.pressed_kpa, self.pressed_ul = self.bench.line_kpa, self.bench.plant.cannula_ul
        self.bench.act(Press(), by="test")

    def _look_at_duct(self, bench: Any) -> None:
        if bench.tip == "patient":
            self.lowest_duct_kpa = min(self.lowest_duct_kpa, bench.plant.duct_kpa)

    @property
    def in_pain(self) -> bool:
        """The patient presses. (So she did in the self-test.)"""
        return bool(self.bench.pressed and self.bench.forward_patient_ul > PRESSED_AT_UL)

    @property
    def moving_back(self) -> bool:
        """The plunger is on its way back."""
        return bool(self.bench.flow_ul_s < 0.0)

    def once_back(self, volume_ul: float, *acts: Act) -> None:
        """Does this as soon as the plunger has gone so far back."""
        self.when(lambda: self.moving_back and self.bench.withdrawn_ul > volume_ul, lambda: self._do(*acts))

    def when_pressed(self, *acts: Act) -> None:
        """Does this at the press."""
        self.when(lambda: self.in_pain, lambda: self._do(*acts))

    def _do(self, *acts: Act) -> None:
        for act in acts:
            self.bench.act(act, by="test")

    def flowed_ul(self) -> float:
        """Into the patient since the press."""
        return float(self.bench.plant.cannula_ul - self.pressed_ul)

    def strokes(self) -> list[dict[str, Any]]:
        """The intents of the relief."""
        return [body for body in self.bodies("intent") if body["into"] == "relief"]

    def run(self, *_: Any) -> dict[str, Any]:
        """To the end; every relief keeps the floor, its rate, and the volumes that were announced."""
        outcome = super().run()
        assert outcome is not None
        assert self.lowest_duct_kpa >= FLOOR_KPA
        assert all(stroke["rate_ul_s"] <= 15.0 for stroke in self.strokes())
        assert self.bench.withdrawn_ul <= sum(stroke["volume_ul"] for stroke in self.strokes()) + 0.05
        return outcome


def test_most_of_what_the_line_holds_is_taken_back() -> None:
    procedure = Relieved()
    outcome = procedure.run()
    held_ul = 0.17 * procedure.pressed_kpa
    assert outcome["reason"] == "PAIN_STOP"
    assert procedure.flowed_ul() < 0.45 * held_ul
    assert procedure.bench.withdrawn_ul < held_ul
    assert procedure.lowest_kpa >= FLOOR_KPA
    assert abs(procedure.bench.line_kpa) < 1.5


def test_a_stroke_ends_where_the_line_has_come_down_and_not_at_its_program() -> None:
    procedure = Relieved()
    procedure.run()
    first = procedure.strokes()[0]
    assert procedure.bench.withdrawn_ul < first["volume_ul"] - 0.3
    assert outcome_notes(procedure, "relieved")


def test_what_the_plays_of_the_drive_swallow_is_taken_back_by_another_stroke() -> None:
    procedure = Relieved(bench=ROUGH)
    procedure.run()
    assert len(procedure.strokes()) >= 2
    assert abs(procedure.bench.line_kpa) < 3.0
    assert procedure.lowest_kpa >= FLOOR_KPA


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_line_that_is_not_what_it_was_when_it_was_primed(factor: float) -> None:
    """Half as soft, the program would take twice what the line holds; twice as soft, half of it."""
    procedure = Relieved()
    procedure.when_pressed(Fault(name="line.compliance", factor=factor))
    procedure.run()
    assert procedure.lowest_kpa >= FLOOR_KPA - 0.5, "the oracle's own floor"
    assert procedure.strokes()
    assert procedure.bench.line_kpa < 0.5 * procedure.pressed_kpa


@pytest.mark.parametrize("act", [Tip(where="capped"), Fault(name="line.block"), Fault(name="line.block", in_tube=1.0)], ids=str)
def test_a_tip_that_is_closed_on_the_way(act: Act) -> None:
    procedure = Relieved()
    procedure.once_back(1.0, act)
    procedure.run()
    assert procedure.lowest_kpa >= FLOOR_KPA - 0.5
    assert procedure.flowed_ul() < 5.0


@pytest.mark.parametrize("bubble_ul", [10.0, 40.0])
def test_a_bubble_that_came_into_the_line(bubble_ul: float) -> None:
    procedure = Relieved()
    procedure.when_pressed(Fault(name="line.air", bubble_ul=bubble_ul))
    procedure.run()
    assert procedure.lowest_kpa >= FLOOR_KPA
    assert procedure.strokes()


def test_a_pump_that_loses_its_power_on_the_way() -> None:
    procedure = Relieved()
    procedure.once_back(1.0, Fault(name="pump.power_cycle", off_s=0.2))
    outcome = procedure.run()
    assert "PUMP_FAULT" in outcome["also"] or "PUMP_SILENT" in outcome["also"]
    assert len(procedure.strokes()) == 1
    assert procedure.bench.withdrawn_ul < 2.0


def test_a_pump_that_loses_its_power_while_it_is_programmed() -> None:
    procedure = Relieved()
    procedure.when(
        lambda: procedure.state is State.RELIEVING,
        lambda: procedure.bench.act(Fault(name="pump.power_cycle", off_s=0.05), by="test"),
    )
    outcome = procedure.run()
    assert "PUMP_FAULT" in outcome["also"]
    assert procedure.bench.withdrawn_ul == 0.0


def test_a_transmitter_that_stands_still_on_the_way() -> None:
    """The program ends what the pressure can not."""
    procedure = Relieved()
    procedure.once_back(1.0, Fault(name="pressure.freeze"))
    outcome = procedure.run()
    assert {"PRESSURE_FAULT", "PRESSURE_SILENT"} & set(outcome["also"])
    assert len(procedure.strokes()) == 1
    assert procedure.flowed_ul() > -0.1


def test_a_stop_that_does_not_reach_the_pump() -> None:
    """The pump goes on to its programmed end; the duct holds no less than it did."""
    procedure = Relieved()
    procedure.once_back(1.0, Fault(name="pump.ignore_stop"))
    procedure.run()
    first = procedure.strokes()[0]
    assert procedure.bench.withdrawn_ul == pytest.approx(first["volume_ul"], abs=0.05)
    assert procedure.flowed_ul() > -0.1


def test_an_intent_that_is_late_on_the_disk_holds_the_motion_up() -> None:
    procedure = Relieved()
    began: list[float] = []
    procedure.when(lambda: procedure.in_pain, lambda: procedure.recorder.hold(procedure.now_s + 0.8))
    procedure.when(lambda: procedure.moving_back, lambda: began.append(procedure.now_s))
    pressed_s = _when_pressed(procedure)
    procedure.run()
    assert began
    assert began[0] - pressed_s[0] >= 0.8


def test_a_button_that_is_held_does_not_hinder_relief() -> None:
    procedure = Relieved()
    procedure.run()
    assert procedure.bench.pressed
    assert procedure.bench.withdrawn_ul > 5.0


def test_a_button_wired_to_the_pump_holds_relief_up_until_it_is_let_go() -> None:
    procedure = Relieved(WIRED, {"bench.trigger_wired": True})
    began: list[float] = []
    pressed_s = _when_pressed(procedure)
    procedure.when(
        lambda: bool(pressed_s) and procedure.now_s > pressed_s[0] + 1.0, lambda: procedure.bench.act(Release(), by="test")
    )
    procedure.when(lambda: procedure.moving_back, lambda: began.append(procedure.now_s))
    procedure.run()
    assert began
    assert began[0] > pressed_s[0] + 1.0
    assert procedure.lowest_kpa >= FLOOR_KPA


def test_a_button_wired_to_the_pump_and_never_let_go() -> None:
    procedure = Relieved(WIRED, {"bench.trigger_wired": True})
    procedure.run()
    assert procedure.bench.withdrawn_ul == 0.0


def test_statements_between_two_strokes_end_the_relief() -> None:
    """Its own stop is no cause: another stroke may follow. Once anybody has said stop, none does."""
    procedure = Relieved(bench=ROUGH)
    stood: list[float] = []

    def stands_after_moving_back() -> bool:
        return procedure.bench.withdrawn_ul > 1.0 and procedure.bench.flow_ul_s == 0.0

    def say() -> None:
        stood.append(procedure.bench.withdrawn_ul)
        procedure.say("stop")

    procedure.when(stands_after_moving_back, say)
    procedure.run()
    assert len(procedure.strokes()) <= 2
    assert procedure.bench.withdrawn_ul == pytest.approx(stood[0], abs=0.05)


def _when_pressed(procedure: Relieved) -> list[float]:
    pressed_s: list[float] = []
    procedure.when(lambda: procedure.in_pain, lambda: pressed_s.append(procedure.now_s))
    return pressed_s


def outcome_notes(procedure: Relieved, name: str) -> list[dict[str, Any]]:
    """The events of one name."""
    return [body for body in procedure.bodies("event") if body["name"] == name]
