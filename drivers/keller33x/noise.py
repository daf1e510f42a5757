"""How many bit-identical samples in a row a live transmitter is able to give, learned from samples at rest."""

import math
from collections import Counter
from dataclasses import dataclass
from itertools import groupby, pairwise

IMPLAUSIBLE = 1e-9
"""A run of identical samples that a live transmitter gives less often than this (per run) counts as frozen."""
LEAST_SAMPLES = 20

# Pairs that are added to those seen, as if this many neighbours had been equal: few samples then mean a long limit,
# not a short one.
_PRIOR_EQUAL = 5
_PRIOR_PAIRS = 10
# A standard deviation out of a few hundred quantised, correlated samples is uncertain: less noise than estimated is
# assumed.
_NOISE_CAUTION = 0.7
# Neighbours that repeat in clusters are not independent; the longest run seen at rest is no surprise, nor is one
# three times as long.
_LONGEST_RUN_FACTOR = 3
_LEAST_LIMIT = 5


@dataclass(frozen=True, slots=True)
class FrozenLimit:
    """The result: more than `samples` bit-identical samples in a row are a frozen sensor. sentence: for people and the record."""

    samples: int
    sentence: str


def frozen_limit(samples_kpa: list[float], sample_hz: float, longest_s: float) -> FrozenLimit:
    """Learns the limit from samples at rest, in order, at least LEAST_SAMPLES. The limit never exceeds longest_s.

    Raises ValueError where the samples do not dither at all, are too few, or are not finite.

    The chance p that a sample repeats its predecessor is taken as the largest of two estimates. One is the share of
    equal neighbours seen, with a cautious prior. The other is for the worst place of the true pressure within one step
    of the transmitter's resolution: at rest it may have stood on the edge of two steps, where the noise shows at every
    sample, and later it may stand in the middle of one, where little is seen of the same noise. n equal samples in a
    row then have the chance p**n.
    """
    count = len(samples_kpa)
    if count < LEAST_SAMPLES:
        raise ValueError(f"{count} pressure samples at rest are too few to learn the noise from (at least {LEAST_SAMPLES})")
    if not all(map(math.isfinite, samples_kpa)):
        raise ValueError("a pressure sample at rest is not a finite number")
    levels = sorted(set(samples_kpa))
    if len(levels) == 1:
        raise ValueError(
            f"all {count} pressure samples at rest are exactly {levels[0]:.4f} kPa: "
            "the transmitter is dead, its filter too strong or its resolution too coarse"
        )
    resolution_kpa = min(b - a for a, b in pairwise(levels))
    noise_kpa = _noise_kpa(samples_kpa, resolution_kpa)
    equal_pairs = sum(a == b for a, b in pairwise(samples_kpa))
    seen = (equal_pairs + _PRIOR_EQUAL) / (count - 1 + _PRIOR_PAIRS)
    worst = _stay_probability(resolution_kpa, noise_kpa * _NOISE_CAUTION if len(levels) > 2 else 0.0)
    longest_run = max(sum(1 for _ in run) for _, run in groupby(samples_kpa))
    wanted = max(_run_length(max(seen, worst)), float(_LONGEST_RUN_FACTOR * longest_run), float(_LEAST_LIMIT))
    most = math.floor(longest_s * sample_hz)
    limit = int(min(wanted, most))
    sentence = (
        f"frozen after {limit} identical samples in a row ({limit / sample_hz:.2f} s at {sample_hz:g} Hz): resolution "
        f"{resolution_kpa:.4g} kPa, noise {noise_kpa:.4g} kPa rms, {100 * equal_pairs / (count - 1):.0f} % of neighbours equal"
    )
    if wanted > most:
        sentence += f"; so coarse a sensor may repeat itself for longer, but no more than {longest_s:g} s is waited for"
    return FrozenLimit(limit, sentence)


def _noise_kpa(samples_kpa: list[float], resolution_kpa: float) -> float:
    """Standard deviation of the noise before it was quantised; 0.0 where the steps alone explain what is seen."""
    # Differences of neighbours, so that a slow drift of the rest pressure does not count as noise.
    pairs = list(pairwise(samples_kpa))
    variance = sum((b - a) ** 2 for a, b in pairs) / (2 * len(pairs))
    # Drift of a strongly filtered sensor hides in neighbours, spread in the whole set: the smaller one is the
    # cautious one.
    middle = math.fsum(samples_kpa) / len(samples_kpa)
    variance = min(variance, math.fsum((kpa - middle) ** 2 for kpa in samples_kpa) / (len(samples_kpa) - 1))
    most_frequent = Counter(samples_kpa).most_common(1)[0][1]
    if most_frequent == 1:
        return math.sqrt(variance)  # no two samples alike: the resolution is too fine to add anything
    return math.sqrt(max(0.0, variance - resolution_kpa**2 / 12))


def _stay_probability(resolution_kpa: float, noise_kpa: float) -> float:
    """The chance that noise leaves a reading in the step in whose middle the true pressure stands."""
    if noise_kpa == 0.0:
        return 1.0
    return math.erf(resolution_kpa / (2 * noise_kpa * math.sqrt(2)))


def _run_length(equal_probability: float) -> float:
    """How long a run must be to be implausible; inf where runs of any length are plausible."""
    if equal_probability >= 1.0:
        return math.inf
    return math.ceil(math.log(IMPLAUSIBLE) / math.log(equal_probability))
