"""The same campaign on a Dask cluster of this machine."""

import builtins
import importlib
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from rich.console import Console

from controller.campaign import workers
from controller.campaign.conduct import Outcome, Ways, conduct
from controller.campaign.errors import CampaignError
from controller.campaign.plan import Plan
from controller.campaign.work import RunCase
from tests.campaign import fakes

# Busy processes of its own: they must not run beside the real-time tests (docs/decisions/0006).
pytestmark = pytest.mark.xdist_group("realtime")

distributed = pytest.importorskip("distributed")

PLAN = Plan(patients=30, seed=5, faults="pairs")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A scheduler and one worker with two threads, in this process, without a dashboard."""
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as local:
        yield local


def run(out: Path, dask: str | None, fake: RunCase = fakes.fair) -> Outcome:
    return conduct(PLAN, Ways(out, 2, dask, plots=False), Event(), Console(file=io.StringIO()), fake)


@pytest.mark.usefixtures("threads")
def test_the_same_bytes_as_here(cluster: Any, tmp_path: Path) -> None:
    run(tmp_path / "here", None)
    run(tmp_path / "there", cluster.scheduler_address)
    for name in ("results.csv", "summary.json", "records/case-000009.sqlite"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_a_procedure_that_raises_is_named(cluster: Any, tmp_path: Path) -> None:
    outcome = run(tmp_path / "out", cluster.scheduler_address, fakes.raising)
    assert outcome.status == 4
    assert outcome.problems[0].startswith("procedure 4 could not be run: ZeroDivisionError")
    assert len((tmp_path / "out" / "journal.jsonl").read_text().splitlines()) >= 4


def test_other_software_on_a_worker_is_refused(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def software() -> dict[str, str | None]:
        return {"version": "9.9" if threading.current_thread() is threading.main_thread() else "9.8", "commit": None}

    monkeypatch.setattr(workers, "software", software)
    with pytest.raises(CampaignError, match=r"has ductoject version 9\.8, this is version 9\.9"):
        run(tmp_path / "out", cluster.scheduler_address)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x"])
def test_no_scheduler_is_told(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CONNECT_S", 1.0)
    with pytest.raises(CampaignError, match="there is no Dask scheduler"):
        run(tmp_path / "out", address)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["", "nonsense", "tcp://127.0.0.1", "tcp://127.0.0.1:no"])
def test_what_is_no_address_is_told_without_a_client_that_complains_later(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "Client", lambda *_args, **_options: pytest.fail("there is a client"))
    with pytest.raises(CampaignError, match=f"--dask = {address}: there is no Dask scheduler: "):
        run(tmp_path / "out", address)
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, *rest: object) -> Any:
        if name == "distributed":
            raise ModuleNotFoundError("No module named 'distributed'")
        return builtins.__import__(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(CampaignError, match=r"pip install 'ductoject\[dask\]'"):
        run(tmp_path / "out", "tcp://127.0.0.1:1")
    assert list(tmp_path.iterdir()) == []
