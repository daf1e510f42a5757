"""The parts of the live screen, one function each. Every meaning has a word or a sign besides its colour."""

import textwrap

from rich.text import Text

from controller.display import digits, trace, words
from controller.display.messages import Alarm, End, Snapshot
from controller.display.operator_keys import Operator
from controller.display.picture import Picture

_ALARM_STYLES = {"high": "bold white on red", "medium": "bold black on yellow", "low": "bold black on cyan"}
_ALARM_PAUSES = {"high": "bold red", "medium": "bold yellow", "low": "bold black on cyan"}
_ALARM_SIGNS = {"high": "!!!", "medium": "!!", "low": "!"}
# Flashing after IEC 60601-1-8: high 1.4 to 2.8 Hz, medium 0.4 to 0.8 Hz, low constant.
_ALARM_PERIODS_S = {"high": 0.5, "medium": 2.0, "low": 0.0}
_STATE_STYLES = {"infusing": "bold white on blue", "stopping": "bold black on yellow", "stopped": "bold black on yellow"}
_STEP_SIGNS = {"infusing": "►", "holding": "═", "stopping": "■", "relieving": "■", "stopped": "■"}
_WELL = {"ok", "closed", "infusing", "withdrawing", "stopped", "idle", "connected", "ready", "prepared", "released"}
_NOT_YET = {"unknown", "connecting", "waiting", "none", "off", "paused", "timed pause", "waiting for trigger"}
_MAX_ALARM_ROWS, _MAX_QUESTION_ROWS = 3, 3


def header_row(picture: Picture, width: int, now_s: float) -> Text:
    """Who this is, simulated or not, and the elapsed time; when the numbers are old, that and nothing else."""
    age_s = picture.age_s(now_s)
    if picture.stale(now_s):
        warning = f" ?? NO NEWS FROM CONTROL FOR {age_s:.1f} s: WHAT STANDS BELOW IS OLD ??"
        return Text(warning.ljust(width), style="bold black on yellow")
    shot = picture.shot
    if shot is None:
        return Text(" ductoject".ljust(width), style="reverse")
    left = Text(" ductoject ", style="bold")
    if shot.simulated:
        left.append(" SIMULATED ", style="bold white on magenta not reverse")
    right = f" {'--' if shot.t_s is None else format(shot.t_s, '.1f')} s "
    banner = f" {shot.banner} "
    left.append(banner[: max(width - left.cell_len - len(right), 0)])
    left.append(" " * max(width - left.cell_len - len(right), 0) + right)
    left.style = "reverse"
    return left


def state_rows(shot: Snapshot) -> list[Text]:
    """The state with its increment, and what comes next."""
    row = Text(" ")
    row.append(f" {words.headline(shot.state)} ", style=_STATE_STYLES.get(shot.state, "bold reverse"))
    increment = words.of_increments(shot)
    row.append(f"  {increment}" if increment else "", style="bold")
    return [row, Text(f"  {words.whats_next(shot)}")]


def delivered_rows(shot: Snapshot, width: int) -> list[Text]:
    """Delivered volume in large digits, the target, and a bar."""
    large = digits.large(_large_number(shot.delivered_ml))
    filled, bar = 0.0, width - len(large[0]) - 12
    if shot.delivered_ml is not None and shot.target_ml:
        filled = min(max(shot.delivered_ml / shot.target_ml, 0.0), 1.0)
    cells = int(filled * bar)
    sides = (
        Text("delivered"),
        Text(f"of {words.millilitres(shot.target_ml)} mL", style="bold"),
        Text("█" * cells, style="blue").append("░" * (bar - cells), style="dim"),
    )
    return [Text(f"   {row}   ", style="bold").append_text(side) for row, side in zip(large, sides, strict=True)]


def steps_row(shot: Snapshot, width: int) -> Text:
    """The increments as steps: done, under way, to come."""
    total, current, done = shot.increments, shot.increment or 0, len(shot.hold_kpa)
    if shot.state == "complete":
        done = max(done, current)
    label = Text("  Increments  ")
    if total is None or total * 7 > width - 16:
        return label.append(f"{done} of {'--' if total is None else total} done")
    for index in range(1, total + 1):
        if index <= done:
            label.append(f"[✓ {index}]", style="blue")
        elif index == current:
            label.append(f"[{_STEP_SIGNS.get(shot.state, '·')} {index}]", style="bold reverse")
        else:
            label.append(f"[  {index}]", style="dim")
        label.append("─" if index < total else "", style="dim")
    return label


def pressure_rows(shot: Snapshot, pressures: trace.Trace, width: int, rows: int) -> list[Text]:
    """The line pressure as a number and as a trace under its ceiling; `rows` + 2 rows."""
    caption = Text("  Line pressure  ")
    caption.append(f"{words.kilopascals(shot.line_kpa)} kPa", style="bold")
    ceiling_kpa = shot.ceiling_kpa
    if ceiling_kpa is None:
        caption.append("   no ceiling is known: no trace", style="bold")
        return [caption, *(Text() for _ in range(rows + 1))]
    caption.append(f"   ceiling {ceiling_kpa:.0f} kPa   last {trace.WINDOW_S:.0f} s")
    if shot.line_kpa is not None and shot.line_kpa >= ceiling_kpa:
        caption.append("   !!! AT THE CEILING", style="bold red")
    columns = pressures.columns(max(width - 9, 1))
    drawn = trace.draw(columns, rows, ceiling_kpa)
    edge = Text(f"{ceiling_kpa:>6.0f} ╌╌ ceiling ".ljust(7 + len(columns), "╌"))
    labels = ["       "] * (rows - 1) + ["     0 "]
    return [caption, edge, *(Text(label).append(row, style="cyan") for label, row in zip(labels, drawn, strict=True))]


def hold_row(shot: Snapshot, width: int) -> Text:
    """The hold: elapsed, its limit, what is left."""
    row = Text("  Hold           ")
    if shot.hold is None:
        return row.append("--", style="dim")
    elapsed_s, limit_s = shot.hold.elapsed_s, shot.hold.limit_s
    left_s = max(limit_s - elapsed_s, 0.0)
    row.append(f"{elapsed_s:.1f} s of at most {limit_s:.0f} s  ", style="bold")
    bar = max(width - row.cell_len - 14, 0)
    cells = int(min(max(elapsed_s / limit_s, 0.0), 1.0) * bar) if limit_s > 0.0 else bar
    row.append("━" * cells, style="blue").append("╌" * (bar - cells), style="dim")
    return row.append(f"  {left_s:.1f} s left")


def duct_row(shot: Snapshot, width: int) -> Text:
    """The duct's own pressure after each increment; as many as fit, the newest last."""
    limit_kpa = shot.duct_limit_kpa
    row = Text("  Duct, no flow  ")
    tail = f"   limit {words.kilopascals(limit_kpa)} kPa"
    parts = [f"{i}: {words.kilopascals(kpa, 2)}" for i, kpa in enumerate(shot.hold_kpa, start=1)]
    while parts and len("  ".join(parts)) > width - row.cell_len - len(tail) - 10:
        parts = parts[1:]
    row.append("  ".join(parts) + " kPa" if parts else "--", style="bold" if parts else "dim").append(tail)
    newest = shot.hold_kpa[-1] if shot.hold_kpa else None
    if newest is not None and limit_kpa is not None and newest >= limit_kpa:
        row.append(" !!! OVER", style="bold red")
    return row


def device_row(shot: Snapshot) -> Text:
    """The health of each device, with a sign."""
    row = Text(" ")
    for name, health in (("button", shot.button), ("pump", shot.pump), ("sensor", shot.sensor), ("recorder", shot.recorder)):
        word = health.lower()
        sign, style = ("✓", "") if word in _WELL else ("?", "dim") if word in _NOT_YET else ("✗", "bold black on yellow")
        row.append(f" {name} ").append(f"{sign} {health}", style=style).append("  ")
    return row


def alarm_rows(alarm: Alarm | None, width: int, age_s: float) -> list[Text]:
    """The alarm as full rows; between two flashes it stays readable."""
    if alarm is None:
        return [Text("  no alarm", style="dim")]
    said = f" {_ALARM_SIGNS[alarm.priority]} {alarm.priority.upper()} ALARM  {alarm.reason}: {alarm.text}"
    period_s = _ALARM_PERIODS_S[alarm.priority]
    bright = period_s == 0.0 or age_s % period_s < period_s / 2
    style = (_ALARM_STYLES if bright else _ALARM_PAUSES)[alarm.priority]
    return [Text(row.ljust(width), style=style) for row in _wrapped(said, width, _MAX_ALARM_ROWS)]


def question_rows(shot: Snapshot, operator: Operator, width: int) -> list[Text]:
    """What the operator is asked for, with what has been typed so far."""
    rows = []
    if shot.prompt:
        rows += _wrapped(f" ► PLEASE: {shot.prompt}", width, _MAX_QUESTION_ROWS)
    if shot.question:
        rows += _wrapped(f" ► QUESTION: {shot.question.text}", width, _MAX_QUESTION_ROWS)
        if shot.question.typed is None:
            rows.append("     Enter = yes")
        else:
            rows.append(f"     type {shot.question.typed}, then Enter:  {operator.typed}_")
    return [Text(row.ljust(width), style="bold black on white") for row in rows]


def end_rows(end: End | None, width: int) -> list[Text]:
    """How it ended."""
    if end is None:
        return []
    rows = _wrapped(f" ■ END  {end.reason}: {end.text}", width, _MAX_QUESTION_ROWS)
    return [Text(row.ljust(width), style="bold reverse") for row in rows]


def _wrapped(text: str, width: int, rows: int) -> list[str]:
    return textwrap.wrap(
        text, max(width - 1, 10), max_lines=rows, placeholder=" ...", subsequent_indent="     ", drop_whitespace=True
    )


def _large_number(delivered_ml: float | None) -> str:
    # Three characters before the point are more than any duct holds: a number beyond that is not shown as one.
    return words.millilitres(delivered_ml if delivered_ml is not None and abs(delivered_ml) < 100.0 else None)
