"""The firmware of the transmitter: one request body in, one reply body out.

Source: KELLER, "Communication protocol X-Line", functions of the KELLER bus with their lengths, limits and exceptions.
Here: 30, 31, 32, 33, 48, 66, 69, 73, 74, 95. Functions 100 and 101 and the Modbus dialect are answered as a transmitter
without them does. Configuration bytes are kept and given back, but do not change what the transmitter does.
"""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from simulators.keller33x.options import Keller33xOptions
from simulators.keller33x.sensor import P1_BIT, Sensor

TRANSPARENT_ADDRESS = 250
_NOT_IMPLEMENTED, _BAD_PARAMETER, _BAD_DATA, _INVALID_VALUE, _NOT_INITIALISED = 1, 2, 3, 4, 32
_INITIALISE = 48
_POWERING_UP_BIT = 0b1000_0000
_LAST_PRESSURE_CHANNEL = 2
_HIGHEST_CHANNEL = 5
_HIGHEST_COEFFICIENT = 111
_CONFIGURATION_BYTES = 14
_CFG_P, _CFG_T, _CNT_T, _UART = 0, 1, 3, 9
_INT32_STEP_PA = 10
_PA_PER_BAR = 100_000
_CENTI_C_PER_C = 100


class _Refused(Exception):  # noqa: N818 - not an error of ours: the exception reply of the bus
    """An exception reply. code: what the vendor calls the exception error."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


_FLOAT32 = struct.Struct(">f")
_FLOAT32_AND_STATUS = struct.Struct(">fB")


@dataclass(slots=True)
class Firmware:
    """What the transmitter knows and answers. Nothing here knows about time, the line or the supply.

    `writes` keeps every request that changed the device (31, 33, 66, 95), oldest first: (function, data).
    """

    options: Keller33xOptions
    sensor: Sensor
    faults: dict[str, dict[str, float]]
    initialised: bool = False
    powering_up: bool = False
    address: int = 0
    writes: list[tuple[int, bytes]] = field(default_factory=list)
    _coefficients: dict[int, float] = field(default_factory=dict)
    _configuration: bytearray = field(default_factory=bytearray)
    _functions: dict[int, tuple[tuple[int, ...], Callable[[bytes], bytes]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        options = self.options
        self.address = options.address
        self._coefficients = {67: 1.0, 69: 1.0, 71: 1.0, 80: options.range_min_bar, 81: options.range_max_bar}
        if options.second_sensor:
            self._coefficients |= {82: options.range_min_bar, 83: options.range_max_bar}
        self._coefficients |= {84: -20.0, 85: 100.0, 86: -20.0, 87: 100.0}
        self._configuration = bytearray(_CONFIGURATION_BYTES)
        self._configuration[_CFG_P] = 0b11 if options.second_sensor else 0b01
        self._configuration[_CFG_T] = self._configuration[_CFG_P]
        self._configuration[_CNT_T] = 1
        self._configuration[_UART] = 1 if options.baud == 115200 else 0
        self._functions = {
            30: ((1,), self._read_coefficient),
            31: ((5,), self._write_coefficient),
            32: ((1,), self._read_configuration),
            33: ((2,), self._write_configuration),
            _INITIALISE: ((0,), self._initialise),
            66: ((1,), self._change_address),
            69: ((0,), self._read_serial_number),
            73: ((1,), self._read_float),
            74: ((1,), self._read_int32),
            95: ((1, 5), self._set_zero),
        }

    def answer(self, body: bytes) -> bytes | None:
        """The reply to a request whose check sum is right, without check sums; None where it is for somebody else."""
        called, function, data = body[0], body[1], body[2:]
        if called not in (self.address, TRANSPARENT_ADDRESS):
            return None
        try:
            return body[:2] + self._execute(function, data)
        except _Refused as refused:
            return bytes((called, function | 0x80, refused.code))

    def _execute(self, function: int, data: bytes) -> bytes:
        if not self.initialised and function != _INITIALISE:
            raise _Refused(_NOT_INITIALISED)
        if function not in self._functions:
            raise _Refused(_NOT_IMPLEMENTED)
        lengths, execute = self._functions[function]
        if len(data) not in lengths:
            raise _Refused(_BAD_DATA)
        return execute(data)

    def _initialise(self, _data: bytes) -> bytes:
        status = 1 if self.initialised else 0
        self.initialised = True
        return bytes((*self.options.class_group, *self.options.year_week, self.options.buffer, status))

    def _read_serial_number(self, _data: bytes) -> bytes:
        if "other_serial" in self.faults:
            return (int(self.faults["other_serial"]["n"]) % 2**32).to_bytes(4, "big")
        return self.options.serial_number.to_bytes(4, "big")

    def _read_coefficient(self, data: bytes) -> bytes:
        number = data[0]
        if number > _HIGHEST_COEFFICIENT:
            raise _Refused(_BAD_PARAMETER)
        if number == 64:
            return _FLOAT32.pack(self.sensor.zero_bar)
        if number == 65:
            return _FLOAT32.pack(self.sensor.gain)
        return _FLOAT32.pack(self._coefficients.get(number, 0.0))

    def _write_coefficient(self, data: bytes) -> bytes:
        number = data[0]
        (value,) = _FLOAT32.unpack(data[1:])
        if not (64 <= number <= 71 or 100 <= number <= _HIGHEST_COEFFICIENT):
            raise _Refused(_BAD_PARAMETER)
        if not math.isfinite(value):
            raise _Refused(_BAD_DATA)
        self.writes.append((31, data))
        if number == 64:
            self.sensor.zero_bar = value
        elif number == 65:
            self.sensor.gain = value
        else:
            self._coefficients[number] = value
        return b"\x00"

    def _read_configuration(self, data: bytes) -> bytes:
        if data[0] >= _CONFIGURATION_BYTES:
            raise _Refused(_BAD_PARAMETER)
        return bytes((self._configuration[data[0]],))

    def _write_configuration(self, data: bytes) -> bytes:
        number, value = data
        if number >= _CONFIGURATION_BYTES:
            raise _Refused(_BAD_PARAMETER)
        self.writes.append((33, data))
        self._configuration[number] = value
        return b"\x00"

    def _change_address(self, data: bytes) -> bytes:
        if 1 <= data[0] < TRANSPARENT_ADDRESS:
            self.writes.append((66, data))
            self.address = data[0]
        return bytes((self.address,))

    def _status(self, p1: float) -> int:
        status = _POWERING_UP_BIT if self.powering_up else 0
        # the fault "nan" leaves the status clean on purpose: a host must not believe the status alone
        if math.isinf(p1):
            status |= P1_BIT
        if "stat" in self.faults:
            status |= int(self.faults["stat"]["bits"]) & 0xFF
        return status

    def _channel(self, data: bytes) -> tuple[int, float, int]:
        """Number, value (bar or degrees C; NaN where the channel is not active) and status byte."""
        channel = data[0]
        if channel == 1:
            p1 = self.sensor.pressure_bar()
            return channel, p1, self._status(p1)
        if channel > _HIGHEST_CHANNEL:
            raise _Refused(_BAD_PARAMETER)
        others = {2: self.sensor.second_pressure_bar, 4: self.sensor.temperature_c, 5: self.sensor.second_temperature_c}
        return channel, others[channel]() if channel in others else math.nan, self._status(0.0)

    def _read_float(self, data: bytes) -> bytes:
        _, value, status = self._channel(data)
        return _FLOAT32_AND_STATUS.pack(value, status)

    def _read_int32(self, data: bytes) -> bytes:
        channel, value, status = self._channel(data)
        if not math.isfinite(value):
            raise _Refused(_INVALID_VALUE)
        per_unit, step = (_PA_PER_BAR, _INT32_STEP_PA) if channel <= _LAST_PRESSURE_CHANNEL else (_CENTI_C_PER_C, 1)
        whole = round(value * per_unit / step) * step
        if abs(whole) >= 2**31:
            raise _Refused(_INVALID_VALUE)
        return whole.to_bytes(4, "big", signed=True) + bytes((status,))

    def _set_zero(self, data: bytes) -> bytes:
        if self.powering_up:
            raise _Refused(_NOT_IMPLEMENTED)
        command = data[0]
        if command not in (0, 1):
            raise _Refused(_BAD_PARAMETER)
        self.writes.append((95, data))
        if command == 1:
            self.sensor.zero_bar = 0.0
            return b"\x00"
        wanted_bar = _FLOAT32.unpack(data[1:])[0] if len(data) > 1 else 0.0
        now_bar = self.sensor.pressure_bar()
        if not (math.isfinite(now_bar) and math.isfinite(wanted_bar)):
            raise _Refused(_BAD_DATA)
        self.sensor.zero_bar += wanted_bar - now_bar
        return b"\x00"
