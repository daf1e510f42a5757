"""From bytes of a keyboard to keys. What the keys mean is in operator_keys.py."""

ENTER = "enter"
BACKSPACE = "backspace"
CLEAR = "clear"

_ESCAPE_S = 0.1  # a terminal sends the rest of an escape sequence at once; a person does not
_NAMED = {
    "\r": ENTER,
    "\n": ENTER,
    "\x7f": BACKSPACE,
    "\x08": BACKSPACE,
    "\x15": CLEAR,  # Ctrl-U
    "\x13": "s",  # Ctrl-S: who presses it wants something to stop
}


class KeyDecoder:
    """Takes escape sequences (arrows, function keys) out, so that the letters within them are not taken for keys."""

    def __init__(self) -> None:
        self._sequence = ""
        self._since_s = 0.0

    def feed(self, data: bytes, now_s: float) -> list[str]:
        """The keys in these bytes: single printable characters, or ENTER, BACKSPACE, CLEAR. Others are left out."""
        keys = []
        for character in data.decode("latin-1"):
            if self._sequence and now_s - self._since_s > _ESCAPE_S:
                self._sequence = ""
            if self._in_sequence(character, now_s):
                continue
            key = _NAMED.get(character, character)
            if len(key) > 1 or " " <= key <= "~":
                keys.append(key)
        return keys

    def _in_sequence(self, character: str, now_s: float) -> bool:
        """True where the character belongs to an escape sequence; follows the sequence to its end."""
        if character == "\x1b":
            self._sequence, self._since_s = character, now_s
            return True
        match self._sequence:
            case "":
                return False
            case "\x1b" if character in "[O":
                self._sequence += character
                return True
            case "\x1bO":
                self._sequence = ""
                return True
            case "\x1b[":
                if "@" <= character <= "~":
                    self._sequence = ""
                    return True
                if " " < character < "@":
                    return True
        # A lone escape, or a sequence that breaks off: the key is itself, so that no stop is swallowed.
        self._sequence = ""
        return False
