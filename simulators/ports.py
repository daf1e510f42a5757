"""The serial ports of the simulated bench: pseudo-terminals, and the cables between them and the devices.

Nothing here waits, and nothing here knows what a byte means.
"""

import fcntl
import os
import selectors
import struct
import termios
import tty

from simulators.device import ByteDevice

_TIOCGEXCL = 0x80045440  # Linux: reads the exclusive flag of a terminal; the termios module has no name for it
_READ_BYTES = 4096

PORT_FAULTS: dict[str, str] = {
    "unplug_pump": "the pump's port goes away; cleared, it comes back, perhaps under another path",
    "unplug_pressure": "the transmitter's port goes away; cleared, it comes back, perhaps under another path",
    "freeze_button": "the button's adapter hangs: connected, but nothing is read, answered or told",
    "drop_button": "the button's connection is cut once; it may be made anew",
}
"""What can go wrong at the ports, by name and sentence; whoever runs a bench, in real or virtual time, brings it about."""


class Terminal:
    """A pseudo-terminal in raw mode: the device's end of a serial cable.

    This process keeps the host's end open as well, so that a host may close its port and open it again. What nobody
    reads is lost once the kernel's buffer is full, as in a real port.
    """

    def __init__(self) -> None:
        self._master: int | None = None
        self._slave: int | None = None
        self.path = ""
        self.lost_bytes = 0
        self.plug()

    def plug(self) -> None:
        """Makes the terminal (anew). Its path may differ from the one before. Does nothing while it exists."""
        if self._master is not None:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)

    def unplug(self) -> None:
        """Pulls the cable: the host reads end of file, and its writes fail. Does nothing when already out."""
        for descriptor in (self._master, self._slave):
            if descriptor is not None:
                os.close(descriptor)
        self._master = self._slave = None

    def fileno(self) -> int | None:
        """The descriptor that becomes readable when the host has written, or None while unplugged."""
        return self._master

    def read(self) -> bytes:
        """What the host has written since the last call."""
        if self._master is None:
            return b""
        try:
            return os.read(self._master, _READ_BYTES)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> None:
        """Hands bytes to the host; those that find no room are lost and counted."""
        if not data or self._master is None:
            return
        try:
            written = os.write(self._master, data)
        except BlockingIOError:
            written = 0
        self.lost_bytes += len(data) - written

    def forget_dead_owner(self) -> None:
        """Takes back exclusive use from a host that is gone.

        A real port forgets it when its last user closes it. This one never has a last user, so a host that was killed
        would lock out its successor. The lock (flock) that belongs to the same host tells whether it is still there.
        """
        if self._slave is None or not self.exclusive:
            return
        try:
            fcntl.flock(self._slave, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        fcntl.ioctl(self._slave, termios.TIOCNXCL)
        fcntl.flock(self._slave, fcntl.LOCK_UN)

    @property
    def exclusive(self) -> bool:
        """True while a host has asked that nobody else may open this terminal."""
        if self._slave is None:
            return False
        answer = fcntl.ioctl(self._slave, _TIOCGEXCL, struct.pack("i", 0))
        return bool(struct.unpack("i", answer)[0])


class Cable:
    """A device at a terminal of its own. It moves bytes both ways at the bench's time."""

    def __init__(self, device: ByteDevice, selector: selectors.BaseSelector) -> None:
        self._device = device
        self._selector = selector
        self._now_s = 0.0
        self.terminal = Terminal()
        self._register()

    def carry(self, now_s: float) -> None:
        """Hands over what the device has sent by now_s, which is also when bytes that are read from here on arrive."""
        self._now_s = now_s
        self.terminal.write(self._device.transmit(now_s))

    def unplug(self) -> None:
        """Pulls the cable out of the host. Does nothing when it is out."""
        descriptor = self.terminal.fileno()
        if descriptor is not None:
            self._selector.unregister(descriptor)
            self.terminal.unplug()

    def plug(self) -> None:
        """Puts it back in. Does nothing when it is in."""
        if self.terminal.fileno() is None:
            self.terminal.plug()
            self._register()

    def _register(self) -> None:
        descriptor = self.terminal.fileno()
        if descriptor is not None:
            self._selector.register(descriptor, selectors.EVENT_READ, self._read)

    def _read(self) -> None:
        data = self.terminal.read()
        if data:
            self._device.receive(data, self._now_s)
