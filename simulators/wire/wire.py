"""A serial cable with the host's UART at one end and a simulated device at the other, in the time that it is told."""

import math
from collections import deque
from random import Random

from simulators.device import ByteDevice, Uart
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
        self._byte_s = 10.0 / baud
        self._seed = seed
        self._faults_begun = 0
        self._now_s = -math.inf
        self._to_device = Lane()
        self._to_host = Lane()
        self._late: deque[tuple[float, bytes]] = deque()
        self._ready: deque[tuple[float, bytes]] = deque()
        self._receiver = Receiver(baud)
        self._echoing = False
        self._echo = Uart(baud)
        self._noise: tuple[float, Random] | None = None
        self._noise_s = math.inf

    # --- the host's end --------------------------------------------------------------------------------------------

    def write(self, data: bytes, now_s: float) -> None:
        """The host hands these bytes to its port."""
        self.advance(now_s)
        if self._echoing:
            self._echo.put(data, now_s)
        lane = self._to_device
        if lane.plain and not self._late:
            self._device.receive(data, now_s)
        elif not lane.cut:
            self._send(lane.spoilt(data), lane.copies(), now_s)
            self.advance(now_s)

    def read(self, now_s: float) -> bytes:
        """What has reached the host by now_s, each byte once. Moves the device on to now_s if nobody has."""
        self._settle(now_s)
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
        if now_s > self._now_s:
            self._now_s = now_s
        while self._late and self._late[0][0] <= now_s:
            at_s, data = self._late.popleft()
            self._device.receive(data, at_s)

    def _settle(self, now_s: float) -> None:
        if now_s > self._now_s:
            self._now_s = now_s
        if self._late:
            self.advance(now_s)
        self._device.advance(now_s)
        self._collect(now_s)

    def next_s(self) -> float:
        """No later than this may something happen here: bytes reach the host or, late, the device, or the device is due.

        inf: nothing is under way. What is past counts no more, even if nobody has read it.
        """
        due_s = self._device.next_event_s(False)
        if self._late and self._late[0][0] < due_s:
            due_s = self._late[0][0]
        coming = self._device.sending()
        if coming or self._receiver.waiting:
            one_by_one = self._to_host.spoils or self._to_host.fragment_gap_s is not None
            due_s = self._sooner(coming[0][0] if coming and one_by_one else self._receiver.due_s(coming), due_s)
        if self._ready:
            due_s = self._sooner(next((at_s for at_s, _ in self._ready if at_s > self._now_s), math.inf), due_s)
        if self._echo.under_way:
            due_s = self._sooner(self._echo.first_s, due_s)
        return self._sooner(self._noise_s, due_s) if self._noise else due_s

    def _sooner(self, at_s: float, due_s: float) -> float:
        return at_s if self._now_s < at_s < due_s else due_s

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
                self._lose_what_is_under_way(lane)
        if name == "echo":
            self._echoing = True
        elif name == "noise":
            self._noise = (fault.numbers["per_s"], Random(source))
            self._noise_s = now_s
            self._next_noise()

    def clear(self, name: str, now_s: float) -> None:
        """Ends the named fault. Clearing what is not there does nothing. Raises ValueError for an unknown name."""
        known(name)
        self._settle(now_s)
        self._to_device.end(name)
        self._to_host.end(name)
        if name == "echo":
            self._echoing = False
        elif name == "noise":
            self._noise, self._noise_s = None, math.inf

    def _lose_what_is_under_way(self, lane: Lane) -> None:
        if lane is self._to_device:
            self._late.clear()
            self._device.lose_incoming(self._now_s)
        else:
            # what the device is still sending is lost byte by byte; what waits in the host's UART has arrived
            while self._ready and self._ready[-1][0] > self._now_s:
                self._ready.pop()

    # --- the way to the device ---------------------------------------------------------------------------------------

    def _send(self, data: bytes, copies: int, now_s: float) -> None:
        lane = self._to_device
        if lane.fragment_gap_s is None:
            self._late.extend((lane.passes_s(now_s), data) for _ in range(copies))
            return
        apart_s = self._byte_s + lane.fragment_gap_s
        for index, byte in enumerate(data * copies):
            self._late.append((lane.passes_s(now_s + index * self._byte_s, apart_s), bytes((byte,))))

    # --- the way to the host -----------------------------------------------------------------------------------------

    def _collect(self, now_s: float) -> None:
        """The host's UART takes what has come by now_s, and hands over what it has collected."""
        arrived, receiver, lane = self._device.sent(now_s), self._receiver, self._to_host
        if self._echo.under_way or self._noise_s <= now_s:
            arrived = sorted(arrived + self._echo.take(now_s) + self._take_noise(now_s), key=lambda pair: pair[0])
        elif not arrived and not receiver.waiting:
            return
        if arrived and not lane.cut:
            alone = lane.fragment_gap_s is not None
            for at_s, byte in arrived:
                for passed in lane.spoilt(bytes((byte,))) if lane.spoils else (byte,):
                    receiver.take(at_s, passed, alone=alone)
        receiver.time_out(now_s)
        for at_s, chunk in receiver.chunks:
            for _ in range(lane.copies()):
                self._ready.append((lane.passes_s(at_s, lane.fragment_gap_s or 0.0), chunk))
        receiver.chunks.clear()

    def _take_noise(self, now_s: float) -> list[tuple[float, int]]:
        taken: list[tuple[float, int]] = []
        while self._noise is not None and self._noise_s <= now_s:
            taken.append((self._noise_s, self._noise[1].randrange(256)))
            self._next_noise()
        return taken

    def _next_noise(self) -> None:
        if self._noise is not None:
            per_s, random = self._noise
            self._noise_s += random.expovariate(per_s)
