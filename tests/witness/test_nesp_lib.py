"""An independent witness: the public client nesp-lib delivers doses with the simulated pump through a real pseudo-terminal."""

import os
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import nesp_lib
import pytest

from simulators.ne1000 import Ne1000, Ne1000Options

pytestmark = [pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(40)]

STEP_S = 0.001
JOIN_S = 5.0


class PtyServer:
    """One simulated pump in real time behind a pseudo-terminal; `port` is what a client opens."""

    def __init__(self, pump: Ne1000) -> None:
        self._pump = pump
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._changed = threading.Condition()
        self._ending = False
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._serve, name="simulated NE-1000")
        self._start_s = time.monotonic()
        self._thread.start()

    def close(self) -> None:
        """Ends the server; what went wrong in it goes wrong here."""
        self._ending = True
        self._thread.join(JOIN_S)
        assert not self._thread.is_alive()
        os.close(self._master)
        os.close(self._slave)
        if self._error is not None:
            raise self._error

    def wait_for(self, reached: Callable[[Ne1000], bool], timeout_s: float) -> bool:
        """Whether the pump gets there in time."""
        with self._changed:
            return self._changed.wait_for(lambda: reached(self._pump), timeout_s)

    def _serve(self) -> None:
        try:
            while not self._ending:
                readable, _, _ = select.select([self._master], [], [], STEP_S)
                data = os.read(self._master, 4096) if readable else b""
                with self._changed:
                    self._step(data)
                    self._changed.notify_all()
        except OSError as error:
            self._error = error

    def _step(self, data: bytes) -> None:
        now_s = time.monotonic() - self._start_s
        self._pump.advance(now_s)
        if data:
            self._pump.receive(data, now_s)
        reply = self._pump.transmit(now_s)
        if reply:
            os.write(self._master, reply)


@contextmanager
def served(pump: Ne1000) -> Iterator[PtyServer]:
    server = PtyServer(pump)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def client(server: PtyServer, safe_mode_timeout_s: int = 0) -> Iterator[nesp_lib.Pump]:
    """nesp-lib's pump; its heartbeat thread is ended with it."""
    with nesp_lib.Port(server.port, 19200) as port:
        witness = nesp_lib.Pump(port, model_number=1000, safe_mode_timeout_s=safe_mode_timeout_s)
        try:
            yield witness
        finally:
            if safe_mode_timeout_s:
                witness.safe_mode_timeout_s = 0


def program(witness: nesp_lib.Pump, volume_ml: float, direction: nesp_lib.PumpingDirection) -> None:
    """10 uL/s; every value is read back by the client's own parser."""
    witness.syringe_diameter_mm = 4.699
    witness.pumping_direction = direction
    witness.pumping_volume_ml = volume_ml
    witness.pumping_rate_ml_per_min = 0.6
    assert witness.syringe_diameter_mm == 4.699
    assert witness.pumping_direction is direction
    assert witness.pumping_volume_ml == pytest.approx(volume_ml)
    assert witness.pumping_rate_ml_per_min == pytest.approx(0.6)


def test_dose_in_basic_mode() -> None:
    pump = Ne1000()
    with served(pump) as server, client(server) as witness:
        assert witness.firmware_version == (3, 928)
        program(witness, 0.020, nesp_lib.PumpingDirection.INFUSE)
        witness.run()
        assert witness.status is nesp_lib.Status.STOPPED
        assert witness.volume_infused_ml == pytest.approx(0.020)
        assert witness.volume_withdrawn_ml == 0.0
        witness.volume_infused_clear()
        assert witness.volume_infused_ml == 0.0
    assert (pump.forward_ul, pump.withdrawn_ul) == (20.0, 0.0)


def test_withdrawal_in_basic_mode() -> None:
    pump = Ne1000()
    with served(pump) as server, client(server) as witness:
        program(witness, 0.010, nesp_lib.PumpingDirection.WITHDRAW)
        witness.run()
        assert witness.volume_withdrawn_ml == pytest.approx(0.010)
    assert (pump.forward_ul, pump.withdrawn_ul) == (0.0, 10.0)


def test_stop_pauses_and_run_delivers_the_rest() -> None:
    pump = Ne1000()
    with served(pump) as server, client(server) as witness:
        program(witness, 0.020, nesp_lib.PumpingDirection.INFUSE)
        witness.run(wait_while_running=False)
        assert server.wait_for(lambda pump: pump.forward_ul > 5.0, timeout_s=5.0)
        witness.stop()
        assert witness.status is nesp_lib.Status.PAUSED
        assert 5.0 < pump.forward_ul < 19.0
        witness.run()
        assert witness.status is nesp_lib.Status.STOPPED
    assert pump.forward_ul == pytest.approx(20.0, abs=1e-9)


def test_dose_in_safe_mode_with_nothing_but_the_heartbeat_to_feed_the_watchdog() -> None:
    pump = Ne1000()
    with served(pump) as server, client(server, safe_mode_timeout_s=2) as witness:
        assert witness.safe_mode_timeout_s == 2
        assert pump.safe_mode
        program(witness, 0.030, nesp_lib.PumpingDirection.INFUSE)
        witness.run(wait_while_running=False)
        assert server.wait_for(lambda pump: pump.status == "S", timeout_s=10.0)
        assert witness.status is nesp_lib.Status.STOPPED
        assert witness.volume_infused_ml == pytest.approx(0.030)
    assert not pump.safe_mode
    assert pump.alarm is None
    assert pump.forward_ul == 30.0


def test_errors_are_understood() -> None:
    with served(Ne1000()) as server, client(server) as witness:
        program(witness, 0.020, nesp_lib.PumpingDirection.INFUSE)
        with pytest.raises(ValueError):
            witness.pumping_rate_ml_per_min = 0.9
        with pytest.raises(nesp_lib.StateException):
            witness.stop()
    with (
        served(Ne1000(Ne1000Options(model="NE500"))) as server,
        pytest.raises(nesp_lib.ModelException),
        client(server),
    ):
        raise AssertionError("a wrong model was accepted")
