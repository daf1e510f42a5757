"""A serial port behind a network terminal server (rfc2217://), through pyserial's client, without its blocking calls.

Source: RFC 2217 (Telnet Com Port Control Option) and the source of pyserial 3.5, serial/rfc2217.py. That client reads its
socket in a thread of its own and keeps the modem lines as last notified. So there is no descriptor to wait on, and a server
that is frozen leaves the lines as they were: only a test pulse on them shows it.
"""

import select
from typing import Any, Final

import serial
from serial import rfc2217

from drivers.fd_port import close_client
from drivers.link import InputLines, LinkLostError, OutputLines

WAIT_S: Final = 1.0
"""For each answer of the server while opening. The opening as a whole is bounded by whoever opens."""


class Rfc2217Port:
    """An opened pyserial client as a Link that never waits. Raises LinkLostError, without a name: the caller knows it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        # pyserial asserts both when it opens a port.
        self._driven = OutputLines(rts=True, dtr=True)

    @property
    def unsent(self) -> bool:
        """See Link: a frame is taken as a whole or refused."""
        return False

    def read(self) -> bytes:
        """See Link."""
        self._check_alive()
        try:
            waiting = self._client.in_waiting
            # Its time-out is 0, and there is nothing to wait for: so many bytes are in its queue.
            return bytes(self._client.read(waiting)) if waiting else b""
        except (serial.SerialException, OSError) as error:
            raise LinkLostError(f"the terminal server is gone ({error})") from error

    def write(self, frame: bytes) -> None:
        """See Link. Refused as a whole if the connection does not take it at once."""
        self._check_writable()
        try:
            self._client.write(frame)
        except (serial.SerialException, OSError) as error:
            raise LinkLostError(f"the terminal server is gone ({error})") from error

    def lines(self) -> InputLines:
        """See Link: as last notified by the server."""
        self._check_alive()
        try:
            state = self._client.get_modem_state()
        except (serial.SerialException, OSError) as error:
            raise LinkLostError(f"the terminal server says nothing of its modem lines ({error})") from error
        masks = (rfc2217.MODEMSTATE_MASK_CTS, rfc2217.MODEMSTATE_MASK_DSR, rfc2217.MODEMSTATE_MASK_CD)
        cts, dsr, dcd = (bool(state & mask) for mask in masks)
        return InputLines(cts, dsr, dcd)

    def set_lines(self, wanted: OutputLines) -> None:
        """See Link. The bare request, its acknowledgement not waited for: pyserial's own setter sleeps 50 ms for that."""
        orders = []
        if wanted.rts != self._driven.rts:
            orders.append(rfc2217.SET_CONTROL_RTS_ON if wanted.rts else rfc2217.SET_CONTROL_RTS_OFF)
        if wanted.dtr != self._driven.dtr:
            orders.append(rfc2217.SET_CONTROL_DTR_ON if wanted.dtr else rfc2217.SET_CONTROL_DTR_OFF)
        if not orders:
            return
        self._check_writable()
        try:
            for order in orders:
                self._client.rfc2217_send_subnegotiation(rfc2217.SET_CONTROL, order)
        except (serial.SerialException, OSError) as error:
            raise LinkLostError(f"the terminal server is gone ({error})") from error
        self._driven = wanted

    def fileno(self) -> int | None:
        """See Link: none, bytes arrive in a queue."""
        return None

    def close(self) -> None:
        """See Link. pyserial takes 0.3 s for it."""
        close_client(self._client)

    def _check_alive(self) -> None:
        # pyserial has no public sign of it: once its reader has ended, nothing ever arrives and the lines stay as they were.
        reader = self._client._thread
        if reader is None or not reader.is_alive():
            raise LinkLostError("the terminal server has closed the connection")

    def _check_writable(self) -> None:
        # pyserial sends with a time-out of 5 s; a socket that is ready to be written takes a frame or an order at once.
        self._check_alive()
        poller = select.poll()
        poller.register(self._client._socket, select.POLLOUT)
        ready = poller.poll(0)
        if not ready:
            raise LinkLostError("the terminal server takes no more bytes")
        if ready[0][1] & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
            raise LinkLostError("the connection to the terminal server is broken")
