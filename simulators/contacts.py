"""The pain-stop button that does not exist: normally closed contacts between the host's own modem lines.

Contact A closes RTS to CTS, contact B closes DTR to DSR. Pressed, cut or unplugged, a contact is open and its input falls.
A third contact goes to the pump's trigger input, past the host. A foot pedal may hang between DTR and DCD. There is no time here:
a change is seen by the next read.
"""

from dataclasses import dataclass, field

FAULTS: dict[str, str] = {
    "open_a": "wire of contact A broken",
    "open_b": "wire of contact B broken",
    "open_c": "wire of the third contact broken",
    "short_a": "CTS stuck asserted, whatever RTS and the button do",
    "short_b": "DSR stuck asserted, whatever DTR and the button do",
    "weld_a": "contact A does not open when pressed",
    "weld_b": "contact B does not open when pressed",
    "weld_c": "the third contact does not open when pressed",
    "cross": "the inputs are exchanged: RTS drives DSR and DTR drives CTS",
    "swap": "the contacts are exchanged: B is in the loop RTS to CTS, A in DTR to DSR (harmless alone)",
    "bridge": "both loops touch: whichever output is asserted and closed through asserts both inputs",
    "freeze": "the host sees the input lines as they were (a stale cache, a dead adapter)",
    "bounce": "every release chatters: each contact reads open and closed in turn for the next `samples` reads",
    "unplug": "the button's plug is out: all contacts open",
}

_DEFAULT_BOUNCE_SAMPLES = 6


@dataclass(slots=True)
class Contacts:
    """Button, wires and plug. Outputs are what the host drives, inputs what it would read back."""

    _rts: bool = False
    _dtr: bool = False
    _pressed: bool = False
    _faults: set[str] = field(default_factory=set)
    _bounce_samples: int = _DEFAULT_BOUNCE_SAMPLES
    _chatter: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0})
    _frozen: tuple[bool, bool, bool] = (False, False, False)
    pedal: bool = False
    """Truth: the operator's foot is down."""

    def set_outputs(self, rts: bool, dtr: bool) -> None:
        """What the host drives from now on. True = asserted."""
        self._rts = rts
        self._dtr = dtr

    def inputs(self) -> tuple[bool, bool]:
        """CTS and DSR as the host reads them now, one after the other."""
        if self._faults:
            return self.cts, self.dsr
        closed = not self._pressed
        return self._rts and closed, self._dtr and closed

    @property
    def cts(self) -> bool:
        """CTS as the host reads it now. With a bouncing contact each read is one sample."""
        return self._frozen[0] if "freeze" in self._faults else self._inputs("a")[0]

    @property
    def dsr(self) -> bool:
        """DSR as the host reads it now. With a bouncing contact each read is one sample."""
        return self._frozen[1] if "freeze" in self._faults else self._inputs("b")[1]

    @property
    def dcd(self) -> bool:
        """DCD as the host reads it now: the pedal passes DTR on."""
        return self._frozen[2] if "freeze" in self._faults else self._dtr and self.pedal

    @property
    def pressed(self) -> bool:
        """Truth: the patient holds the button down."""
        return self._pressed

    @property
    def third_contact_open(self) -> bool:
        """The contact between the pump's trigger input and ground is open (pressed, broken or unplugged)."""
        if self._faults & {"open_c", "unplug"}:
            return True
        return self._pressed and "weld_c" not in self._faults

    def press(self) -> None:
        """The patient presses and holds."""
        self._pressed = True
        self._chatter = {"a": 0, "b": 0}

    def release(self) -> None:
        """The patient lets go."""
        if self._pressed and "bounce" in self._faults:
            # both begin open, and end closed
            self._chatter = {"a": self._bounce_samples, "b": self._bounce_samples}
        self._pressed = False

    def fault(self, name: str, samples: int | None = None) -> None:
        """Makes the named fault of FAULTS happen; samples is for "bounce" alone. Raises ValueError."""
        self._check(name)
        if samples is not None:
            if name != "bounce" or samples < 1:
                raise ValueError("samples is the length of a bounce in reads, 1 or more")
            self._bounce_samples = samples
        if name == "freeze":
            self._frozen = (self.cts, self.dsr, self.dcd)
        self._faults.add(name)

    def clear(self, name: str) -> None:
        """Ends the named fault; clearing what is not there does nothing. Raises ValueError for an unknown name."""
        self._check(name)
        self._faults.discard(name)
        if name == "bounce":
            self._chatter = {"a": 0, "b": 0}
            self._bounce_samples = _DEFAULT_BOUNCE_SAMPLES

    @staticmethod
    def _check(name: str) -> None:
        if name not in FAULTS:
            raise ValueError(f"the button has no fault {name!r}; it has {', '.join(FAULTS)}")

    def _inputs(self, sampled: str) -> tuple[bool, bool]:
        """CTS and DSR as wired. `sampled`: the loop that this read is a sample of."""
        faults = self._faults
        first, second = ("b", "a") if "swap" in faults else ("a", "b")
        through_a = self._rts and "open_a" not in faults and self._closed(first, sampled == "a")
        through_b = self._dtr and "open_b" not in faults and self._closed(second, sampled == "b")
        if "bridge" in faults:
            # two drivers fight here: the asserted one is taken to win, which is the dangerous case
            through_a = through_b = through_a or through_b
        cts, dsr = (through_b, through_a) if "cross" in faults else (through_a, through_b)
        return cts or "short_a" in faults, dsr or "short_b" in faults

    def _closed(self, contact: str, is_sample: bool) -> bool:
        if "unplug" in self._faults:
            return False
        if f"weld_{contact}" in self._faults:
            return True
        if self._chatter[contact] > 0:
            remaining = self._chatter[contact]
            if is_sample:
                self._chatter[contact] = remaining - 1
            return (self._bounce_samples - remaining) % 2 == 1
        return not self._pressed
