"""Campaigns of tests are of one software, also where somebody works on the checkout while they run."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from controller.campaign import conduct, folder
from controller.campaign.workers import Workers


@pytest.fixture(autouse=True, scope="session")
def one_software() -> Iterator[None]:
    """Folders are told the same all the time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(folder, "software", lambda: {"version": "0.0", "commit": None})
        yield


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads of this process do the work, where it does not matter who does it: processes take seconds to begin."""

    @contextmanager
    def workers(jobs: int) -> Iterator[Workers]:
        with ThreadPoolExecutor(jobs) as executor:
            yield Workers(executor.submit, 2 * jobs, Future.cancel, lambda: executor.shutdown(cancel_futures=True))

    monkeypatch.setattr(conduct, "local_workers", workers)
