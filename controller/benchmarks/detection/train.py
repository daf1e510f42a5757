"""Trains the classifier of methods.best_possible and writes its file: python -m controller.benchmarks.detection.train

Every half second of an open run is an example: torn, or not yet. Runs with reflux or with the tip in the wall are none. Never on
a seed that is reported.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Annotated

import numpy as np
import typer

from controller.benchmarks.detection.course import Course, Held, Phase, Sample
from controller.benchmarks.detection.judging import ANY_ALARM
from controller.benchmarks.detection.measure import CHUNK, cases
from controller.benchmarks.detection.methods.best_possible import FILE, Network
from controller.benchmarks.detection.methods.features import NAMES, Features
from controller.benchmarks.detection.methods.method import Numbers, setting_of
from controller.benchmarks.detection.open_run import open_run
from controller.campaign.workers import local_workers
from controller.virtual.case import Case

SEED = 301
HIDDEN, EPOCHS, BATCH = 24, 20, 1024
RATE, DECAY = 3e-3, 1e-4
MOTION_WEIGHT = 5.0  # they set the threshold; this and the size of the network were chosen on the seeds 201 and 202
Examples = tuple[Numbers, Numbers, Numbers]
"""Features, torn, weight: a row each."""


def examples_of(course: Course) -> Examples:
    """Every half second of a run."""
    features = Features(setting_of(course))
    rows: list[Numbers] = []
    torn: list[float] = []
    for heard in course.heard():
        if isinstance(heard, Held):
            features.held(heard.kpa)
        elif not isinstance(heard, Sample):
            (features.infuse if heard.phase is Phase.INFUSING else features.rest)(heard.at_s)
        else:
            before = features.row
            features.sample(heard.asked_s, heard.kpa)
            if features.row is not None and features.row is not before:
                rows.append(features.row)
                torn.append(float(course.tear_s is not None and heard.heard_s >= course.tear_s))
    weight = MOTION_WEIGHT if course.subgroup == "motion" else 1.0
    return np.array(rows).reshape(-1, len(NAMES)), np.array(torn), np.full(len(torn), weight)


def train(examples: Examples, epochs: int = EPOCHS) -> Network:
    """Minimizes the logistic loss (Adam, with a rate that falls along a cosine). The same examples give the same network."""
    rows, torn, weights = examples
    random = np.random.default_rng(0)
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    count, width = rows.shape
    parts = [
        random.normal(size=(width, HIDDEN)) / np.sqrt(width),
        np.zeros(HIDDEN),
        random.normal(size=HIDDEN) / np.sqrt(HIDDEN),
        np.zeros(1),
    ]
    inputs = Network(mean, spread, parts[0], parts[1], parts[2], 0.0).standardized(rows)
    first, second = [np.zeros_like(part) for part in parts], [np.zeros_like(part) for part in parts]
    step = 0
    for epoch in range(epochs):
        rate = RATE * 0.5 * (1.0 + np.cos(np.pi * epoch / epochs))
        order = random.permutation(count)
        for start in range(0, count, BATCH):
            chosen = order[start : start + BATCH]
            step += 1
            for place, slope in enumerate(_slopes(parts, inputs[chosen], torn[chosen], weights[chosen])):
                first[place] = 0.9 * first[place] + 0.1 * slope
                second[place] = 0.999 * second[place] + 0.001 * slope**2
                moved = first[place] / (1 - 0.9**step) / (np.sqrt(second[place] / (1 - 0.999**step)) + 1e-8)
                parts[place] = parts[place] - rate * moved
    return Network(mean, spread, parts[0], parts[1], parts[2], float(parts[3][0]))


def _slopes(parts: Sequence[Numbers], inputs: Numbers, torn: Numbers, weights: Numbers) -> list[Numbers]:
    """Of the loss, by each part."""
    inner, inner_offset, outer, offset = parts
    hidden = np.tanh(inputs @ inner + inner_offset)
    said = 1.0 / (1.0 + np.exp(-np.clip(hidden @ outer + offset, -30.0, 30.0)))
    wrong = weights * (said - torn) / len(torn)
    back = np.outer(wrong, outer) * (1.0 - hidden**2)
    return [inputs.T @ back + DECAY * inner, back.sum(axis=0), hidden.T @ wrong + DECAY * outer, np.array([wrong.sum()])]


def write(network: Network, head: str) -> None:
    """Puts it down, in five digits."""
    lines = [f"# {head}", "features = [", *(f'    "{name}",' for name in NAMES), "]"]
    lines += [f"{name} = {_spelt(getattr(network, name))}" for name in ("mean", "spread", "inner_offset", "outer")]
    lines += [f"offset = {network.offset:.5g}", "inner = [", *(f"    {_spelt(row)}," for row in network.inner), "]"]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _spelt(values: Numbers) -> str:
    return f"[{', '.join(repr(float(f'{value:.5g}')) for value in values)}]"


def _work(wanted: Sequence[Case]) -> list[Examples]:
    courses = [open_run(case) for case in wanted]
    return [examples_of(course) for course in courses if course.refused is None]


def gather(seed: int, patients: int, jobs: int) -> Examples:
    """The examples of so many patients, in their order."""
    wanted = [case for case in cases(Case(seed, 0), patients) if case.subgroup not in ANY_ALARM]
    with local_workers(jobs) as workers:
        futures: list[Future[list[Examples]]] = [
            workers.submit(_work, wanted[start : start + CHUNK]) for start in range(0, len(wanted), CHUNK)
        ]
        found = [examples for future in futures for examples in future.result()]
    rows, torn, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return rows, torn, weights


def main(
    patients: Annotated[int, typer.Option(min=8)] = 2000,
    seed: Annotated[int, typer.Option(help="Another one than is reported.")] = SEED,
    jobs: Annotated[int, typer.Option(min=1)] = 2,
) -> None:
    """Trains the classifier that bounds what any test of the pressure could find."""
    examples = gather(seed, patients, jobs)
    sys.stderr.write(f"{len(examples[1])} examples, {100 * examples[1].mean():.0f} % of them torn\n")
    write(train(examples), f"python -m controller.benchmarks.detection.train --patients {patients} --seed {seed}")


if __name__ == "__main__":
    typer.run(main)
