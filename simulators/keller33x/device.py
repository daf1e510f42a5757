"""The transmitter on its half-duplex line: pacing, turnaround, supply, and the faults that it can have."""

import math
from collections.abc import Sequence
from random import Random

from simulators.device import Burst, Uart, in_order
from simulators.keller33x.frame import Assembler, seal, unseal
from simulators.keller33x.functions import Firmware
from simulators.keller33x.options import Keller33xOptions
from simulators.keller33x.sensor import Sensor

FAULTS: dict[str, str] = {
    "unplug": "the cable is pulled: nothing arrives and nothing leaves (supply 0: it loses its supply as well)",
    "plug": "the cable is back (the same as clearing unplug)",
    "supply_loss": "the supply fails for off_s; afterwards exception 32 until function 48",
    "freeze": "every read of P1 repeats the last one bit for bit",
    "stuck_at": "P1 reads kpa exactly, whatever the pressure",
    "drift": "P1 runs away by kpa_per_s from now on",
    "spike": "the next n reads of P1 are kpa too high",
    "stat": "these bits of the status byte are set",
    "nan": "P1 reads not-a-number while the status byte stays clean",
    "corrupt": "in every every-th reply one bit is wrong",
    "silent": "requests are not answered",
    "slow": "every reply comes extra_s later",
    "out_of_range": "P1 reads kpa, beyond the range, while the status byte stays clean",
    "other_serial": "another transmitter: its serial number is n",
    "noise": "the noise of P1 is kpa rms",
}

_ARGUMENTS: dict[str, dict[str, float]] = {
    "unplug": {"supply": 1.0},
    "supply_loss": {"off_s": 0.1},
    "stuck_at": {"kpa": 0.0},
    "drift": {"kpa_per_s": 1.0},
    "spike": {"kpa": 100.0, "n": 1.0},
    "stat": {"bits": 0b0000_0010},
    "corrupt": {"every": 1.0},
    "slow": {"extra_s": 0.05},
    "out_of_range": {"kpa": 1200.0},
    "other_serial": {"n": 1.0},
    "noise": {"kpa": 1.0},
}


class Keller33x:
    """A ByteDevice. `set_pressure` holds from the time of the last `advance` until it is called again.

    Half duplex: bytes that arrive between the end of a request and the last bit of its reply are lost. Not modelled: what
    such a collision does to the reply itself, and a change of baud rate or of the filter by function 33.
    """

    def __init__(self, options: Keller33xOptions | None = None) -> None:
        self.options = options or Keller33xOptions()
        self._faults: dict[str, dict[str, float]] = {}
        self._sensor = Sensor(self.options, self._faults)
        self._firmware = Firmware(self.options, self._sensor, self._faults)
        self._assembler = Assembler(self.options.baud, self.options.buffer)
        self._incoming = Uart(self.options.baud)
        self._outgoing = Uart(self.options.baud)
        self._echoes: list[Burst] = []
        self._random = Random(self.options.seed + 1)
        self._due_s = -math.inf
        self._busy_until_s = -math.inf
        self._powered_at_s = self.options.powered_at_s
        self._replies = 0

    @property
    def writes(self) -> list[tuple[int, bytes]]:
        """Every request that changed the device so far (functions 31, 33, 66 and 95): (function, data)."""
        return list(self._firmware.writes)

    @property
    def echoes(self) -> bool:
        """The converter gives the host back what it sends."""
        return self.options.echo

    def set_pressure(self, kpa: float) -> None:
        """The true gauge pressure at the diaphragm from now on."""
        if not math.isfinite(kpa):
            raise ValueError(f"a pressure at the diaphragm is a finite number, not {kpa}")
        self._sensor.true_kpa = kpa

    def receive(self, data: bytes, now_s: float) -> None:
        """Bytes that the host handed to its port at now_s."""
        self.advance(now_s)
        self._incoming.put(data, now_s)
        self._due_s = self._next_due_s()

    def lose_incoming(self, now_s: float) -> None:
        """What the host has handed over and is not through by now_s never arrives."""
        self._settle(now_s)
        self._incoming.clear()

    def advance(self, now_s: float) -> None:
        """Everything that happens until now_s: bytes arrive, requests end and are executed, the filter settles.

        Bytes may wait until their request can be over: nothing outside tells the difference.
        """
        if now_s >= self._due_s:
            self._settle(now_s)
            self._due_s = self._next_due_s()
        else:
            self._sensor.advance(now_s)

    def transmit(self, now_s: float) -> bytes:
        """The bytes (echoes of the converter included) whose last bit has arrived at the host by now_s."""
        self.advance(now_s)
        return b"".join([burst.data for burst in self.sent(now_s)])

    def sent(self, now_s: float) -> list[Burst]:
        """The same as `transmit` once advanced to now_s, with the times."""
        if self.options.echo and self._incoming.first_s <= now_s:
            self._settle(now_s)
        arrived = self._outgoing.take(now_s)
        if self._echoes:
            arrived = in_order((*self._echoes, *arrived))
            self._echoes = []
        return arrived

    def sending(self) -> Sequence[Burst]:
        """The bytes of a reply on their way out."""
        return self._outgoing.under_way

    def next_event_s(self, sending: bool = True) -> float:
        """No later than this something happens here (sending: the end of a reply, too); inf: nothing is due."""
        if self._due_s == -math.inf:
            self._due_s = self._next_due_s()
        if sending and self._outgoing.under_way:
            last_s = self._outgoing.under_way[-1].ends_s
            if self._sensor.now_s < last_s < self._due_s:
                return last_s
        return self._due_s

    def fault(self, name: str, now_s: float, **args: float) -> None:
        """Makes the named fault of FAULTS happen from now_s on. Raises ValueError for an unknown name or argument."""
        if name not in FAULTS:
            raise ValueError(f"a KELLER 33X has no fault {name!r}; it has {', '.join(FAULTS)}")
        known = _ARGUMENTS.get(name, {})
        if args.keys() - known.keys():
            raise ValueError(f"the fault {name!r} takes {', '.join(known) or 'no arguments'}, not {', '.join(args)}")
        self._settle(now_s)
        if name == "plug":
            self.clear("unplug", now_s)
            return
        chosen = {**known, **args}
        if name == "drift":
            chosen["since_s"] = now_s
        elif name == "corrupt" and chosen["every"] < 1:
            raise ValueError("corrupt: every must be 1 or more")
        elif name == "supply_loss":
            if chosen["off_s"] < 0:
                raise ValueError("supply_loss: off_s must not be negative")
            self._lose_supply(now_s + chosen["off_s"])
            return
        elif name == "unplug":
            self._lose_what_is_under_way()
            if not chosen["supply"]:
                self._lose_supply(math.inf)
        elif name == "freeze":
            self._sensor.pressure_bar()  # it freezes at what it reads now, even if nobody had asked before
        self._faults[name] = chosen

    def clear(self, name: str, now_s: float) -> None:
        """Ends the named fault. Clearing what is not there does nothing. Raises ValueError for an unknown name."""
        if name not in FAULTS:
            raise ValueError(f"a KELLER 33X has no fault {name!r}; it has {', '.join(FAULTS)}")
        self._settle(now_s)
        ended = self._faults.pop(name, {})
        supply_is_back = name == "supply_loss" or (name == "unplug" and ended.get("supply") == 0)
        if supply_is_back and self._powered_at_s > now_s:
            self._powered_at_s = now_s

    def _listens(self, at_s: float) -> bool:
        return "unplug" not in self._faults and at_s >= self._powered_at_s and at_s > self._busy_until_s

    def _settle(self, now_s: float) -> None:
        """As `advance`, single bytes included: for whoever is about to change something, or must know everything."""
        self._due_s = -math.inf
        for burst in self._incoming.take(now_s):
            self._hear(burst)
        if self._assembler.ends_s <= now_s:
            self._end_request()
        self._sensor.advance(now_s)

    def _hear(self, burst: Burst) -> None:
        if self._assembler.ends_s <= burst.begins_s:
            self._end_request()
        if self._listens(burst.begins_s):
            # nothing ends a request between bytes that come one right behind the other, so the others are heard as well
            self._assembler.add(burst.data, burst.ends_s)
        else:
            for at_s, byte in burst.timed():
                if self._assembler.ends_s <= at_s:
                    self._end_request()
                if self._listens(at_s):
                    self._assembler.add(bytes((byte,)), at_s)
        if self.options.echo:
            self._echoes.append(burst)

    def _next_due_s(self) -> float:
        """When the request on the line can be over at the earliest; with echoes, when what the host handed over is through."""
        ends_s = self._assembler.ends_s
        if ends_s < math.inf and ends_s <= self._incoming.first_s:
            return ends_s
        return self._incoming.due_s + (0.0 if self.options.echo else self._assembler.silence_s)

    def _lose_what_is_under_way(self) -> None:
        # bytes that the host is still sending are lost one by one as they arrive: the converter still echoes them
        self._outgoing.clear()
        self._assembler.clear()
        self._busy_until_s = -math.inf

    def _lose_supply(self, back_s: float) -> None:
        self._lose_what_is_under_way()
        self._firmware.initialised = False
        self._powered_at_s = back_s

    def _end_request(self) -> None:
        ends_s, last_bit_s = self._assembler.ends_s, self._assembler.last_bit_s
        body = unseal(self._assembler.take())
        if body is None:
            return
        self._sensor.advance(ends_s)
        self._firmware.powering_up = ends_s < self._powered_at_s + self.options.power_up_s
        reply = self._firmware.answer(body)
        if reply is None or "silent" in self._faults:
            return
        extra_s = self._faults["slow"]["extra_s"] if "slow" in self._faults else 0.0
        self._outgoing.put(self._spoilt(seal(reply)), max(ends_s, last_bit_s + self.options.turnaround_s + extra_s))
        self._busy_until_s = self._outgoing.busy_until_s

    def _spoilt(self, frame: bytes) -> bytes:
        self._replies += 1
        if "corrupt" not in self._faults or self._replies % int(self._faults["corrupt"]["every"]):
            return frame
        bit = self._random.randrange(8 * len(frame))
        return bytes(byte ^ (1 << bit % 8 if index == bit // 8 else 0) for index, byte in enumerate(frame))
