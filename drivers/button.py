"""What every pain-stop button driver says (the device kind's protocol). Normally closed: open = pressed = broken = stop."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ButtonOpened:
    """At least one contact is open (first sample). channels: "A", "B" or "AB"."""

    channels: str


@dataclass(frozen=True, slots=True)
class ButtonFullyOpened:
    """Both contacts have been seen open together: a press, not a single broken wire."""


@dataclass(frozen=True, slots=True)
class ButtonClosed:
    """Both contacts closed and stable for the release time."""


@dataclass(frozen=True, slots=True)
class ButtonProved:
    """A test pulse was seen on its own channel only: this channel is live. channel: "A" or "B"."""

    channel: str


@dataclass(frozen=True, slots=True)
class PedalUsed:
    """The foot pedal beside the button was pressed and let go again. pressed_s: when the press began."""

    pressed_s: float


@dataclass(frozen=True, slots=True)
class ButtonFault:
    """Contacts that disagree too long, a pulse that does not come back, a pulse that shows on the other channel."""

    text: str
