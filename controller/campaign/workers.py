"""Who does the work: processes of this machine, or a Dask cluster, each as an executor of concurrent.futures."""

import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from controller.campaign.errors import CampaignError
from controller.campaign.software import sentence, software

CONNECT_S = 10.0
END_S = 3.0

_IN_FLIGHT = 2  # tasks a worker: one that runs, and one that waits so that nobody idles


_NOT_FOR_WORKERS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Workers:
    """submit: as an Executor's. in_flight: most tasks to give at a time.

    withdraw: takes a task back unless it has begun. abandon: ends what runs, in bounded time.
    """

    submit: Callable[..., Future[Any]]
    in_flight: int
    withdraw: Callable[[Future[Any]], object]
    abandon: Callable[[], None]


@contextmanager
def local_workers(jobs: int) -> Iterator[Workers]:
    """So many fresh processes of this machine. They end with the block, at the latest when this process is gone."""
    context = multiprocessing.get_context("spawn")  # the same everywhere, and nothing of this process is inherited
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin_worker)

    def submit(*task: Any) -> Future[Any]:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _NOT_FOR_WORKERS)  # a process that begins here has it from us
        try:
            return executor.submit(*task)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def abandon() -> None:
        executor.shutdown(wait=False, cancel_futures=True)
        workers = set(multiprocessing.active_children()) - others
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.join(END_S)

    ended_well = False
    try:
        yield Workers(submit, _IN_FLIGHT * jobs, Future.cancel, abandon)
        ended_well = True
    finally:
        if not ended_well:
            abandon()
        executor.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    """A wish to stop is for the campaign, which lets its workers finish what they have begun. If it is gone, they are too."""
    for number in _NOT_FOR_WORKERS:
        signal.signal(number, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def end_with_parent() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=end_with_parent, daemon=True).start()


@contextmanager
def dask_workers(address: str) -> Iterator[Workers]:
    """The threads of a Dask cluster's workers. They have to have the same software. Raises CampaignError."""
    try:
        distributed: Any = importlib.import_module("distributed")  # an extra
    except ImportError:
        raise CampaignError(["--dask: the package distributed is missing; pip install 'ductoject[dask]'"]) from None
    try:
        distributed.comm.resolve_address(address)  # a client that can not even read it complains once more when it is collected
        client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:  # TimeoutError is an OSError
        raise CampaignError([f"--dask = {address}: there is no Dask scheduler: {error}"]) from error
    with client:
        threads = sum(client.ncores().values())
        if threads == 0:
            raise CampaignError([f"--dask = {address}: the cluster has no workers"])
        _refuse_other_software(address, client.run(software, on_error="return"))
        executor = client.get_executor(pure=False)

        def leave(task: Future[Any]) -> None:
            """A cluster would give up a task that has begun as well, and what it found."""

        yield Workers(executor.submit, _IN_FLIGHT * threads, leave, lambda: executor.shutdown(wait=False))


def _refuse_other_software(address: str, answers: dict[str, object]) -> None:
    ours = software()
    problems = []
    for worker, answer in sorted(answers.items()):
        if isinstance(answer, dict) and answer != ours:
            problems.append(f"--dask = {address}: worker {worker} has ductoject {sentence(answer)}, this is {sentence(ours)}")
        elif not isinstance(answer, dict):
            problems.append(f"--dask = {address}: worker {worker} has no ductoject that can be asked: {answer}")
    if problems:
        raise CampaignError(problems)
