"""An upper bound: what a classifier finds that was trained on these very virtual patients, on another seed than is reported.

Not a test for people: it knows the cohort's ducts, cannulas and movements as no machine knows those of its patients. It says how
much the pressure tells at all, so that a test that finds less can be told from a tear that nobody could find.
"""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from controller.benchmarks.detection.methods.features import NAMES, Features
from controller.benchmarks.detection.methods.method import Method, Numbers, Setting

FILE = Path(__file__).with_name("best_possible.toml")
_LAYERS = ("mean", "spread", "inner", "inner_offset", "outer")
CLIPPED = 5.0  # standard deviations


@dataclass(frozen=True, slots=True)
class Network:
    """One layer of tanh between features, in standard deviations from their means, and the logit of "torn"."""

    mean: Numbers
    spread: Numbers
    inner: Numbers
    inner_offset: Numbers
    outer: Numbers
    offset: float

    def standardized(self, rows: Numbers) -> Numbers:
        """Rows of features as the first layer takes them."""
        return np.clip((rows - self.mean) / self.spread, -CLIPPED, CLIPPED)

    def logits(self, rows: Numbers) -> Numbers:
        """One a row."""
        logits: Numbers = np.tanh(self.standardized(rows) @ self.inner + self.inner_offset) @ self.outer + self.offset
        return logits


@lru_cache(maxsize=1)
def trained() -> Network:
    """The one that `python -m controller.benchmarks.detection.train` has left."""
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    if tuple(told["features"]) != NAMES:
        raise ValueError(f"{FILE.name} was trained on other features: train it anew")
    mean, spread, inner, inner_offset, outer = (np.array(told[name]) for name in _LAYERS)
    return Network(mean, spread, inner, inner_offset, outer, float(told["offset"]))


class BestPossible(Method):
    """Score: the classifier's logit."""

    def __init__(self, setting: Setting) -> None:
        """See Method."""
        super().__init__(setting)
        self._features = Features(setting)
        self._network = trained()
        self._judged: Numbers | None = None

    def infuse(self, at_s: float) -> None:
        """See Method."""
        self._features.infuse(at_s)

    def rest(self, at_s: float) -> None:
        """See Method."""
        self._features.rest(at_s)

    def held(self, kpa: float) -> None:
        """See Method."""
        self._features.held(kpa)

    def sample(self, asked_s: float, kpa: float) -> None:
        """See Method."""
        self._features.sample(asked_s, kpa)
        row = self._features.row
        if row is not None and row is not self._judged:
            self._judged = row
            self._raise_to(float(self._network.logits(row)))
