"""The compiled copy: where it lies, when it is made, and what happens where it can not be."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from controller.compiled.again import run_compiled
from controller.compiled.build import NotCompiledError, build
from controller.compiled.modules import MODULES
from controller.compiled.tree import SOURCE_NOTE, cache, runs_compiled, source_files, source_root, tree_of

# Busy processes of its own: they must not run beside the real-time tests (docs/decisions/0006).
pytestmark = pytest.mark.xdist_group("realtime")

ROOT = Path(__file__).parents[2]
BOTH = ["drivers/sum.py", "drivers/more.py"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A program of two modules."""
    root = tmp_path / "small"
    for package in ("controller", "drivers", "simulators", "config"):
        (root / package).mkdir(parents=True)
        (root / package / "__init__.py").touch()
    (root / "drivers" / "sum.py").write_text("def twice(number: int) -> int:\n    return 2 * number\n", encoding="utf-8")
    (root / "drivers" / "more.py").write_text("def more(number: int) -> int:\n    return number + 1\n", encoding="utf-8")
    return root


def test_every_module_that_is_to_be_compiled_exists() -> None:
    assert [name for name in MODULES if not (ROOT / name).is_file()] == []


def test_these_tests_run_uncompiled() -> None:
    assert not runs_compiled()
    assert source_root() == ROOT


def test_a_change_of_any_source_makes_another_copy(small: Path) -> None:
    before = tree_of(small)
    (small / "config" / "new.toml").write_text("a = 1\n", encoding="utf-8")
    assert tree_of(small) != before
    assert before.parent == cache()


def test_a_copy_is_compiled_and_runs(small: Path) -> None:
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        with pytest.raises(NotCompiledError, match="C compiler"):  # what a machine without one says
            build(small, BOTH)
        return
    tree = build(small, BOTH)
    assert build(small, BOTH) == tree
    assert (tree / SOURCE_NOTE).read_text(encoding="utf-8") == str(small)
    assert {file.relative_to(small) for file in source_files(small)} <= {file.relative_to(tree) for file in tree.rglob("*")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", "import drivers.sum as s; print(s.__file__, s.twice(21))"],
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ".so 42" in done.stdout


def test_what_can_not_be_compiled_is_told_and_leaves_nothing(small: Path) -> None:
    (small / "drivers" / "sum.py").write_text("def twice(number: int) -> int:\n    return 'two'\n", encoding="utf-8")
    with pytest.raises(NotCompiledError, match="compiling failed"):
        build(small, BOTH)
    assert list(cache().iterdir()) == []


def test_nothing_is_compiled_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    run_compiled(make=False)
    assert capsys.readouterr().err == ""


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_compiled_and_uncompiled_write_the_same_records(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from controller.virtual.case import Case, run_case
for faults, index in (("none", 1), ("single", 0), ("single", 5), ("pairs", 3)):
    run_case(Case(11, index, faults=faults, target_ml=0.05), record=Path(sys.argv[1]) / f"{faults}{index}.sqlite")
"""
    digests = []
    for name, place in (("compiled", build(ROOT)), ("not", ROOT)):
        (tmp_path / name).mkdir()
        subprocess.run(
            [sys.executable, "-P", "-c", code, str(tmp_path / name)],
            env=os.environ | {"PYTHONPATH": str(place)},
            timeout=300,
            check=True,
        )
        digests.append({file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (tmp_path / name).iterdir()})
    assert digests[0] == digests[1]
    assert len(digests[0]) == 4
