"""Makes the compiled copy: in a folder of its own that takes its name only when everything is in it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from controller.compiled.modules import MODULES
from controller.compiled.tree import SOURCE_NOTE, cache, source_files, tree_of

LIMIT_S = 900.0
KEPT = 3
_LINES = 6
_SETUP = """
from mypyc.build import mypycify
from setuptools import setup

setup(name="compiled", packages=[], ext_modules=mypycify({options!r}, opt_level="1", multi_file=True))
"""
_MYPY = """
[mypy]
ignore_missing_imports = True
plugins = pydantic.mypy
"""


class NotCompiledError(Exception):
    """There is no compiled copy and none can be made; one sentence says why."""


def build(root: Path, modules: Sequence[str] = MODULES) -> Path:
    """The compiled copy of the sources at root, made if it is not there: two or three minutes, once. Raises NotCompiledError."""
    tree = tree_of(root)
    if tree.is_dir():
        return tree
    try:
        tree.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=tree.parent, prefix="making-") as made:
            _copy(root, Path(made))
            _compile(Path(made), modules)
            (Path(made) / SOURCE_NOTE).write_text(str(root), encoding="utf-8")
            shutil.rmtree(Path(made) / "build", ignore_errors=True)
            Path(made).chmod(0o755)
            Path(made).rename(tree)
            Path(made).mkdir()  # for the context to remove
    except OSError as error:
        if not tree.is_dir():  # or somebody else has made the same meanwhile
            raise NotCompiledError(f"{tree.parent}: {error.strerror or error}") from error
    _forget_old(tree)
    return tree


def _copy(root: Path, to: Path) -> None:
    for file in source_files(root):
        target = to / file.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _compile(tree: Path, modules: Sequence[str]) -> None:
    (tree / "mypy.ini").write_text(_MYPY, encoding="utf-8")
    (tree / "make_compiled.py").write_text(_SETUP.format(options=["--config-file=mypy.ini", *modules]), encoding="utf-8")
    environment = {**os.environ, "MYPYPATH": str(tree), "PYTHONPATH": ""}
    command = [sys.executable, "make_compiled.py", "build_ext", "--inplace", f"-j{os.cpu_count() or 1}"]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, errors="replace", timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotCompiledError(f"compiling took longer than {LIMIT_S:.0f} s") from None
    if done.returncode:
        last = (done.stdout + done.stderr).strip().splitlines()[-_LINES:]
        raise NotCompiledError("compiling failed (it takes mypy, setuptools and a C compiler): " + " / ".join(last))


def _forget_old(newest: Path) -> None:
    trees = sorted((each for each in cache().iterdir() if each.is_dir()), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in [each for each in trees if each != newest and not each.name.startswith("making-")][KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
