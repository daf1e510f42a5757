"""The stand-ins' latencies, measured once more on the wire: the real drivers' observations against the moment of the request."""

from itertools import pairwise
from typing import Any

import pytest

from controller.virtual.direct import latencies
from drivers.button import ButtonClosed, ButtonProved
from drivers.keller33x.driver import Keller33xDriver
from drivers.modem_button.driver import ModemButtonDriver
from drivers.ne1000.driver import Ne1000Driver
from drivers.pressure import PressureConnected, PressureSample
from drivers.pump import PumpHeard
from simulators.scenario import load_scenario
from tests.procedures.harness import Procedure

REPLY_S = 0.001
REQUESTS = ("connect", "prepare", "run", "poll", "stop", "release")


class Exchange:
    """One request, when its replies were in, and the plunger's travel when it was given."""

    def __init__(self, request: str, at_s: float, forward_ul: float) -> None:
        self.request, self.at_s, self.forward_ul = request, at_s, forward_ul
        self.replies_s: list[float] = []


class Ear:
    """Hears what the drivers of one procedure are asked and what they find."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.pressure: list[tuple[float, object]] = []
        self.button: list[tuple[float, object]] = []
        self.motion_s: list[float] = []  # when the plunger began to move
        self.procedure = Procedure(scenario=load_scenario("pain_button"))

    def run(self) -> None:
        last_ul = [0.0, 0.0]

        def look(bench: Any) -> None:
            if bench.flow_ul_s > 0.0 and last_ul[1] == 0.0:
                rate_ul_s = 10.0 if bench.tip == "air" else 5.0
                self.motion_s.append(bench.now_s - (bench.forward_ul - last_ul[0]) / rate_ul_s)
            last_ul[:] = [bench.forward_ul, bench.flow_ul_s]

        self.procedure.bench.watchers.append(look)
        self.procedure.run()

    def first(self, request: str) -> Exchange:
        return next(exchange for exchange in self.exchanges if exchange.request == request)


@pytest.fixture(scope="module")
def ear() -> Ear:
    """One procedure by wire that the button stops, with an ear at its drivers."""
    ear = Ear()
    with pytest.MonkeyPatch.context() as patch:
        for request in REQUESTS:
            patch.setattr(Ne1000Driver, request, _asked(ear, request, getattr(Ne1000Driver, request)))
        patch.setattr(Ne1000Driver, "receive", _answered(ear, Ne1000Driver.receive))
        patch.setattr(Keller33xDriver, "receive", _found(ear.pressure, Keller33xDriver.receive))
        patch.setattr(ModemButtonDriver, "sample", _found(ear.button, ModemButtonDriver.sample))
        ear.run()
    return ear


def _asked(ear: Ear, request: str, original: Any) -> Any:
    def ask(driver: Ne1000Driver, *args: Any, **more: Any) -> Any:
        ear.exchanges.append(Exchange(request, args[-1], ear.procedure.bench.forward_ul))
        return original(driver, *args, **more)

    return ask


def _answered(ear: Ear, original: Any) -> Any:
    def receive(driver: Ne1000Driver, data: bytes, now_s: float) -> Any:
        current = ear.exchanges[-1] if ear.exchanges else None
        found = original(driver, data, now_s)
        if current is not None:
            current.replies_s += [now_s - current.at_s for item in found if isinstance(item, PumpHeard)]
        return found

    return receive


def _found(heard: list[tuple[float, object]], original: Any) -> Any:
    def take(driver: object, data: object, now_s: float) -> Any:
        found = original(driver, data, now_s)
        heard.extend((now_s, item) for item in found)
        return found

    return take


@pytest.mark.parametrize(
    ("request_", "replies_s"),
    [
        ("prepare", latencies.PREPARE_S),
        ("run", (latencies.RUN_S,)),
        ("poll", (latencies.POLL_S,)),
        ("release", latencies.RELEASE_S),
    ],
)
def test_replies_of_the_pump(ear: Ear, request_: str, replies_s: tuple[float, ...]) -> None:
    assert ear.first(request_).replies_s == pytest.approx(list(replies_s), abs=REPLY_S)


def test_the_pump_is_prepared_sooner_behind_a_stop(ear: Ear) -> None:
    last = [exchange for exchange in ear.exchanges if exchange.request == "prepare"][-1]
    assert last.replies_s == pytest.approx(list(latencies.PREPARE_AFTER_STOP_S), abs=REPLY_S)


def test_connecting_to_the_pump(ear: Ear) -> None:
    replies_s = ear.first("connect").replies_s
    assert len(replies_s) == len(latencies.CONNECT_S)
    assert replies_s == pytest.approx(list(latencies.CONNECT_S), abs=0.005)
    assert replies_s[-1] == pytest.approx(latencies.CONNECT_S[-1], abs=REPLY_S)


def test_a_stop_goes_on_behind_the_reply_it_met_and_the_plunger_stands_after_its_command(ear: Ear) -> None:
    stop = ear.first("stop")
    said = latencies.STOP_SAID_S + latencies.STOP_SEEN_S
    assert len(stop.replies_s) in (len(said), len(said) + 1)
    met_s = stop.replies_s[0] if len(stop.replies_s) > len(said) else 0.0
    assert [reply_s - met_s for reply_s in stop.replies_s[-len(said) :]] == pytest.approx(list(said), abs=REPLY_S)
    went_on_ul = ear.procedure.bench.forward_ul - stop.forward_ul
    assert went_on_ul / 5.0 == pytest.approx(met_s + latencies.COMMAND_S, abs=REPLY_S)


def test_from_run_to_motion(ear: Ear) -> None:
    runs = [exchange for exchange in ear.exchanges if exchange.request == "run"][: len(ear.motion_s)]
    assert len(runs) == 3
    assert [began_s - run.at_s for began_s, run in zip(ear.motion_s, runs, strict=True)] == pytest.approx(
        [latencies.COMMAND_S] * 3, abs=REPLY_S
    )


def test_the_transmitter(ear: Ear) -> None:
    connected_s = next(now_s for now_s, item in ear.pressure if isinstance(item, PressureConnected))
    assert connected_s == pytest.approx(latencies.PRESSURE_CONNECT_S, abs=REPLY_S)
    ages_s = [now_s - item.asked_s for now_s, item in ear.pressure if isinstance(item, PressureSample)]
    assert max(ages_s) == pytest.approx(latencies.SAMPLE_S, abs=REPLY_S)


def test_the_button(ear: Ear) -> None:
    closed_s = [now_s for now_s, item in ear.button if isinstance(item, ButtonClosed)]
    released_s = next(entry["t_s"] for entry in ear.procedure.bench.log if entry["what"] == "release")
    assert isinstance(released_s, float)
    assert closed_s[1] - released_s == pytest.approx(latencies.BUTTON_RELEASE_S, abs=0.006)
    proved_s = [now_s for now_s, item in ear.button if isinstance(item, ButtonProved) and 1.0 < now_s < 4.0]
    gaps_s = [later - earlier for earlier, later in pairwise(proved_s)]
    assert gaps_s == pytest.approx([latencies.PULSE_PERIOD_S] * len(gaps_s), abs=0.006)
