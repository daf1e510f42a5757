"""Everything that reaches drivers and core in one cycle of the loop, and how it is written down for replay.

Times are whole microseconds since the start of the procedure, so that a replay computes with the very same numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.core.messages import Operator
from drivers.link import InputLines

LINKS = ("pump", "pressure", "button")
LINES = {
    4 * dcd + 2 * cts + dsr: InputLines(bool(cts), bool(dsr), bool(dcd)) for dcd in (0, 1) for cts in (0, 1) for dsr in (0, 1)
}


@dataclass(slots=True)
class Inputs:
    """One cycle. pump, pressure: bytes that have come; lost: sentence by link; durable: motions whose intent is on disk.

    lateness_us, late_by: how much after its time it began, where that is worth a word, and what had run.
    """

    now_us: int
    lateness_us: int = 0
    late_by: str = ""
    pump: bytes = b""
    pressure: bytes = b""
    lines: InputLines | None = None
    lost: Mapping[str, str] | None = None
    statements: Sequence[Operator] = ()
    durable: Sequence[int] = ()
    recorder_trouble: str | None = None
    failed: str | None = None
    raised: bool = False  # the step itself ended in an exception
    halted: bool = False  # no cycle at all: an exception beside the steps, and the pump was stopped for it


def pack(inputs: Inputs, sent: list[bytes]) -> list[Any]:
    """A cycle as JSON values: [now_us] and, only where there is something, an object. sent: what the pump was told in it."""
    content: dict[str, Any] = {}
    if sent:
        content["sent"] = [frame.hex() for frame in sent]
    if inputs.lateness_us:
        content["late"] = [inputs.lateness_us, inputs.late_by]
    if inputs.pump:
        content["pump"] = inputs.pump.hex()
    if inputs.pressure:
        content["pressure"] = inputs.pressure.hex()
    if inputs.lines is not None:
        content["lines"] = 4 * inputs.lines.dcd + 2 * inputs.lines.cts + inputs.lines.dsr
    if inputs.lost:
        content["lost"] = dict(inputs.lost)
    if inputs.statements:
        content["said"] = [[said.act, said.source, said.question, said.typed] for said in inputs.statements]
    if inputs.durable:
        content["durable"] = list(inputs.durable)
    if inputs.recorder_trouble is not None:
        content["trouble"] = inputs.recorder_trouble
    if inputs.failed is not None:
        content["failed"] = inputs.failed
    if inputs.raised:
        content["raised"] = True
    if inputs.halted:
        content["halted"] = True
    return [inputs.now_us, content] if content else [inputs.now_us]


def sent_frames(packed: list[Any]) -> list[bytes]:
    """What the pump was told in a packed cycle."""
    return [bytes.fromhex(frame) for frame in (packed[1] if len(packed) > 1 else {}).get("sent", [])]


def unpack(packed: list[Any]) -> Inputs:
    """The inverse of pack. Raises ValueError, LookupError or TypeError for what pack can not have written."""
    inputs = Inputs(now_us=int(packed[0]))
    for key, value in (packed[1] if len(packed) > 1 else {}).items():
        match key:
            case "pump":
                inputs.pump = bytes.fromhex(value)
            case "pressure":
                inputs.pressure = bytes.fromhex(value)
            case "lines":
                inputs.lines = LINES[value]
            case "late":
                inputs.lateness_us, inputs.late_by = int(value[0]), str(value[1])
            case "lost":
                inputs.lost = dict(value)
            case "said":
                inputs.statements = [Operator(*said) for said in value]
            case "durable":
                inputs.durable = [int(motion) for motion in value]
            case "trouble":
                inputs.recorder_trouble = value
            case "failed":
                inputs.failed = value
            case "raised":
                inputs.raised = bool(value)
            case "halted":
                inputs.halted = bool(value)
            case _:
                pass  # what was sent is compared, not heard
    return inputs
