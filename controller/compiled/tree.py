"""Where this program's sources are, and the compiled copy that belongs to them."""

import hashlib
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("controller", "drivers", "simulators", "config")
SOURCE_NOTE = "compiled-from.txt"
_HERE = Path(__file__).resolve().parents[2]


def source_root() -> Path:
    """The folder of the sources, also for a program that runs in a compiled copy of them."""
    note = _HERE / SOURCE_NOTE
    return Path(note.read_text(encoding="utf-8")) if note.is_file() else _HERE


def runs_compiled() -> bool:
    """Whether this is a compiled copy."""
    return (_HERE / SOURCE_NOTE).is_file()


def tree_of(root: Path) -> Path:
    """The compiled copy of these sources, for this Python and this mypy, whether it is there or not."""
    digest = hashlib.sha256(f"{sys.version}\n{_mypy()}\n{root}".encode())
    for file in source_files(root):
        digest.update(f"{file.relative_to(root)}\n".encode())
        digest.update(file.read_bytes())
    return cache() / digest.hexdigest()[:16]


def source_files(root: Path) -> list[Path]:
    """Everything the program consists of."""
    return sorted(
        file for package in PACKAGES for file in (root / package).rglob("*") if file.is_file() and file.suffix in (".py", ".toml")
    )


def cache() -> Path:
    """Where compiled copies are kept (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache") / "ductoject" / "compiled"


def _mypy() -> str:
    try:
        return version("mypy")
    except PackageNotFoundError:
        return "none"
