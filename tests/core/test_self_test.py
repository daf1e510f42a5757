"""The self-test: over only when everything has been proved."""

from dataclasses import replace
from itertools import cycle

from controller.core.messages import (
    LearnNoise,
)
from controller.core.reasons import Reason
from drivers.button import ButtonClosed, ButtonFullyOpened, ButtonOpened, ButtonProved
from drivers.driver import DeviceProblem
from drivers.pressure import PressureConnected, PressureSample
from drivers.pump import PumpConnected, PumpHeard, PumpIdle
from tests.core.bench import CoreBench


def test_a_transmitter_that_does_not_dither_is_refused_even_if_all_else_is_done() -> None:
    """The driver says so right after the zero is taken; whatever else is done by then, the self-test is not over."""
    bench = CoreBench().to_self_test()
    bench.say(PressureConnected(1, "1", -100.0, 1000.0), PumpConnected("NE-1000", "3.928"), ButtonClosed())
    bench.say(ButtonOpened("AB"), ButtonFullyOpened(), ButtonClosed(), ButtonProved("A"), ButtonProved("B"))
    heard = cycle([PumpHeard(), PumpIdle(), PressureSample(0.0, 0.0)])
    while not list(bench.ordered(LearnNoise)):
        now_s = round(bench.now_s + 0.004, 6)
        bench.say(
            *(replace(one, asked_s=now_s) if isinstance(one, PressureSample) else one for one in [next(heard)]), after_s=0.004
        )
    bench.say(DeviceProblem("pressure", "the samples do not dither"))
    assert bench.desk.reason is Reason.SELF_TEST_FAILED
