"""Whole procedures with the closed-tip step, at both fidelities, before the oracle."""

from pathlib import Path

import pytest

import config
from controller.virtual.case import Case, run_case


@pytest.fixture
def profile(tmp_path: Path) -> str:
    """The profile sim, asking for the step."""
    text = (Path(config.__file__).parent / "sim.toml").read_text()
    path = tmp_path / "closed.toml"
    path.write_text(text.replace("[prime]\n", "[prime]\nclosed_tip = true\n"))
    return str(path)


@pytest.mark.parametrize("fidelity", ["wire", "core"])
@pytest.mark.parametrize("index", range(3))
def test_the_step_is_done_and_the_procedure_goes_on(profile: str, fidelity: str, index: int) -> None:
    case = Case(221, index, "intact", fidelity, profile=profile, target_ml=0.05)  # type: ignore[arg-type]
    result = run_case(case)
    assert result.violations == []
    assert result.row["reason"] == "VOLUME_REACHED", result.row
    assert result.row["delivered_ul"] == pytest.approx(50.0, abs=0.1)


@pytest.mark.parametrize("index", range(4))
def test_nothing_that_is_injected_makes_it_break_a_rule(profile: str, index: int) -> None:
    assert run_case(Case(222, index, "mixed", "wire", "single", profile=profile, target_ml=0.05)).violations == []
