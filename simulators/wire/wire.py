"""A serial cable with the host's UART at one end and a simulated device at the other, in the time that it is told."""

import math
from collections import deque
from random import Random

from simulators.device import Burst, ByteDevice, Uart, alone, in_order
from simulators.wire.faults import checked, known
from simulators.wire.lane import Lane
from simulators.wire.receiver import Receiver


class Wire:
    """Between the host's port and one device. Times in s, never backwards; whatever happens does so at its own time.

    Both UARTs of the device pace its bytes, so a sound cable adds nothing on the way to the device; on the way to the host it
    adds the collecting of the host's UART. seed: of the faults; each of them draws from a generator of its own, so that none
    changes what another one does. `advance` brings the device what has come late on its way and does not move the device:
    call it before the device's own `advance`.
    """

    def __init__(self, device: ByteDevice, baud: int, seed: int | str) -> None:
        self._device = device
        self._coming = device.sending()
        self._byte_s = 10.0 / baud
        self._seed = seed
        self._faults_begun = 0
        self._to_device = Lane()
        self._to_host = Lane()
        self.late: deque[tuple[float, bytes]] = deque()
        """What is still on its way to the device; with nothing there `advance` has nothing to do."""
        self._ready: deque[tuple[float, bytes]] = deque()
        self._receiver = Receiver(baud)
        self._echoing = False
        self._echo = Uart(baud)
        self._noise: tuple[float, Random] | None = None
        self._noise_s = math.inf
        self.quiet_until_s = -math.inf
        """After next_s: `fetch` gives nothing before then, as long as nobody does anything to the wire or the device."""
        # what next_s found out the last time, and what that was made of
        self._due_s = self._event_s = -math.inf
        self._bursts = 0

    # --- the host's end --------------------------------------------------------------------------------------------

    def write(self, data: bytes, now_s: float) -> None:
        """The host hands these bytes to its port."""
        self._forget_due()
        self.advance(now_s)
        if self._echoing:
            self._echo.put(data, now_s)
        lane = self._to_device
        if lane.plain and not self.late:
            self._device.receive(data, now_s)
        elif not lane.cut:
            self._send(lane.spoilt(data), lane.copies(), now_s)
            self.advance(now_s)

    def read(self, now_s: float) -> bytes:
        """What has reached the host by now_s, each byte once. Moves the device on to now_s if nobody has."""
        self.advance(now_s)
        self._device.advance(now_s)
        return self.fetch(now_s)

    def fetch(self, now_s: float) -> bytes:
        """As `read`, where wire and device have been moved on to now_s already."""
        self.collect(now_s)
        ready = self._ready
        if not ready or ready[0][0] > now_s:
            return b""
        data = b""
        while ready and ready[0][0] <= now_s:
            data += ready.popleft()[1]
        return data

    # --- time ------------------------------------------------------------------------------------------------------

    def advance(self, now_s: float) -> None:
        """Bytes that are late on their way to the device reach it, each chunk at its time."""
        while self.late and self.late[0][0] <= now_s:
            at_s, data = self.late.popleft()
            self._device.receive(data, at_s)
            self._forget_due()

    def next_s(self, now_s: float) -> float:
        """No later than this may something happen here: bytes reach the host or, late, the device, or the device is due.

        inf: nothing is under way. What is past at now_s counts no more, even if nobody has read it.
        """
        due_s = self._device.next_event_s(False)
        if now_s < self._due_s and due_s == self._event_s and len(self._coming) == self._bursts:
            return self._due_s  # nothing has happened since the last call
        self._event_s, self._bursts = due_s, len(self._coming)
        if self.late and self.late[0][0] < due_s:
            due_s = self.late[0][0]
        self.quiet_until_s = due_s
        if self._coming or self._receiver.waiting:
            due_s = self._next_chunk_s(now_s, due_s)
        if self._ready or self._echo.under_way or self._noise or self._device.echoes:
            due_s = self._next_oddity_s(now_s, due_s)
        self._due_s = due_s
        return due_s

    def _next_chunk_s(self, now_s: float, due_s: float) -> float:
        """due_s, or when the host's UART will hand over what it has and what is on its way from the device, if that is sooner."""
        coming, lane = self._coming, self._to_host
        foreseen = lane.as_it_is or not coming
        chunk_s = self._receiver.due_s(coming) if foreseen else coming[0].begins_s
        if lane.cut or not foreseen:
            self.quiet_until_s = -math.inf  # how many of these bytes will arrive is seen only when they do
        elif chunk_s < self.quiet_until_s:
            self.quiet_until_s = chunk_s
        return _sooner(now_s, chunk_s, due_s)

    def _next_oddity_s(self, now_s: float, due_s: float) -> float:
        """due_s, or when a late chunk, an echo or noise reaches the host, if that is sooner."""
        self.quiet_until_s = -math.inf
        if self._ready:
            due_s = _sooner(now_s, next((at_s for at_s, _ in self._ready if at_s > now_s), math.inf), due_s)
        if self._echo.under_way:
            due_s = _sooner(now_s, self._echo.first_s, due_s)
        return _sooner(now_s, self._noise_s, due_s) if self._noise else due_s

    def _forget_due(self) -> None:
        self.quiet_until_s = self._due_s = -math.inf

    # --- faults ----------------------------------------------------------------------------------------------------

    def fault(self, name: str, now_s: float, **values: object) -> None:
        """Makes the named fault of FAULTS happen from now_s on, in place of the same one if it is on already.

        Raises ValueError for an unknown name, and for a value that it does not have or can not take.
        """
        fault = checked(name, values)
        self.clear(name, now_s)
        self._faults_begun += 1
        source = f"{self._seed}/{name}/{self._faults_begun}"
        for direction in fault.directions:
            lane = self._to_device if direction == "to_device" else self._to_host
            lane.begin(fault, Random(f"{source}/{direction}"))
            if name == "cut":
                self._lose_what_is_under_way(lane, now_s)
        if name == "echo":
            self._echoing = True
        elif name == "noise":
            self._noise = (fault.numbers["per_s"], Random(source))
            self._noise_s = now_s
            self._next_noise()

    def clear(self, name: str, now_s: float) -> None:
        """Ends the named fault. Clearing what is not there does nothing. Raises ValueError for an unknown name."""
        known(name)
        self.advance(now_s)
        self._device.advance(now_s)
        self.collect(now_s)
        self._to_device.end(name)
        self._to_host.end(name)
        if name == "echo":
            self._echoing = False
        elif name == "noise":
            self._noise, self._noise_s = None, math.inf

    def _lose_what_is_under_way(self, lane: Lane, now_s: float) -> None:
        if lane is self._to_device:
            self.late.clear()
            self._device.lose_incoming(now_s)
        else:
            # what the device is still sending is lost byte by byte; what waits in the host's UART has arrived
            while self._ready and self._ready[-1][0] > now_s:
                self._ready.pop()

    # --- the way to the device ---------------------------------------------------------------------------------------

    def _send(self, data: bytes, copies: int, now_s: float) -> None:
        lane = self._to_device
        if lane.fragment_gap_s is None:
            self.late.extend((lane.passes_s(now_s), data) for _ in range(copies))
            return
        apart_s = self._byte_s + lane.fragment_gap_s
        for index, byte in enumerate(data * copies):
            self.late.append((lane.passes_s(now_s + index * self._byte_s, apart_s), bytes((byte,))))

    # --- the way to the host -----------------------------------------------------------------------------------------

    def collect(self, now_s: float) -> None:
        """The host's UART takes what has come by now_s. To be called before anything is done to the device from outside."""
        self._forget_due()
        arrived, receiver, lane = self._device.sent(now_s), self._receiver, self._to_host
        if self._echo.under_way or self._noise_s <= now_s:
            arrived = in_order((*arrived, *self._echo.take(now_s), *self._take_noise(now_s)))
        elif not arrived and not receiver.waiting:
            return
        if arrived and not lane.cut:
            for burst in arrived:
                if lane.as_it_is:
                    receiver.take_burst(burst)
                else:
                    self._take_singly(burst)
        receiver.time_out(now_s)
        if receiver.chunks:
            for at_s, chunk in receiver.chunks:
                for _ in range(lane.copies()):
                    self._ready.append((lane.passes_s(at_s, lane.fragment_gap_s or 0.0), chunk))
            receiver.chunks.clear()

    def _take_singly(self, burst: Burst) -> None:
        lane = self._to_host
        for at_s, byte in burst.timed():
            for passed in lane.spoilt(bytes((byte,))):
                self._receiver.take(at_s, passed, alone=lane.fragment_gap_s is not None)

    def _take_noise(self, now_s: float) -> list[Burst]:
        taken: list[Burst] = []
        while self._noise is not None and self._noise_s <= now_s:
            taken.append(alone(self._noise_s, self._noise[1].randrange(256)))
            self._next_noise()
        return taken

    def _next_noise(self) -> None:
        if self._noise is not None:
            per_s, random = self._noise
            self._noise_s += random.expovariate(per_s)


def _sooner(now_s: float, at_s: float, due_s: float) -> float:
    return at_s if now_s < at_s < due_s else due_s
