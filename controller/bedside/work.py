"""What takes its time: short things in a few threads, long ones in processes of their own, both bounded in number and in time.

A report takes a second of computing and draws with libraries that do not let go of the interpreter meanwhile: in this process
it would hold up the views of all windows, and one record that is made to hang would hang the server. In its own process it is
killed.
"""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from controller.bedside.errors import DeniedError
from controller.bedside.job import REFUSED_STATUS

P = ParamSpec("P")
T = TypeVar("T")

THREADS: Final = 3
MOST_WAITING: Final = 16
SHORT_S: Final = 20.0
LONG_S: Final = 60.0
BUSY: Final = "the page's server is busy with other requests: ask again in a moment"


class Work:
    """The threads and processes of one server. job: the module that a long job is run by."""

    def __init__(self, job: str = "controller.bedside.job") -> None:
        self._job = job
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="work")
        self._waiting = 0
        self._alone = asyncio.Semaphore(1)  # there are two processors, and one of them is the procedure's

    async def do(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Something short, in a thread. Raises what it raises, and DeniedError where it takes too long or too much is asked."""
        with self._place():
            future = asyncio.get_running_loop().run_in_executor(self._threads, lambda: act(*args, **kwargs))
            try:
                return await asyncio.wait_for(future, SHORT_S)
            except TimeoutError:
                raise DeniedError(503, f"this has taken longer than {SHORT_S:g} s and was given up") from None

    async def run(self, kind: str, *paths: str) -> bytes:
        """A long job, in a process of its own: what it has written. Raises DeniedError with the sentence that it says."""
        with self._place():
            async with self._alone:
                return await self._run([sys.executable, "-P", "-m", self._job, kind, *paths])

    def close(self) -> None:
        """Nothing new is begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, command: list[str]) -> bytes:
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, stdin=nothing, stdout=pipe, stderr=pipe)
        try:
            out, err = await asyncio.wait_for(process.communicate(), LONG_S)
        except TimeoutError:
            raise DeniedError(503, f"this has taken longer than {LONG_S:g} s and was given up") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode == REFUSED_STATUS:
            raise DeniedError(422, err.decode(errors="replace").strip())
        if process.returncode != 0:
            sys.stderr.write(err.decode(errors="replace"))
            raise DeniedError(500, "this could not be made: the program that makes it has failed")
        return out

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        if self._waiting >= MOST_WAITING:
            raise DeniedError(503, BUSY)
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
