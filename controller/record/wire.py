"""What goes between the control process and the recorder process: lines of JSON over a stream socket.

A stream rather than packets: an entry of any size (the header carries a whole configuration) then needs no splitting, a frame may
be sent in parts without blocking, and a line that its sender did not live to finish is recognised by its missing end.
JSON in ASCII never holds a raw line end, so the line end is the frame.

To the recorder: `[seq, t_s, kind, body]`. From it: `{"ready": path}` once, `{"durable": seq, "path": path}`, `{"trouble": text}`.
"""

import json
from collections.abc import Mapping

MAX_LINE_BYTES = 16 * 1024 * 1024
"""No line is longer; a peer that sends more without a line end is not ours."""


def encode_line(message: object) -> bytes:
    """One message as a line. Raises TypeError, ValueError or RecursionError if JSON can not carry it."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii") + b"\n"


class LineReader:
    """Puts received pieces together into lines."""

    def __init__(self) -> None:
        """Nothing received yet."""
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Takes a piece and returns the lines that are now complete. Raises ValueError if a line grows beyond MAX_LINE_BYTES."""
        self._rest += data
        if b"\n" not in data:
            if len(self._rest) > MAX_LINE_BYTES:
                raise ValueError(f"a line of more than {MAX_LINE_BYTES} bytes")
            return []
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        return lines


def decode_object(line: bytes) -> Mapping[str, object]:
    """A line from the recorder. Raises ValueError or RecursionError if it is not a JSON object."""
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - to the caller one thing: a line that is not ours
    return value
