"""One scenario, or one patient of a campaign, run with a trace and drawn."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from controller.campaign.checks import index_problems, plan_problems
from controller.campaign.errors import EXIT_FAULT, CampaignError
from controller.campaign.gallery import check_target, draw
from controller.campaign.plan import Plan
from controller.settings.problems import shown
from controller.virtual.case import NO_HOST, CaseError, trace_case, trace_scenario
from controller.virtual.trace import Trace
from simulators.any_plant import PlantError
from simulators.scenario import ScenarioError, load_scenario


def run_single(
    name: str | None, patient: str | None, plot: Path | None, options: Mapping[str, Any]
) -> tuple[dict[str, Any], list[dict[str, object]]]:
    """Runs one of the two and draws it if plot is given; returns its outcome and violations. Raises CampaignError.

    patient: cohort:seed:index. options: the other fields of a Plan; but for the plant they are for patients.
    """
    if (name is None) == (patient is None):
        raise CampaignError(["name a scenario or a --patient, and not both"])
    if plot is not None:
        check_target(plot)
    if patient is not None:
        outcome, violations, trace, title = _run_patient(patient, options)
    else:
        assert name is not None
        outcome, violations, trace, title = _run_scenario(name, options)
    if plot is not None:
        draw(trace, title, plot)
        outcome = {**outcome, "plot": str(plot)}
    return outcome, violations


_BELONGS = re.compile("--(seed|index|cohort)")  # options of a campaign that --patient holds

_Single = tuple[dict[str, Any], list[dict[str, object]], Trace, str]


def _run_scenario(name: str, options: Mapping[str, Any]) -> _Single:
    plain = Plan()
    given = [key for key, value in options.items() if key != "plant" and value != getattr(plain, key)]
    if given:
        raise CampaignError([f"--{key.replace('_', '-')}: is for a --patient; a scenario says it itself" for key in given])
    try:
        title = load_scenario(name).title
        outcome, trace = trace_scenario(name, options.get("plant"))
    except (ScenarioError, CaseError) as error:
        raise CampaignError(str(error).splitlines()) from error
    except PlantError as error:
        raise CampaignError([f"{name}: {error}"], EXIT_FAULT) from error
    told = outcome if outcome is not None else {"reason": NO_HOST}
    return told, [], trace, f"{title}: {told['reason']}"


def _run_patient(patient: str, options: Mapping[str, Any]) -> _Single:
    plan, index = _patient(patient, options)
    try:
        result, trace = trace_case(plan.case(index))
    except CaseError as error:
        raise CampaignError(str(error).splitlines()) from error
    except PlantError as error:
        raise CampaignError([f"--patient = {patient}: {error}"], EXIT_FAULT) from error
    row = result.row
    faults = f", faults {row['faults']}" if plan.faults != "none" else ""
    title = f"{plan.cohort}, seed {plan.seed}, patient {index} ({row['subgroup']}{faults}): {row['reason']}"
    return {**row, "violations": result.violations}, result.violations, trace, title


def _patient(text: str, options: Mapping[str, Any]) -> tuple[Plan, int]:
    cohort, _, numbers = text.rpartition(":")
    cohort, _, seed = cohort.rpartition(":")
    try:
        plan, index = Plan(patients=1, seed=int(seed), cohort=cohort, **options), int(numbers)
    except ValueError:
        raise CampaignError([f"--patient = {shown(text)}: write it as cohort:seed:index, such as mixed:1:0"]) from None
    problems = plan_problems(plan) + index_problems([index], None)
    if problems:
        raise CampaignError([_BELONGS.sub(r"--patient: \1", problem) for problem in problems])
    return plan, index
