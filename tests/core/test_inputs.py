"""What is written down of a cycle is what was in it."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.messages import Operator
from controller.inputs import Inputs, pack, sent_frames, unpack
from drivers.link import InputLines

LINK = st.sampled_from(["pump", "pressure", "button"])
WORD = st.text(max_size=5)


def late(inputs: Inputs, late_by: str) -> Inputs:
    """What had run is written down only of a cycle that was late."""
    return replace(inputs, late_by=late_by if inputs.lateness_us else "")


CYCLES = st.builds(late, st.builds(
    Inputs,
    now_us=st.integers(0, 10**12),
    lateness_us=st.integers(0, 10**9),
    pump=st.binary(max_size=20),
    pressure=st.binary(max_size=20),
    lines=st.none() | st.builds(InputLines, cts=st.booleans(), dsr=st.booleans()),
    lost=st.none() | st.dictionaries(LINK, st.text(max_size=10), min_size=1),
    statements=st.just(()) | st.lists(st.builds(Operator, WORD, WORD, WORD, WORD), min_size=1),
    durable=st.just(()) | st.lists(st.integers(1, 99), min_size=1),
    recorder_trouble=st.none() | st.text(max_size=10),
    failed=st.none() | st.text(max_size=10),
    raised=st.booleans(),
    halted=st.booleans(),
), WORD)  # fmt: skip


@given(CYCLES, st.lists(st.binary(min_size=1, max_size=9)))
def test_a_cycle_comes_back_as_it_was(inputs: Inputs, sent: list[bytes]) -> None:
    packed = json.loads(json.dumps(pack(inputs, sent), sort_keys=True))
    assert unpack(packed) == inputs
    assert sent_frames(packed) == sent


@pytest.mark.parametrize(
    "packed", [[], ["x"], [1, {"pump": "zz"}], [1, {"said": [[1, 2, 3, 4, 5]]}], [1, {"durable": ["a"]}], [1, {"late": 5}]]
)
def test_what_was_never_packed_is_refused(packed: list[object]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, IndexError)):
        unpack(packed)
