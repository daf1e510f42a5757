"""A fixed limit on the line pressure: what every infusion pump has, known as its occlusion alarm."""

from controller.benchmarks.detection.methods.method import Method


class FixedLimit(Method):
    """Score: the highest line pressure so far, in kPa."""

    def sample(self, asked_s: float, kpa: float) -> None:  # noqa: ARG002 - part of the interface
        """See Method."""
        if kpa > self.score:
            self.score = kpa
