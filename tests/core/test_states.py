"""The states: the table is all there is, and the committed picture shows it."""

from pathlib import Path

import pytest
from transitions import MachineError

from controller.core.states import TRANSITIONS, Procedure, State, diagram

PICTURE = Path(__file__).parents[2] / "docs" / "state_machine.md"
TRIGGERS = [name for name, _, _ in TRANSITIONS]
ALLOWED = {(source, name): dest for name, sources, dest in TRANSITIONS for source in sources}


def in_state(state: State) -> Procedure:
    procedure = Procedure()
    procedure.state = state
    return procedure


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("source", State, ids=lambda state: state.value)
def test_every_trigger_from_every_state(source: State, trigger: str) -> None:
    procedure = in_state(source)
    if (source, trigger) in ALLOWED:
        procedure.go(trigger)
        assert procedure.state is ALLOWED[source, trigger]
    else:
        with pytest.raises(MachineError):
            procedure.go(trigger)
        assert procedure.state is source


def test_each_trigger_stands_in_the_table_once() -> None:
    assert len(set(TRIGGERS)) == len(TRIGGERS)


def test_a_procedure_begins_in_standby() -> None:
    assert Procedure().state is State.STANDBY


def test_there_is_no_way_around_the_table() -> None:
    assert not [name for name in dir(Procedure()) if name.startswith(("to_", "may_to_"))]
    for state in State:
        with pytest.raises((MachineError, AttributeError)):
            Procedure().go(f"to_{state.name}")


def test_from_stopped_nothing_leads_away() -> None:
    assert not [name for name, sources, _ in TRANSITIONS if State.STOPPED in sources]


def test_complete_can_only_be_stopped() -> None:
    assert [name for name, sources, _ in TRANSITIONS if State.COMPLETE in sources] == ["stop"]


def test_every_state_before_an_end_can_be_stopped() -> None:
    (sources,) = [sources for name, sources, _ in TRANSITIONS if name == "stop"]
    assert set(State) - set(sources) == {State.STOPPING, State.STOPPED}


def test_the_committed_picture_is_the_machine() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    _, _, rest = text.partition("```mermaid\n")
    shown, fence, _ = rest.partition("```")
    assert fence
    assert shown == diagram()
