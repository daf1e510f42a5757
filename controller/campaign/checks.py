"""Is what was asked for possible? Every problem at once, one sentence each, before anything is written."""

from collections.abc import Iterator, Sequence

from controller.campaign.plan import FAULT_MODES, FIDELITIES, MOST_JOBS, MOST_PATIENTS, MOST_SEED, Plan
from controller.settings import ConfigError
from controller.settings.problems import shown
from controller.virtual.building import virtual_profile
from simulators.any_plant import load_plant
from simulators.cohorts import CohortError, load_cohort
from simulators.options import OptionsError


def plan_problems(plan: Plan) -> list[str]:
    """What is wrong with a plan; empty if nothing is."""
    return [
        *_range_problem("--patients", plan.patients, 1, MOST_PATIENTS),
        *_range_problem("--seed", plan.seed, 0, MOST_SEED),
        *_choice_problem("--fidelity", plan.fidelity, FIDELITIES),
        *_choice_problem("--faults", plan.faults, FAULT_MODES),
        *_cohort_problems(plan),
        *_plant_problems(plan.plant),
        *_profile_problems(plan),
    ]


def jobs_problems(jobs: int) -> list[str]:
    """What is wrong with a number of processes."""
    return list(_range_problem("--jobs", jobs, 1, MOST_JOBS))


def index_problems(indices: Sequence[int], patients: int | None) -> list[str]:
    """What is wrong with the procedures that were picked out. patients: of the campaign, None if it was not said."""
    limit = patients if patients is not None and 1 <= patients <= MOST_PATIENTS else MOST_PATIENTS
    told = f" (--patients {patients}: 0 to {patients - 1})" if patients is not None and limit == patients else ""
    problems = []
    for index in dict.fromkeys(indices):
        if index < 0:
            problems.append(f"--index = {index} is below the limit of 0{told}")
        elif index >= limit:
            problems.append(f"--index = {index} is above the limit of {limit - 1}{told}")
    return problems


def _range_problem(option: str, value: int, least: int, most: int) -> Iterator[str]:
    if value < least:
        yield f"{option} = {value} is below the limit of {least}"
    elif value > most:
        yield f"{option} = {value} is above the limit of {most}"


def _choice_problem(option: str, value: str, known: Sequence[str]) -> Iterator[str]:
    if value not in known:
        yield f"{option} = {shown(value)} is not known; known: {', '.join(known)}"


def _cohort_problems(plan: Plan) -> Iterator[str]:
    try:
        cohort = load_cohort(plan.cohort)
        if plan.subgroup is not None:
            cohort.draw(0, 0, plan.subgroup)
    except CohortError as error:
        option = "--cohort" if plan.subgroup is None else "--cohort, --subgroup"
        yield from (f"{option}: {line}" for line in str(error).splitlines())


def _plant_problems(plant: str | None) -> Iterator[str]:
    if plant is None:
        return
    try:
        load_plant(plant)
    except OptionsError as error:
        yield f"--plant: {error}"


def _profile_problems(plan: Plan) -> Iterator[str]:
    try:
        virtual_profile(plan.profile, {"injection.target_ml": (plan.target_ml, "--target-ml")})
    except ConfigError as error:
        yield from error.problems
