"""The tests that are compared. Each is fed causally with one run, and its score only rises."""

from collections.abc import Callable

from controller.benchmarks.detection.methods.best_possible import BestPossible
from controller.benchmarks.detection.methods.deviation import Deviation
from controller.benchmarks.detection.methods.fixed_limit import FixedLimit
from controller.benchmarks.detection.methods.method import Method, Setting, Steps, follow, setting_of
from controller.benchmarks.detection.methods.ours import OURS, our_steps
from controller.benchmarks.detection.methods.slope_vote import SlopeVote
from controller.benchmarks.detection.methods.two_rates import TwoRates

BASELINES: dict[str, Callable[[Setting], Method]] = {
    "fixed_limit": FixedLimit,
    "deviation": Deviation,
    "two_rates": TwoRates,
    "slope_vote": SlopeVote,
}

FED: dict[str, Callable[[Setting], Method]] = {**BASELINES, "best_possible": BestPossible}
"""All that are fed with a run; ours has been in it."""
METHODS = (*BASELINES, OURS, "best_possible")
"""All that are compared at equal rates of false stops."""

__all__ = ["BASELINES", "FED", "METHODS", "OURS", "Method", "Setting", "Steps", "follow", "our_steps", "setting_of"]
