"""KELLER's own public client reads the simulated transmitter through a real pseudo-terminal, in real time."""

import os
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator

import pytest
from keller_protocol.keller_protocol import KellerProtocol

from simulators.keller33x import Keller33x, Keller33xOptions

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(30)]

ADDRESS = 1
REPLY_LIMIT_S = 0.5


class Served:
    """A transmitter behind a pseudo-terminal, moved on by a thread until it is closed."""

    def __init__(self, options: Keller33xOptions) -> None:
        self.device = Keller33x(options)
        # the host's end stays open here, so that the client may open and close it for every telegram
        self._master, self._host_end = os.openpty()
        tty.setraw(self._host_end)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._host_end)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="transmitter")
        self._thread.start()

    def act(self, order: Callable[[Keller33x, float], None]) -> None:
        """Does something to the device between two moves of the thread."""
        with self._lock:
            order(self.device, time.monotonic())

    def close(self) -> None:
        self._ended.set()
        self._thread.join(timeout=5.0)
        assert not self._thread.is_alive()
        os.close(self._master)
        os.close(self._host_end)

    def _serve(self) -> None:
        while not self._ended.is_set():
            readable, _, _ = select.select([self._master], [], [], 0.0005)
            with self._lock:
                now_s = time.monotonic()
                if readable:
                    self.device.receive(os.read(self._master, 4096), now_s)
                reply = self.device.transmit(now_s)
            if reply:
                os.write(self._master, reply)


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Makes served transmitters and closes them all."""
    running: list[Served] = []

    def start(**options: object) -> Served:
        running.append(Served(Keller33xOptions(**options)))  # type: ignore[arg-type]  # any option by name
        return running[-1]

    yield start
    for served in running:
        served.close()


def client(served: Served, echo: bool = False, baud: int = 115200) -> KellerProtocol:
    return KellerProtocol(served.port, baud_rate=baud, timeout=REPLY_LIMIT_S, echo=echo)


@pytest.mark.parametrize("address", [ADDRESS, 250])
def test_the_client_reads_identity_ranges_and_values(serve: Callable[..., Served], address: int) -> None:
    served = serve(serial_number=5157001, range_min_bar=-1.0, range_max_bar=10.0, noise_kpa=0.0, temperature_c=31.5)
    bus = client(served)
    assert bus.f48(address) == "5.20-24.10"
    assert bus.f69(address) == 5157001
    assert (bus.f30(address, 80), bus.f30(address, 81)) == (-1.0, 10.0)
    assert (bus.f30(address, 64), bus.f30(address, 65)) == (0.0, 1.0)
    assert bus.f32(address, 3) == 1
    served.act(lambda device, _now_s: device.set_pressure(35.0))
    deadline_s = time.monotonic() + 5.0
    while abs(bus.f73(address, 1) - 0.353) > 1e-6:  # the filter of the transmitter settles; its offset is 0.3 kPa
        assert time.monotonic() < deadline_s
    assert bus.f74(address, 1) == 35300
    assert bus.f73(address, 4) == 31.5
    assert bus.f74(address, 4) == 3150
    assert served.device.writes == []


def test_the_client_sees_what_it_writes(serve: Callable[..., Served]) -> None:
    served = serve(noise_kpa=0.0, offset_kpa=3.0)
    bus = client(served)
    bus.f48(ADDRESS)
    bus.f95(ADDRESS, cmd=0)
    assert bus.f73(ADDRESS, 1) == pytest.approx(0.0, abs=1e-6)
    assert bus.f30(ADDRESS, 64) == pytest.approx(-0.03)
    bus.f95(ADDRESS, cmd=0, value=2.5)
    assert bus.f73(ADDRESS, 1) == pytest.approx(2.5)
    bus.f95(ADDRESS, cmd=1)
    assert bus.f73(ADDRESS, 1) == pytest.approx(0.03)
    bus.f31(ADDRESS, 65, 2.0)
    assert bus.f73(ADDRESS, 1) == pytest.approx(0.06)
    bus.f33(ADDRESS, 7, 5)
    assert bus.f32(ADDRESS, 7) == 5
    assert bus.f66(ADDRESS, 101) == 101
    assert bus.f66(250, 0) == 101
    assert [function for function, _ in served.device.writes] == [95, 95, 95, 31, 33, 66]


def test_the_client_takes_an_echoing_converter(serve: Callable[..., Served]) -> None:
    bus = client(serve(echo=True), echo=True)
    bus.f48(ADDRESS)
    assert bus.f69(ADDRESS) == 5157001


def test_the_client_reads_at_the_factory_baud_rate(serve: Callable[..., Served]) -> None:
    bus = client(serve(baud=9600), baud=9600)
    bus.f48(ADDRESS)
    assert bus.f69(ADDRESS) == 5157001


def test_the_client_notices_a_supply_break_a_bad_check_sum_and_silence(serve: Callable[..., Served]) -> None:
    served = serve()
    bus = client(served)
    with pytest.raises(Exception, match="Device Error number: 201"):
        bus.f73(ADDRESS, 1)
    bus.f48(ADDRESS)
    bus.f73(ADDRESS, 1)
    served.act(lambda device, now_s: device.fault("supply_loss", now_s, off_s=0.0))
    with pytest.raises(Exception, match="Device Error number: 201"):
        bus.f73(ADDRESS, 1)
    bus.f48(ADDRESS)
    served.act(lambda device, now_s: device.fault("corrupt", now_s, every=1))
    with pytest.raises(Exception, match="CRC16 Error"):
        bus.f73(ADDRESS, 1)
    served.act(lambda device, now_s: device.clear("corrupt", now_s))
    served.act(lambda device, now_s: device.fault("unplug", now_s))
    with pytest.raises(ConnectionRefusedError, match="did not respond"):
        bus.f73(ADDRESS, 1)
    served.act(lambda device, now_s: device.fault("plug", now_s))
    assert bus.f69(ADDRESS) == 5157001
