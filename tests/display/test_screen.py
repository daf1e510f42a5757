"""The live screen, drawn into a console of fixed size."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console
from rich.screen import Screen

from controller.display.messages import Question
from controller.display.operator_keys import Operator
from controller.display.picture import Picture
from controller.display.screen import render

Make = Callable[..., dict[str, object]]


def console(width: int, height: int) -> Console:
    return Console(
        file=io.StringIO(), width=width, height=height, record=True, force_terminal=True, color_system="truecolor", markup=False
    )


def drawn(
    picture: Picture, width: int = 80, height: int = 24, now_s: float = 100.0, operator: Operator | None = None
) -> list[str]:
    paper = console(width, height)
    paper.print(Screen(render(picture, operator or Operator(), True, (width, height), now_s)), end="")
    return paper.export_text().split("\n")


def styled(picture: Picture, now_s: float) -> str:
    paper = console(80, 24)
    paper.print(render(picture, Operator(), True, (80, 24), now_s))
    return paper.export_text(styles=True)


def seen(*messages: dict[str, object], now_s: float = 100.0) -> Picture:
    picture = Picture()
    for message in messages:
        picture.take({**message, "sent_s": now_s}, now_s)
    return picture


ALARM = {"priority": "high", "reason": "PAIN_STOP", "text": "the button was pressed"}
LONG = "a sentence that goes on and on, " * 12


def test_everything_stands_on_80_by_24(snapshot: Make) -> None:
    rows = drawn(seen(snapshot(hold={"elapsed_s": 3.1, "limit_s": 60}, hold_kpa=[0.41, 0.623])))
    assert len(rows) == 24
    assert all(len(row) == 80 for row in rows)
    screen = "\n".join(rows)
    for words in (
        "SIMULATED  Investigational: bench and simulation only",
        "12.3 s",
        "INFUSING",
        "increment 2 of 4",
        "contrast moves; next: a hold, in which the line relaxes",
        "█▄█ ▄ █▄█   █",  # the lowest row of a large 0.07
        "of 0.20 mL",
        "[✓ 1]─[✓ 2]─[  3]─[  4]",
        "Line pressure  34.1 kPa   ceiling 200 kPa",
        "200 ╌╌ ceiling",
        "3.1 s of at most 60 s",
        "56.9 s left",
        "1: 0.41  2: 0.62 kPa   limit 5.0 kPa",
        "button ✓ closed   pump ✓ infusing   sensor ✓ ok   recorder ✓ ok",
        "no alarm",
        "Ctrl-C/s/space STOP | p pain reported | r reflux seen",
    ):
        assert words in screen, words


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (300, 100), (79, 24), (80, 23), (60, 12), (20, 6), (10, 3), (1, 1)])
@pytest.mark.parametrize("extra", [{}, {"alarm": ALARM, "prompt": LONG, "question": {"id": "q", "text": LONG, "typed": "ARM"}}])
def test_the_screen_is_never_larger_than_the_terminal(snapshot: Make, size: tuple[int, int], extra: dict[str, object]) -> None:
    picture = seen(snapshot(**extra), *({"type": "note", "t_s": 1.0, "text": LONG} for _ in range(60)))
    rows = render(picture, Operator(), True, size, 100.0).plain.split("\n")
    assert len(rows) <= size[1]
    assert all(len(row) <= size[0] for row in rows)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 12)])
def test_alarm_question_and_keys_are_never_cut_off(snapshot: Make, size: tuple[int, int]) -> None:
    question = {"id": "arm", "text": "Arm the pump?", "typed": "ARM"}
    operator = Operator()
    operator.show(Question("arm", "Arm the pump?", "ARM"), 90.0)
    for key in "AR":
        operator.press(key, True, 99.0)
    picture = seen(snapshot(alarm=ALARM, question=question, prompt="Look"), {"type": "note", "text": "x"})
    screen = "\n".join(drawn(picture, *size, operator=operator))
    for words in (
        "!!! HIGH ALARM  PAIN_STOP: the button was pressed",
        "PLEASE: Look",
        "QUESTION: Arm the pump?",
        "then Enter:  AR_",
    ):
        assert words in screen
    assert "space STOP" in screen


@pytest.mark.parametrize(
    ("priority", "sign", "bright", "pause"),
    [("high", "!!! HIGH", "\x1b[1;37;41m", "\x1b[1;31m"), ("medium", "!! MEDIUM", "\x1b[1;30;43m", "\x1b[1;33m")],
)
def test_an_alarm_flashes_and_is_readable_at_any_moment(
    snapshot: Make, priority: str, sign: str, bright: str, pause: str
) -> None:
    picture = seen(snapshot(alarm={**ALARM, "priority": priority}))
    period_s = {"high": 0.5, "medium": 2.0}[priority]
    for now_s, style in ((100.0, bright), (100.0 + period_s * 0.6, pause), (100.0 + period_s * 1.1, bright)):
        picture.take({**snapshot(alarm={**ALARM, "priority": priority}), "sent_s": now_s}, now_s)
        assert f"{style} {sign} ALARM" in styled(picture, now_s)


def test_a_low_alarm_is_constant(snapshot: Make) -> None:
    picture = seen(snapshot(alarm={**ALARM, "priority": "low"}))
    assert all("\x1b[1;30;46m ! LOW ALARM" in styled(picture, 100.0 + step * 0.1) for step in range(9))


def test_old_numbers_say_so_and_lose_their_colours(snapshot: Make) -> None:
    picture = seen(snapshot(question={"id": "q", "text": "Cannula in?", "typed": None}))
    assert "NO NEWS" not in "\n".join(drawn(picture, now_s=100.9))
    rows = drawn(picture, now_s=103.25)
    assert rows[0].startswith(" ?? NO NEWS FROM CONTROL FOR 3.2 s: WHAT STANDS BELOW IS OLD ??")
    assert "whether there is an alarm is not known" in "\n".join(rows)
    dimmed = styled(picture, 103.25)
    assert "\x1b[2m  INFUSING" in dimmed
    assert "\x1b[1m   █" not in dimmed
    assert "\x1b[2m ► QUESTION" in dimmed


def test_a_snapshot_that_waited_in_the_socket_is_as_old_as_it_is(snapshot: Make) -> None:
    picture = Picture()
    picture.take({**snapshot(), "sent_s": 40.0}, 100.0)
    assert picture.age_s(100.0) == 60.0
    assert picture.stale(100.0)


def test_an_alarm_that_is_standing_stays_visible_when_the_news_end(snapshot: Make) -> None:
    assert "!!! HIGH ALARM  PAIN_STOP" in "\n".join(drawn(seen(snapshot(alarm=ALARM)), now_s=150.0))


def test_what_is_not_known_is_not_drawn_as_a_number(snapshot: Make) -> None:
    names = ("t_s", "increments", "delivered_ml", "target_ml", "line_kpa", "ceiling_kpa", "duct_limit_kpa")
    shot = snapshot(**dict.fromkeys(names), hold_kpa=[], button="OPEN", pump="alarm: stalled", sensor="unknown")
    screen = "\n".join(drawn(seen(shot)))
    assert "of -.-- mL" in screen
    assert "Line pressure  -- kPa" in screen
    assert "limit -- kPa" in screen
    assert "button ✗ OPEN   pump ✗ alarm: stalled   sensor ? unknown" in screen
    assert "0 of -- done" in screen


def test_limits_that_are_reached_are_marked_in_words(snapshot: Make) -> None:
    screen = "\n".join(drawn(seen(snapshot(line_kpa=201.0, hold_kpa=[1.0, 5.2]))))
    assert "!!! AT THE CEILING" in screen
    assert "2: 5.20 kPa   limit 5.0 kPa !!! OVER" in screen


def test_many_increments_are_counted_where_they_do_not_fit(snapshot: Make) -> None:
    screen = "\n".join(drawn(seen(snapshot(increments=30, increment=12, hold_kpa=[0.5] * 11))))
    assert "11 of 30 done" in screen
    assert "11: 0.50 kPa" in screen


def test_the_steps_of_a_stopped_procedure_show_the_one_that_was_not_finished(snapshot: Make) -> None:
    assert "[✓ 1]─[■ 2]─[  3]─[  4]" in "\n".join(drawn(seen(snapshot(state="stopped"))))


def test_before_the_first_snapshot_and_after_the_end(snapshot: Make) -> None:
    assert "waiting for the control process" in "\n".join(drawn(Picture()))
    over = seen(snapshot(state="complete"), {"type": "end", "reason": "VOLUME_REACHED", "text": "0.20 mL", "exit": 0})
    assert "■ END  VOLUME_REACHED: 0.20 mL" in "\n".join(drawn(over, now_s=200.0))
    assert not over.stale(200.0)


def test_markup_and_escape_sequences_in_texts_are_only_text(snapshot: Make) -> None:
    screen = "\n".join(drawn(seen(snapshot(prompt="[bold]x[/bold] \x1b[2J\x07 :warning:"))))
    assert "PLEASE: [bold]x[/bold] [2J :warning:" in screen
