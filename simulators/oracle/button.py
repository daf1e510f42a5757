"""The stop button as the host could see it: which of its contacts are open, behind the faults of contacts, wires and port."""

_HIDING = frozenset({"button.freeze", "port.freeze_button", "port.drop_button"})
_TANGLED = frozenset({"button.short_a", "button.short_b", "button.cross", "button.swap", "button.bridge"})


class Button:
    """Told of the press and of the faults that are on; says since when it is visibly open."""

    __slots__ = ("_faults", "_pressed", "open_since_s", "third_open")

    def __init__(self) -> None:
        self._pressed = False
        self._faults: set[str] = set()
        self.open_since_s: float | None = None
        self.third_open = False
        """The contact that is wired to the pump is open."""

    def press(self, pressed: bool, now_s: float) -> None:
        """The patient holds it down, or does not."""
        self._pressed = pressed
        self._look(now_s)

    def fault(self, name: str, on: bool, now_s: float) -> None:
        """A fault, by its full name, begins or ends."""
        (self._faults.add if on else self._faults.discard)(name)
        self._look(now_s)

    def _look(self, now_s: float) -> None:
        faults = self._faults
        unplugged = "button.unplug" in faults
        first, second = self._open("a", unplugged), self._open("b", unplugged)
        self.third_open = unplugged or "button.open_c" in faults or (self._pressed and "button.weld_c" not in faults)
        # Where loops touch, or an input is held, only both contacts together are sure to be seen.
        visible = (first and second) if faults & _TANGLED else (first or second)
        if faults & _HIDING or {"button.short_a", "button.short_b"} <= faults:
            visible = False
        if not visible:
            self.open_since_s = None
        elif self.open_since_s is None:
            self.open_since_s = now_s

    def _open(self, contact: str, unplugged: bool) -> bool:
        faults = self._faults
        opened = self._pressed and f"button.weld_{contact}" not in faults
        return unplugged or f"button.open_{contact}" in faults or opened
