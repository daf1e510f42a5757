"""Compiled or not, kept on disk or not, copied or not: it is the same plant."""

import copy
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.plant import LineAndDuct, line_and_duct
from simulators.plant.compiled import sources_number
from simulators.plant.kernel import kernel

# Busy processes of its own: they must not run beside the real-time tests (docs/decisions/0006).
pytestmark = pytest.mark.xdist_group("realtime")

ROOT = Path(__file__).parents[2]
PATIENT: dict[str, float] = {
    "bubble_ul": 5.0, "wall_relaxation": 0.3, "rupture_kpa": 1.2, "tissue_kpa": 0.3, "tissue_stiffness_kpa_ul": 0.02,
    "micro_leak_kpa": 0.5, "reflux_kpa": 1.0, "wall_contact_factor": 2.0, "cooling_c_min": 0.3, "height_cm": 5.0,
    "motion_kpa": 2.0, "motion_per_min": 20.0, "pain_duct_kpa": 4.0,
}  # fmt: skip

COURSE = """
import json, sys
if {hidden!r}:
    sys.modules["numba"] = None  # type: ignore  # as if it were not installed
from simulators.plant import line_and_duct
from simulators.plant.kernel import kernel
plant = line_and_duct(5, 6, **{patient!r})
seen = []
for steps, flow in ((200, 5.0), (2400, 5.0), (1000, 0.0), (300, -12.0), (50, 9.0)):
    plant.set_tip("air" if len(seen) < 200 else "capped" if flow == 9.0 else "patient")
    for _ in range(steps):
        seen.append(plant.step(0.005, flow))
plant.fault("full_duct")
plant.set_tip("patient")
for _ in range(400):
    seen.append(plant.step(0.0123, 9.0))
print(json.dumps([kernel().compiled, seen, plant.truth()]))
"""


def course(hidden: bool = False, **environment: str) -> tuple[bool, list[float], dict[str, object]]:
    """The same course in a process of its own: was it compiled, every line pressure, the truth in the end."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", COURSE.format(hidden=hidden, patient=PATIENT)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, cwd=ROOT,
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    compiled, seen, truth = json.loads(done.stdout)
    return compiled, seen, truth


@pytest.fixture(scope="module")
def reference() -> tuple[bool, list[float], dict[str, object]]:
    return course()


def same(one: tuple[bool, list[float], dict[str, object]], other: tuple[bool, list[float], dict[str, object]]) -> bool:
    """The same numbers to the last digits (the mathematical functions of two libraries may differ in the very last)."""
    return one[1] == pytest.approx(other[1], rel=1e-9, abs=1e-9) and one[2] == pytest.approx(other[2], rel=1e-9, abs=1e-9)


@pytest.mark.skipif(not kernel().compiled, reason="numba is not installed: there is nothing to compare")
@pytest.mark.parametrize(("hidden", "environment"), [(True, {}), (False, {"NUMBA_DISABLE_JIT": "1"})])
def test_uncompiled_gives_the_same_numbers(
    reference: tuple[bool, list[float], dict[str, object]], hidden: bool, environment: dict[str, str]
) -> None:
    uncompiled = course(hidden=hidden, **environment)
    assert (reference[0], uncompiled[0]) == (True, False)
    assert uncompiled[2]["ruptured"] is True
    assert same(uncompiled, reference)


SMALL = {
    "__init__.py": "",
    "factor.py": "from small.compiled import term\n\n@term\ndef factor():\n    return 2.0\n",
    "kernel.py": """
from small.compiled import build
from small.factor import factor

def made_from(sources):
    def advance(n, dt_s, flow_ul_s):
        n[0] = sources
        return n[1] * factor()
    return advance

kernel = build(made_from)
print(kernel.compiled, kernel.advance(kernel.row([0.0, 21.0]), 0.0, 0.0))
""",
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A package with a kernel that compiles quickly, in the very way in which the plant's is compiled."""
    package = tmp_path / "small"
    package.mkdir()
    for name, text in SMALL.items():
        (package / name).write_text(text)
    (package / "compiled.py").write_text((ROOT / "simulators" / "plant" / "compiled.py").read_text())
    return package


def start(package: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "small.kernel"],
        env={**os.environ, "PYTHONPATH": str(package.parent), **environment},
        cwd=package.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def said(process: "subprocess.Popen[str]") -> str:
    out, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    return out.strip()


def kept(package: Path) -> list[Path]:
    return sorted(each for each in package.rglob("*.nb[ic]"))


@pytest.mark.skipif(not kernel().compiled, reason="numba is not installed: nothing is kept")
def test_what_is_kept_is_used_until_any_source_changes_and_is_no_loss_when_damaged(small: Path) -> None:
    assert said(start(small)) == "True 42.0"
    first = {each: each.stat().st_mtime_ns for each in kept(small)}
    assert [each.suffix for each in first] == [".nbc", ".nbi"]
    assert said(start(small)) == "True 42.0"
    assert {each: each.stat().st_mtime_ns for each in kept(small)} == first
    (small / "factor.py").write_text(SMALL["factor.py"].replace("2.0", "3.0"))  # the kernel's own file stays as it is
    assert said(start(small)) == "True 63.0"
    for each in kept(small):
        each.write_bytes(each.read_bytes()[:40])
    assert said(start(small)) == "True 63.0"


@pytest.mark.skipif(not kernel().compiled, reason="numba is not installed: nothing is kept")
def test_where_nothing_can_be_kept_it_is_compiled_for_this_process(small: Path) -> None:
    (small / "__pycache__").write_text("a file where the directory would be")
    nowhere = str(small / "__pycache__" / "below")
    assert said(start(small, HOME=nowhere, XDG_CACHE_HOME=nowhere, PYTHONDONTWRITEBYTECODE="1")) == "True 42.0"
    assert kept(small.parent) == []


@pytest.mark.skipif(not kernel().compiled, reason="numba is not installed: nothing is kept")
def test_many_may_compile_at_once(small: Path) -> None:
    assert [said(each) for each in [start(small) for _ in range(3)]] == ["True 42.0"] * 3
    assert said(start(small)) == "True 42.0"


def test_the_number_of_the_sources_is_what_the_kernel_was_made_of() -> None:
    plant = line_and_duct(0, 0)
    plant.step(0.001, 1.0)
    assert plant.sources == sources_number()


def under_way() -> LineAndDuct:
    plant = line_and_duct(5, 6, **PATIENT)
    plant.set_tip("patient")
    for _ in range(2000):
        plant.step(0.005, 5.0)
    plant.fault("clog", factor=2.0)
    plant.fault("motion", kpa=1.0, s=3.0)
    return plant


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda plant: pickle.loads(pickle.dumps(plant))])
def test_a_copy_goes_on_as_the_first_would_have_and_apart_from_it(copied) -> None:  # type: ignore[no-untyped-def]
    first = under_way()
    second = copied(first)
    assert second.truth() == first.truth()
    expected = [first.step(0.005, 3.0) for _ in range(6000)]
    assert second.truth() != first.truth()
    assert [second.step(0.005, 3.0) for _ in range(6000)] == expected
    second.clear("clog")
    first.clear("clog")
    assert second.step(0.1, 1.0) == first.step(0.1, 1.0)
    assert second.truth() == first.truth()
