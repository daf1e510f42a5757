"""Plants: what the simulated pump pushes into and the simulated transmitter measures.

`simulators.plant:line_and_duct` is the factory of the virtual patient: a line, a duct, and the tissue around it.
"""

from simulators.plant.faults import FAULTS
from simulators.plant.interface import Plant, Tip
from simulators.plant.line import LineAndDuct
from simulators.plant.options import LineOptions, options_from

__all__ = ["FAULTS", "LineAndDuct", "LineOptions", "Plant", "Tip", "line_and_duct"]


def line_and_duct(seed: int, index: int, **options: float | str) -> LineAndDuct:
    """A virtual patient; see LineOptions for the options. seed and index choose the bore within its tolerance, and when and
    how the patient moves.

    Raises ValueError for an unknown option or a number that no line has.
    """
    return LineAndDuct(options_from(options), seed, index)
