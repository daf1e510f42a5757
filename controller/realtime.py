"""What keeps the loop on time: each right and setting is taken where it can be had, and where not, that is said.

A program that only waits and answers needs little: to be run at once when its time has come (SCHED_FIFO, a CPU to stay on, no
deep sleep of the processor), and never to wait for a page or a garbage collection. None of it makes anything faster.
"""

import contextlib
import ctypes
import gc
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PRIORITY: Final = 50
"""Below the kernel's own threads for interrupts (50 is where they begin; of equals the first goes on), above everything else."""
LONGEST_TIMER_MS: Final = 1
LATENCY_DEVICE: Final = Path("/dev/cpu_dma_latency")
RESERVE_BYTES: Final = 8 << 20
"""Of memory for small objects, and of memory for large ones: a choice."""
_ARENA_BYTES, _SMALL_BYTES, _LARGE_BYTES = 1 << 20, 448, 4096
_MCL_CURRENT, _MCL_FUTURE = 1, 2
_M_TRIM_THRESHOLD, _TRIM_BYTES = -1, 128 << 10  # mallopt(3), and its default
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Measure:
    """One of them: whether it was had, and a sentence for people."""

    name: str
    had: bool
    text: str


def adapters(ports: Mapping[str, str], devices: Path = Path("/sys/class/tty")) -> list[Measure]:
    """How long the USB adapters behind these opened ports keep bytes back: those that have such a timer, and no others.

    ports: path or URL by name. Opening a port has asked its adapter for the low-latency mode, which sets the timer to 1 ms.
    """
    found = []
    for name, port in ports.items():
        try:
            timer_ms = int((devices / Path(port).resolve().name / "device" / "latency_timer").read_text())
        except (OSError, ValueError):
            continue  # another kind of port: it keeps nothing back, or does not say so
        had = timer_ms <= LONGEST_TIMER_MS
        remedy = "" if had else f"; write 1 into latency_timer, by a udev rule for this adapter (here {port})"
        found.append(Measure(f"adapter of the {name}", had, f"keeps bytes back for {timer_ms} ms{remedy}"))
    return found


def missing(measures: list[Measure]) -> list[str]:
    """What could not be had, a sentence each."""
    return [f"{each.name}: {each.text}" for each in measures if not each.had]


@contextmanager
def real_time(cpu: int | None) -> Iterator[list[Measure]]:
    """Takes all of it, says what it got, and gives it back. cpu: the one to stay on; None: the system may choose each time."""
    with ExitStack() as stack:
        yield [
            _take(stack, "garbage collection", _stop_collecting),
            _take(stack, "memory lock", _lock_memory),
            *([] if cpu is None else [_take(stack, "processor", lambda: _stay_on(cpu))]),
            _take(stack, "sleep of the processor", lambda: _keep_awake(LATENCY_DEVICE)),
            _take(stack, "priority", _go_first),
        ]


def _take(stack: ExitStack, name: str, take: Callable[[], tuple[str, Callable[[], object]]]) -> Measure:
    try:
        text, give_back = take()
    except OSError as error:
        return Measure(name, False, f"{error.strerror or error}; {_REMEDIES[name]}")
    stack.callback(give_back)
    return Measure(name, True, text)


_REMEDIES = {
    "garbage collection": "",
    "memory lock": "needs CAP_IPC_LOCK, or `ulimit -l unlimited`",
    "processor": "the CPU has to be one that this program may run on",
    "sleep of the processor": f"{LATENCY_DEVICE} has to be writable: a udev rule for the group that runs this",
    "priority": f"needs CAP_SYS_NICE, or `ulimit -r {PRIORITY}`",
}


def _stop_collecting() -> tuple[str, Callable[[], object]]:
    gc.collect()
    gc.freeze()
    gc.disable()

    def give_back() -> None:
        gc.enable()
        gc.unfreeze()

    return "none while this lasts", give_back


def _lock_memory() -> tuple[str, Callable[[], object]]:
    if _libc.mlockall(_MCL_CURRENT | _MCL_FUTURE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    kept = _reserve()

    def give_back() -> None:
        kept.clear()
        _trim_from(_TRIM_BYTES)
        _libc.munlockall()

    return f"all of it, also what is still to come; {RESERVE_BYTES >> 20} MiB of each kind in reserve", give_back


def _reserve() -> list[bytes]:
    """Memory in advance: to get more of it from the system while the loop runs takes up to some milliseconds.

    For small objects Python takes a MiB at a time, and gives back one that is empty: so a few objects in each
    are kept. For large ones it is the heap of the C library, which is told to give nothing back.
    """
    _trim_from(-1)
    large = [bytes(_LARGE_BYTES) for _ in range(RESERVE_BYTES // _LARGE_BYTES)]
    small = [bytes(_SMALL_BYTES) for _ in range(RESERVE_BYTES // _SMALL_BYTES)]
    kept = small[:: _ARENA_BYTES // _SMALL_BYTES // 2]
    del small, large
    return kept


def _trim_from(spare_bytes: int) -> None:
    """From how much on the heap gives memory back; -1: never. Not every C library can be told."""
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_TRIM_THRESHOLD, spare_bytes)


def _stay_on(cpu: int) -> tuple[str, Callable[[], object]]:
    before = os.sched_getaffinity(0)
    _for_every_thread(lambda thread: os.sched_setaffinity(thread, {cpu}))
    return f"CPU {cpu} of {len(before)}", lambda: _for_every_thread(lambda thread: os.sched_setaffinity(thread, before))


def _keep_awake(device: Path) -> tuple[str, Callable[[], object]]:
    """The kernel keeps to what was written for as long as the file stays open."""
    descriptor = os.open(device, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, (0).to_bytes(4, "little"))
    except OSError:
        os.close(descriptor)
        raise
    return "none that takes time to wake up from", lambda: os.close(descriptor)


def _go_first() -> tuple[str, Callable[[], object]]:
    def schedule(policy: int, priority: int) -> None:
        _for_every_thread(lambda thread: os.sched_setscheduler(thread, policy, os.sched_param(priority)))

    schedule(os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, PRIORITY)
    return f"SCHED_FIFO {PRIORITY}", lambda: schedule(os.SCHED_OTHER, 0)


def _for_every_thread(act: Callable[[int], None]) -> None:
    """pyserial reads an rfc2217 port in a thread of its own, and a button line must not wait for its turn.

    Raises OSError where it can not be had; then it was done to no thread.
    """
    act(0)
    for thread in threading.enumerate():
        if thread.native_id is not None and thread is not threading.current_thread():
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                act(thread.native_id)
