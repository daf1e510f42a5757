"""The watch over the duct: tears are found soon, ducts that keep what goes in are left alone, and what moves is told apart."""

import pytest

from tests.core.duct_bench import DuctBench


@pytest.mark.parametrize(("shape_ul", "wall_s"), [(60.0, 5.0), (90.0, 20.0), (160.0, 5.0), (300.0, 20.0)])
def test_a_duct_that_keeps_what_goes_in_is_not_suspected(shape_ul: float, wall_s: float) -> None:
    bench = DuctBench(shape_ul, wall_s=wall_s, increments=3 if shape_ul == 60.0 else 5).run()
    assert max(evidence for _, evidence in bench.evidence) < 0.7
    assert bench.watch.lost() is None


@pytest.mark.parametrize(("tears_kpa", "torn_ul_s_kpa"), [(1.5, 2.0), (1.5, 20.0), (2.2, 5.0), (3.0, 2.0), (3.0, 20.0)])
def test_a_tear_is_found_within_seconds(tears_kpa: float, torn_ul_s_kpa: float) -> None:
    bench = DuctBench(tears_kpa=tears_kpa, torn_ul_s_kpa=torn_ul_s_kpa).until_found()
    assert bench.torn_s is not None
    assert 0.0 < bench.now_s - bench.torn_s < 9.0
    assert bench.lost_ul < 50.0, "most of it what the duct held"
    found = bench.watch.lost()
    assert found is not None
    assert found.evidence >= 1.0
    assert found.numbers["evidence"] >= 1.0


def test_a_tear_in_the_hold_is_found_before_the_next_increment_is_in() -> None:
    bench = DuctBench(tears_kpa=2.0)

    def tears_at_rest() -> bool:
        bench.tears_kpa = 0.0 if bench.watch._hold_s is not None and bench.duct_kpa > 1.5 else 99.0
        return bench.watch.evidence >= 1.0

    bench.run(tears_at_rest)
    assert bench.torn_s is not None
    assert bench.watch.evidence >= 1.0
    assert bench.lost_ul < 60.0


def test_a_leak_from_the_beginning_is_found_though_nothing_ever_breaks() -> None:
    bench = DuctBench(shape_ul=50.0, tears_kpa=0.0, torn_ul_s_kpa=0.5, tissue_kpa=0.2, increments=6).until_found()
    assert bench.watch.evidence >= 1.0
    found = bench.watch.lost()
    assert found is not None
    assert found.numbers["leaked_ul"] > 10.0


SQUEEZED = tuple((at_s, kpa, lasts_s) for at_s, kpa, lasts_s in zip(
    (3.0, 8.0, 13.5, 20.0, 23.0, 31.0, 38.0, 41.0, 47.0, 55.0, 60.0), (1.0, 3.0, 0.6, 2.0, 4.0, 1.5, 0.8, 2.5, 1.0, 3.0, 0.7),
    (0.5, 2.0, 1.0, 0.3, 1.2, 2.5, 0.6, 0.4, 3.0, 1.0, 2.0), strict=True,
))  # fmt: skip


@pytest.mark.parametrize("shape_ul", [90.0, 160.0])
def test_a_patient_who_moves_is_not_suspected(shape_ul: float) -> None:
    bench = DuctBench(shape_ul, squeezes=SQUEEZED).run()
    assert max(evidence for _, evidence in bench.evidence) < 1.0


ALWAYS = tuple((1.0 + 3.7 * count, (1.0, 2.5, 0.7, 3.0)[count % 4], (0.6, 1.2, 2.0, 0.4, 1.7)[count % 5]) for count in range(60))
EARLY = ((0.6, 1.3, 0.8), (1.7, 1.1, 1.5), (3.8, 1.3, 1.4), (6.0, 2.0, 0.4))


@pytest.mark.parametrize(("squeezes", "hold_s"), [(ALWAYS, 24.0), (ALWAYS, 6.0), (EARLY, 6.0)], ids=["long", "short", "early"])
def test_one_who_moves_all_the_time_is_not_suspected(squeezes: tuple[tuple[float, float, float], ...], hold_s: float) -> None:
    """However long it goes on, and with nothing yet known of the duct."""
    bench = DuctBench(110.0, squeezes=squeezes, hold_s=hold_s, increments=4).run()
    assert max(evidence for _, evidence in bench.evidence) < 1.0


@pytest.mark.parametrize("hold_s", [6.0, 24.0])
def test_and_a_tear_of_one_who_moves_all_the_time_is_found(hold_s: float) -> None:
    bench = DuctBench(squeezes=ALWAYS, hold_s=hold_s, tears_kpa=2.2, torn_ul_s_kpa=10.0, increments=6).until_found()
    assert bench.torn_s is not None
    assert bench.watch.evidence >= 1.0
    assert 0.0 < bench.now_s - bench.torn_s < hold_s + 15.0


@pytest.mark.parametrize("softer_ul_kpa", [-0.006, 0.006])
def test_a_softness_that_is_known_to_a_few_percent_is_no_loss(softer_ul_kpa: float) -> None:
    bench = DuctBench(softer_ul_kpa=softer_ul_kpa).run()
    assert max(evidence for _, evidence in bench.evidence) < 0.7


@pytest.mark.parametrize(("lags_ul", "seen_late_s"), [(0.3, 0.0), (0.0, 0.25)])
def test_neither_a_late_start_nor_a_standstill_that_is_known_late_is_a_loss(lags_ul: float, seen_late_s: float) -> None:
    bench = DuctBench(lags_ul=lags_ul, seen_late_s=seen_late_s).run()
    assert max(evidence for _, evidence in bench.evidence) < 0.7


def test_a_tear_of_a_patient_who_moves_is_found_too() -> None:
    bench = DuctBench(squeezes=SQUEEZED, tears_kpa=2.2).until_found()
    assert bench.torn_s is not None
    assert 0.0 < bench.now_s - bench.torn_s < 9.0


@pytest.mark.parametrize("at_s", [3.0, 20.0, 23.0])
def test_a_blocked_tip_resists_within_a_second_and_a_half(at_s: float) -> None:
    bench = DuctBench()

    def blocks() -> bool:
        if bench.now_s >= at_s:
            bench.factor = 1e6
        return bench.watch.resists() is not None

    bench.run(blocks)
    assert at_s < bench.now_s < at_s + 1.5
    found = bench.watch.resists()
    assert found is not None
    assert found.numbers["above_kpa"] >= 8.0


def test_a_line_that_becomes_soft_while_fluid_flows_is_not_taken_for_a_good_one() -> None:
    bench = DuctBench()

    def softens() -> bool:
        bench.softer_ul_kpa = 0.6 if bench.now_s > 20.0 else 0.0
        return bench.watch.lacks() is not None or bench.watch.evidence >= 1.0

    bench.run(softens)
    assert 20.0 < bench.now_s < 25.0


def test_a_line_that_lacks_more_than_a_duct_can_lose_says_so() -> None:
    bench = DuctBench()

    def softens() -> bool:
        bench.softer_ul_kpa = 0.6 if bench.now_s > 16.0 else 0.0
        return bench.watch.lacks() is not None

    bench.run(softens)
    found = bench.watch.lacks()
    assert found is not None
    assert found.numbers["above_kpa"] <= -10.0


def test_the_estimate_knows_pressure_volume_and_stiffness() -> None:
    bench = DuctBench()
    bench.move(0.5, 0.0)
    for _ in range(3):
        bench.watch.infusing(bench.now_s, 50.0, 5.0)
        bench.move(10.0, 5.0)
        bench.watch.holding(bench.now_s)
        bench.move(6.0, 0.0)
        course = bench.watch.estimate()
        assert course is not None
        assert course.duct_kpa == pytest.approx(bench.duct_kpa, abs=max(0.1, 3.0 * course.duct_error_kpa))
        assert course.volume_ul == pytest.approx(bench.volume_ul, abs=0.5)
        predicted_kpa = bench.watch.predicted_kpa(50.0, 5.0, 3.0)
        assert predicted_kpa is not None
        assert bench.watch.numbers(course)["elastance_kpa_ul"] == round(course.elastance_kpa_ul, 5)
        elastic_slope = (bench.duct_kpa + bench.wall_kpa + bench.scale_kpa) / bench.shape_ul
        bench.watch.settled()
    assert course.elastance_kpa_ul == pytest.approx(elastic_slope, rel=0.35)
    bench.increment()
    assert predicted_kpa > bench.duct_kpa, "three standard errors above what comes"


def test_it_judges_now_and_then_and_not_at_every_sample() -> None:
    bench = DuctBench()
    bench.run()
    before = len(bench.evidence)
    bench.watch.infusing(bench.now_s, 50.0, 5.0)
    bench.move(10.0, 5.0)
    changes = {evidence for _, evidence in bench.evidence[before:]}
    assert 3 < len(changes) <= 30, "every 0.4 s at the most"


def test_nothing_is_said_before_anything_was_seen() -> None:
    watch = DuctBench().watch
    assert watch.evidence == 0.0
    assert watch.lost() is None
    assert watch.resists() is None
    assert watch.lacks() is None
    assert watch.estimate() is None
    assert watch.predicted_kpa(50.0, 5.0, 3.0) is None
    assert watch.numbers(None) == {}
    watch.finish()
    watch.settled()
    watch.finish()


def test_a_noisy_transmitter_only_takes_longer() -> None:
    bench = DuctBench(noise_kpa=0.25, tears_kpa=2.0).until_found()
    assert bench.torn_s is not None
    assert bench.now_s - bench.torn_s < 9.0
