"""The live screen as lines of text: what is drawn depends only on the picture, the size and the time that are given."""

from collections.abc import Sequence

from rich.text import Text

from controller.display import words
from controller.display.messages import Snapshot
from controller.display.operator_keys import Operator
from controller.display.panels import (
    alarm_rows,
    delivered_rows,
    device_row,
    duct_row,
    end_rows,
    header_row,
    hold_row,
    pressure_rows,
    question_rows,
    state_rows,
    steps_row,
)
from controller.display.picture import Picture

FEEDBACK_S = 5.0
_TRACE_ROWS, _TRACE_ROWS_MAX = 3, 9  # a taller terminal gets a taller trace
_FIXED_ROWS = 12  # what _full draws besides the trace
_NOTE_ROWS = 3  # kept free for notes before the trace grows
_MIN_WIDTH, _MIN_HEIGHT = 80, 24


def render(picture: Picture, operator: Operator, keyboard: bool, size: tuple[int, int], now_s: float) -> Text:
    """The whole screen, at most `size` = (columns, rows): alarm, question and keys are never what is cut off."""
    width, height = size
    stale = picture.stale(now_s)
    top = [header_row(picture, width, now_s)]
    urgent = _urgent(picture, operator, width, stale, now_s)
    bottom = [_feedback(operator, now_s), _keys(operator, keyboard)]
    shot = picture.shot
    if shot is None:
        middle = [Text(" waiting for the control process")]
    elif width < _MIN_WIDTH or height < _MIN_HEIGHT:
        middle = [*state_rows(shot), _small(shot), device_row(shot)]
    else:
        spare = height - len(top) - len(urgent) - len(bottom) - _FIXED_ROWS - _TRACE_ROWS - _NOTE_ROWS
        extra = min(max(spare, 0), _TRACE_ROWS_MAX - _TRACE_ROWS)
        middle = _full(picture, shot, width, _TRACE_ROWS + extra)
    if stale:
        middle = [_dimmed(row) for row in middle]
    return _fit(top, middle, urgent, _notes(picture), bottom, size)


def _full(picture: Picture, shot: Snapshot, width: int, trace_rows: int) -> list[Text]:
    return [
        *state_rows(shot),
        Text(),
        *delivered_rows(shot, width),
        steps_row(shot, width),
        *pressure_rows(shot, picture.trace, width, trace_rows),
        hold_row(shot, width),
        duct_row(shot, width),
        device_row(shot),
    ]


def _small(shot: Snapshot) -> Text:
    return Text(
        f" {words.millilitres(shot.delivered_ml)} of {words.millilitres(shot.target_ml)} mL   "
        f"line {words.kilopascals(shot.line_kpa)} kPa   (full view: {_MIN_WIDTH}x{_MIN_HEIGHT})"
    )


def _urgent(picture: Picture, operator: Operator, width: int, stale: bool, now_s: float) -> list[Text]:
    shot = picture.shot
    if shot is None:
        return end_rows(picture.end, width)
    alarm = alarm_rows(shot.alarm, width, now_s - picture.alarm_since_s)
    if stale and shot.alarm is None:
        alarm = [Text("  ?? whether there is an alarm is not known", style="bold black on yellow")]
    if picture.end is not None:
        return alarm + end_rows(picture.end, width)
    asked = question_rows(shot, operator, width)
    return alarm + ([_dimmed(row) for row in asked] if stale else asked)


def _notes(picture: Picture) -> list[Text]:
    return [Text(f" {note}", style="dim") for note in picture.notes]


def _feedback(operator: Operator, now_s: float) -> Text:
    if not operator.feedback or now_s - operator.feedback_s > FEEDBACK_S:
        return Text()
    return Text(f" > {operator.feedback}", style="bold")


def _keys(operator: Operator, keyboard: bool) -> Text:
    return Text(f" {operator.keys_line() if keyboard else 'Ctrl-C STOP (no keyboard here for other keys)'}", style="bold")


def _dimmed(row: Text) -> Text:
    """The same words without any colour that could look alive."""
    return Text(row.plain, style="dim", no_wrap=True)


def _fit(
    top: list[Text],
    middle: list[Text],
    urgent: list[Text],
    notes: Sequence[Text],
    bottom: list[Text],
    size: tuple[int, int],
) -> Text:
    """Puts the parts under each other: notes fill what is left, and numbers give way before alarms and questions do."""
    width, height = size
    room = max(height - len(top) - len(urgent) - len(bottom), 0)
    middle = middle[:room]
    room -= len(middle)
    shown = list(notes[-room:]) if room else []
    rows = [*top, *middle, *urgent, *shown, *(Text() for _ in range(room - len(shown))), *bottom]
    # Where even that does not fit, the bottom (keys) and the alarm stay and the header goes.
    for row in rows:
        row.no_wrap = True
        row.truncate(width, overflow="ellipsis")
    screen = Text("\n", no_wrap=True).join(rows[-height:])
    screen.no_wrap = True
    return screen
