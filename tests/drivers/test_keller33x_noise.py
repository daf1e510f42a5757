"""The frozen-sensor limit: no false stop of a live sensor, however coarse, and a dead one found in time."""

from itertools import pairwise

import numpy as np
import pytest

from drivers.keller33x.monitors import FROZEN_LONGEST_S
from drivers.keller33x.noise import FrozenLimit, frozen_limit

SAMPLE_HZ = 200.0
MOST = int(FROZEN_LONGEST_S * SAMPLE_HZ)


def readings(
    rng: np.random.Generator, count: int, noise_kpa: float, step_kpa: float, level_kpa: float, smooth: float = 0.0
) -> list[float]:
    """Noise around a level, low-passed by a factor (0 = white), in steps of the transmitter's resolution."""
    noise = rng.normal(0.0, noise_kpa, count)
    for index in range(1, count):
        noise[index] = smooth * noise[index - 1] + (1 - smooth**2) ** 0.5 * noise[index]
    return [float(value) for value in np.round((level_kpa + noise) / step_kpa) * step_kpa]


def longest_run(samples: list[float]) -> int:
    longest = run = 1
    for before, after in pairwise(samples):
        run = run + 1 if before == after else 1
        longest = max(longest, run)
    return longest


def learned(samples: list[float]) -> FrozenLimit:
    return frozen_limit(samples, SAMPLE_HZ, FROZEN_LONGEST_S)


def test_a_fine_sensor_has_a_short_limit() -> None:
    limit = learned(readings(np.random.default_rng(1), 400, 0.02, 1e-5, 0.3))
    assert 5 <= limit.samples <= 10
    assert "identical" in limit.sentence
    assert "kPa rms" in limit.sentence


def test_a_coarser_sensor_has_a_longer_limit() -> None:
    rng = np.random.default_rng(2)
    limits = [learned(readings(rng, 400, 0.02, step, 0.3)).samples for step in (1e-5, 0.01, 0.03)]
    assert limits == sorted(set(limits))


def test_a_sensor_as_coarse_as_twelve_bits_over_ten_bar_gets_all_the_time_there_is_and_the_sentence_says_so() -> None:
    limit = learned(readings(np.random.default_rng(3), 400, 0.05, 0.244, 0.122))
    assert limit.samples == MOST
    assert "waited" in limit.sentence


@pytest.mark.parametrize("step_kpa", [0.001, 0.01, 0.02, 0.04])
@pytest.mark.parametrize("smooth", [0.0, 0.5])
def test_what_is_learned_anywhere_within_a_step_holds_everywhere_within_it(step_kpa: float, smooth: float) -> None:
    rng = np.random.default_rng(4)
    for learned_at in (0.0, 0.25, 0.5):
        limit = learned(readings(rng, 400, 0.02, step_kpa, learned_at * step_kpa, smooth))
        for used_at in (0.0, 0.5):
            assert longest_run(readings(rng, 20_000, 0.02, step_kpa, used_at * step_kpa, smooth)) < limit.samples


def test_few_samples_make_a_long_limit_not_a_short_one() -> None:
    samples = readings(np.random.default_rng(5), 400, 0.02, 1e-5, 0.3)
    assert learned(samples[:20]).samples > learned(samples).samples


def test_a_run_seen_at_rest_is_never_near_the_limit() -> None:
    samples = readings(np.random.default_rng(6), 400, 0.02, 1e-5, 0.3)
    samples[100:130] = [samples[100]] * 30
    assert learned(samples).samples >= 90


def test_no_dither_too_few_and_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="dead"):
        learned([0.3] * 400)
    with pytest.raises(ValueError, match="too few"):
        learned([0.1, 0.2] * 9)
    with pytest.raises(ValueError, match="finite"):
        learned([0.1, float("nan")] * 20)
