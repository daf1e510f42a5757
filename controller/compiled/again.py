"""Runs the present command again in the compiled copy."""

import os
import sys
from pathlib import Path

from controller.compiled.build import NotCompiledError, build
from controller.compiled.tree import runs_compiled, source_root, tree_of


def run_compiled(*, make: bool) -> None:
    """Does not return if there is a compiled copy, or if one can be made and `make` says so; otherwise says what is missing."""
    if runs_compiled():
        return
    root = source_root()
    try:
        tree = tree_of(root)
        if not tree.is_dir():
            if not make:
                return
            sys.stderr.write("compiling once for these sources, two or three minutes; --no-compile goes without\n")
            tree = build(root)
    except (NotCompiledError, OSError) as error:
        sys.stderr.write(f"goes on uncompiled, about three times slower: {error}\n")
        return
    _become(tree)


def _become(tree: Path) -> None:
    code = "from controller.cli import main; main()"
    # -P: the working directory must not hide the compiled copy behind a checkout that happens to lie there
    command = [sys.executable, "-P", "-c", code, *sys.argv[1:]]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": str(tree)})
