"""A page's server and its windows, each a process of its own, for as long as a block lasts."""

import http.client
import json
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

START_S: Final = 30.0
END_S: Final = 20.0
_DUCTOJECT: Final = [sys.executable, "-c", "from controller.cli import main; main()"]


@dataclass
class Served:
    """Where it is, and after which time its page, with everything that belongs to it, had been read."""

    base: str
    invitation: str
    page_ms: float


@dataclass
class Watched:
    """What the windows saw; complete when their block has ended. broken: how many were closed before."""

    ages_ms: list[float] = field(default_factory=list)
    broken: int = 0


@contextmanager
def served(records: Path) -> Iterator[Served]:
    """`ductoject bedside --profile sim`, without a browser. Raises RuntimeError."""
    began_s = time.monotonic()
    words = ["bedside", "--profile", "sim", "--no-browser", "--json", "--records", str(records)]
    with subprocess.Popen(
        [*_DUCTOJECT, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            address = json.loads(_line(process))["url"]
            parts = urlsplit(address)
            _read_page(parts.hostname or "", parts.port or 0)
            yield Served(f"http://{parts.netloc}", address, (time.monotonic() - began_s) * 1000.0)
        finally:
            _end(process)


@contextmanager
def windows(base: str, number: int, record: str | None) -> Iterator[Watched]:
    """So many windows that watch, and a replay of the record. Raises RuntimeError."""
    found = Watched()
    words = [base, str(number), *([record] if record is not None else [])]
    command = [sys.executable, "-m", "controller.benchmarks.page.windows", *words]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            _line(process)
            yield found
            process.terminate()
            told: dict[str, Any] = json.loads(process.communicate(timeout=END_S)[0])
            found.ages_ms, found.broken = told["ages_ms"], told["broken"]
        finally:
            _end(process)


def procedure(records: Path, *words: str) -> Path:
    """`ductoject run` to its end; the record. Raises RuntimeError."""
    command = [*_DUCTOJECT, "run", "--profile", "sim", "--json", "--records", str(records), *words]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300.0, check=False)
    try:
        return Path(json.loads(done.stdout)["record"])
    except (ValueError, KeyError):
        raise RuntimeError(f"a procedure gave no result: {done.stderr.strip()[-500:]}") from None


def _line(process: subprocess.Popen[bytes]) -> bytes:
    if process.stdout is None or not select.select([process.stdout], [], [], START_S)[0]:
        raise RuntimeError(f"{process.args!r} has said nothing for {START_S:g} s")
    line = process.stdout.readline()
    if not line:
        said = process.stderr.read() if process.stderr is not None else b""
        raise RuntimeError(f"{process.args!r} has ended: {said.decode(errors='replace').strip()[-500:]}")
    return line


def _read_page(host: str, port: int) -> None:
    """As a browser does: the page, and all that it names, and what that names."""
    connection = http.client.HTTPConnection(host, port, timeout=START_S)
    wanted, read = ["/"], set[str]()
    try:
        while wanted:
            name = wanted.pop()
            read.add(name)
            connection.request("GET", name)
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status != 200:
                raise RuntimeError(f"{name}: {answer.status}")
            wanted += [each for each in named_by(text) if each not in read and each not in wanted]
    finally:
        connection.close()


def named_by(text: str) -> list[str]:
    """The addresses of what belongs to a page or a module, each once."""
    found = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
    return sorted({*found, *(f"/static/{name}" for name in re.findall(r'from "\./([^"]+)"', text))})


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(END_S)
