"""How much one window may say: so many messages at once, and so many a second. Time is passed in."""


class Allowance:
    """Refills by `per_s` up to `most`; each message takes one."""

    def __init__(self, per_s: float, most: float) -> None:
        self._per_s, self._most = per_s, most
        self._left = most
        self._then_s: float | None = None

    def take(self, now_s: float) -> bool:
        """Whether one more is allowed now; it is counted then."""
        if self._then_s is not None:
            self._left = min(self._most, self._left + max(now_s - self._then_s, 0.0) * self._per_s)
        self._then_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
