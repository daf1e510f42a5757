"""The references in C: compiled when a benchmark runs, and left out with a word where there is no compiler."""

import shutil
import subprocess
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[3] / "bench"
COMPILE_S = 60.0


class NoReferenceError(Exception):
    """There is no reference here; one sentence says why."""


def compiled(name: str, folder: Path) -> Path:
    """The program of bench/<name>.c, made in this folder. Raises NoReferenceError."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NoReferenceError("no C compiler here (cc or gcc)")
    source, program = SOURCES / f"{name}.c", folder / name
    if not source.is_file():
        raise NoReferenceError(f"{source} is missing: it comes with the sources, not with an installed package")
    command = [compiler, "-O2", "-o", str(program), str(source)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoReferenceError(f"{compiler} has failed: {error}") from error
    if done.returncode != 0:
        raise NoReferenceError(f"{compiler} refuses {source.name}: {done.stderr.strip().splitlines()[0]}")
    return program
