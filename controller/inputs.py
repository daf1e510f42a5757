"""Everything that reaches drivers and core in one cycle of the loop, and how it is written down for replay.

Times are whole microseconds since the start of the procedure, so that a replay computes with the very same numbers.
"""

from dataclasses import dataclass, field
from typing import Any

from controller.core.messages import Operator
from drivers.link import InputLines

LINKS = ("pump", "pressure", "button")


@dataclass(slots=True)
class Inputs:
    """One cycle. received: bytes by link; lost: sentence by link; durable: motions whose intent is on disk."""

    now_us: int
    lateness_us: int = 0
    received: dict[str, bytes] = field(default_factory=dict)
    lines: InputLines | None = None
    lost: dict[str, str] = field(default_factory=dict)
    statements: list[Operator] = field(default_factory=list)
    durable: list[int] = field(default_factory=list)
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
        content["late"] = inputs.lateness_us
    for link, data in inputs.received.items():
        content[link] = data.hex()
    if inputs.lines is not None:
        content["lines"] = 2 * inputs.lines.cts + inputs.lines.dsr
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
    """The inverse of pack. Raises ValueError, KeyError or TypeError for what pack can not have written."""
    content = packed[1] if len(packed) > 1 else {}
    lines = content.get("lines")
    return Inputs(
        now_us=int(packed[0]),
        lateness_us=int(content.get("late", 0)),
        received={link: bytes.fromhex(content[link]) for link in LINKS if link in content},
        lines=None if lines is None else InputLines(cts=bool(lines & 2), dsr=bool(lines & 1)),
        lost=dict(content.get("lost", {})),
        statements=[Operator(*said) for said in content.get("said", [])],
        durable=[int(motion) for motion in content.get("durable", [])],
        recorder_trouble=content.get("trouble"),
        failed=content.get("failed"),
        raised=bool(content.get("raised", False)),
        halted=bool(content.get("halted", False)),
    )
