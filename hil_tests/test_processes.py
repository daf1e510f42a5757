"""What happens to and between processes: signals, a killed host and the next start, one port for two, wrong devices."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hil_tests.hosts import ductoject, host
from hil_tests.machine_watch import Steady
from hil_tests.simulated_bench import SimulatedBench
from hil_tests.test_scenarios import at_once

pytestmark = [pytest.mark.simulated_only, pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(300)]

REFUSED_WITHIN_S = 5.0


def wait_for_forward(bench: SimulatedBench, volume_ul: float, timeout_s: float = 20.0, into: str = "forward_ul") -> None:
    """Waits until the plunger has truly gone forward that far; into: of which volume."""
    until_s = time.monotonic() + timeout_s
    while bench.truth()[into] < volume_ul:
        assert time.monotonic() < until_s, f"the plunger has not moved: {bench.truth()}"
        time.sleep(0.01)


@pytest.mark.parametrize("names", [("SIGHUP", "SIGQUIT"), ("SIGTSTP", "SIGPIPE")])
def test_signals_stop_the_pump_first(names: tuple[str, str], steady: Steady) -> None:
    """SIGINT and SIGTERM are scenarios; these come while the line is primed, to two hosts side by side."""

    def one(name: str, folder: Path) -> None:
        folder.mkdir()
        with SimulatedBench.start() as bench, host(bench, folder) as running:
            wait_for_forward(bench, 2.0)
            running.signal(signal.Signals[name])
            result = running.result(timeout_s=20.0)
            truth = bench.truth()
        assert result.outcome is not None, result.said
        assert (result.outcome["reason"], result.status) == ("OPERATOR_STOP", 3), result.said
        assert name in result.outcome["text"]
        assert truth["forward_ul"] < 10.0, "at 10 ul/s the pump has to stand within 0.1 s of the signal, and this one did not"
        assert truth["flow_ul_s"] == 0.0

    def attempt(folder: Path) -> None:
        with ThreadPoolExecutor(at_once()) as pool:
            for done in [pool.submit(one, name, folder / name) for name in names]:
                done.result()

    steady(attempt)


def test_after_a_killed_host_the_next_start_says_what_is_uncertain(steady: Steady) -> None:
    def attempt(folder: Path) -> None:
        with SimulatedBench.start() as bench, host(bench, folder) as running:
            wait_for_forward(bench, 2.0, timeout_s=40.0, into="forward_patient_ul")
            running.signal(signal.SIGKILL)
            assert running.result(timeout_s=10.0).status == -signal.SIGKILL
            bench.wait_until_still(timeout_s=12.0)
            into_patient_ul = bench.truth()["forward_patient_ul"]
        records = folder / "records"
        (record,) = records.glob("*.sqlite")
        assert 0.0 < into_patient_ul < 50.0
        following = ductoject("run", "--scenario", "other_pump", "--records", str(records), "--json")  # ends in its self-test
        sentence = next((line for line in following.said.splitlines() if record.name in line), "")
        assert "between 0.0 and 50.0 uL" in sentence, following.said
        listed = ductoject("records", "list", "--records", str(records), "--json")
        assert '"closed": false' in str(listed.outcome).replace("'", '"').replace("False", "false")

    steady(attempt)


def test_a_port_is_one_processs_own(steady: Steady) -> None:
    def attempt(folder: Path) -> None:
        for name in ("one", "two"):
            (folder / name).mkdir()
        with SimulatedBench.start() as bench, host(bench, folder / "one") as first:
            wait_for_forward(bench, 1.0)
            began_s = time.monotonic()
            with host(bench, folder / "two") as second:
                refused = second.result(timeout_s=10.0)
            assert time.monotonic() - began_s < REFUSED_WITHIN_S
            first.signal(signal.SIGINT)
            result = first.result(timeout_s=20.0)
        assert refused.status == 2, refused.said
        assert "pump.port" in refused.said
        assert "in use" in refused.said or "taken" in refused.said, refused.said
        assert "Traceback" not in refused.said
        assert result.outcome is not None
        assert result.outcome["reason"] == "OPERATOR_STOP", "the first one has not noticed anything"

    steady(attempt)


WRONG = {
    "another address": ({"pump.address": 3}, {"pump.address": 0}, "address"),
    "a range that does not cover the limit": ({"simulation.options.range_max_bar": 1.0}, {}, "200"),
    "another transmitter address": ({"pressure.address": 7}, {"pressure.address": 8}, "address"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_device_is_told_in_a_sentence(what: str, steady: Steady) -> None:
    def attempt(folder: Path) -> None:
        served, expected, word = WRONG[what]
        with SimulatedBench.start(overrides=served) as bench:
            began_s = time.monotonic()
            with host(bench, folder, expected) as running:
                result = running.result(timeout_s=15.0)
            took_s = time.monotonic() - began_s
            truth = bench.truth()
        assert result.outcome is not None, result.said
        assert (result.outcome["reason"], result.status) == ("SELF_TEST_FAILED", 4), result.said
        assert word in result.outcome["text"], result.outcome["text"]
        assert took_s < REFUSED_WITHIN_S, f"{what} took {took_s:.1f} s to tell"
        assert truth["forward_ul"] == truth["withdrawn_ul"] == 0.0

    steady(attempt)


def test_a_wrong_baud_rate(steady: Steady) -> None:
    """A pseudo-terminal carries bytes at any rate; that they make no sense at another one is the simulated pump's doing."""

    def attempt(folder: Path) -> None:
        with SimulatedBench.start() as bench:
            bench.do({"do": "fault", "name": "pump.wrong_baud"})
            began_s = time.monotonic()
            with host(bench, folder) as running:
                result = running.result(timeout_s=15.0)
            took_s = time.monotonic() - began_s
        assert result.outcome is not None, result.said
        assert (result.outcome["reason"], result.status) == ("SELF_TEST_FAILED", 4), result.said
        assert "baud" in result.outcome["text"]
        assert took_s < REFUSED_WITHIN_S

    steady(attempt)


def test_ports_exchanged(steady: Steady) -> None:
    """A transmitter where the pump should be."""

    def attempt(folder: Path) -> None:
        with SimulatedBench.start() as bench:
            urls = bench.urls
            began_s = time.monotonic()
            with host(bench, folder, {"pump.port": urls["pressure"], "pressure.port": urls["pump"]}) as running:
                result = running.result(timeout_s=15.0)
            took_s = time.monotonic() - began_s
            truth = bench.truth()
        assert (result.outcome or {}).get("reason") == "SELF_TEST_FAILED", result.said
        assert "pump" in str((result.outcome or {})["text"])
        assert took_s < REFUSED_WITHIN_S
        assert truth["forward_ul"] == truth["withdrawn_ul"] == 0.0

    steady(attempt)
