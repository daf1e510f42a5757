"""What people answered, in the report: set-up, findings and after-care where the record has them, and nowhere else."""

import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.bedside.setup import header_values
from controller.record.after import append_after
from controller.record.errors import RecordError
from controller.replay import replay
from controller.report.compare import compared
from controller.report.content import Report, report_of
from controller.report.page import html_of
from controller.report.paper import pdf_of
from controller.virtual.building import scenario_procedure, virtual_profile
from controller.virtual.overrides import scenario_overrides
from controller.virtual.procedure import virtual_header
from simulators.scenario import load_scenario
from tests.bedside.answers import RIGHT

CARE = {
    "imaging_cc_mag": True,
    "imaging_lateral_mag": False,
    "more_views": ["rolled_cc"],
    "findings_seen": "yes",
    "filling_defect": "yes",
    "cut_off": "yes",
    "cut_off_mm": 18,
    "dilatation": "mild",
    "orifice_clock": "6",
    "artefacts": ["air_bubbles", "overlap"],
    "findings_text": "The system fills at 6 o'clock.\nBeyond the defect <nothing> fills.",
    "pain_kind": "other",
    "cannula_removed": True,
    "bleeding": "none",
    "discharge_after": "some",
    "instructions_verbal": True,
    "recommendation": "excision",
}
UTC = "2026-11-28T21:10:05.123456+00:00"
SETUP = header_values(RIGHT | {"towel": "used", "scout_findings": "calcifications, outer quadrant"}, 754.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A record of a pain stop, with or without set-up; each call gives a copy of its own."""
    folder, kept = tmp_path_factory.mktemp("records"), {}

    def make(setup: object = None) -> Path:
        if repr(setup) not in kept:
            scenario = load_scenario("pain_button")
            loaded = virtual_profile("sim", scenario_overrides(scenario))
            header = virtual_header(loaded) | ({} if setup is None else {"setup": setup})
            procedure = scenario_procedure(scenario, loaded, header=header)
            procedure.run()
            kept[repr(setup)] = folder / f"{len(kept)}.sqlite"
            procedure.save(kept[repr(setup)])
        copy = tmp_path_factory.mktemp("copy") / "record.sqlite"
        shutil.copyfile(kept[repr(setup)], copy)
        return copy

    return make


def pairs(report: Report, heading: str) -> dict[str, str]:
    return {row[0]: row[1] for each in report.tables if each.heading == heading for row in each.rows}


def headings(report: Report) -> set[str]:
    return {table.heading for table in report.tables}


def test_a_procedure_without_a_page_has_no_such_tables(made: Callable) -> None:
    assert headings(report_of(made())).isdisjoint({"Set-up", "Findings", "After-care"})


def test_what_was_answered_before_stands_under_set_up(made: Callable) -> None:
    report = report_of(made(SETUP))
    shown = pairs(report, "Set-up")
    assert shown["The discharge is"] == "spontaneous, from a single pore, of one breast only"
    assert shown["Appearance"] == "clear"
    assert shown["Severe allergic reaction to iodinated contrast"] == "no"
    assert shown["Risks, benefits and alternatives were discussed, and the patient has consented"] == "yes"
    assert shown["Seen on the scout views"] == "calcifications, outer quadrant"
    assert shown["Contrast agent"].startswith("Conray (iothalamate")
    assert (shown["Lot"], shown["Expiry"]) == ("A123", "2027-05-31")
    assert shown["Local anaesthetic"] == "none"
    assert shown["Warm towel on the breast"] == "used, for 12.6 min"
    assert "Fill volume" not in shown, "stands with the line, as it was in force"
    assert headings(report).isdisjoint({"Findings", "After-care"})


def test_what_was_answered_afterwards_stands_under_findings_and_after_care(made: Callable) -> None:
    path = made()
    append_after(path, {"utc": UTC, "name": "alarm", "do": "acknowledge"})
    append_after(path, {"utc": UTC, "name": "after_care", "values": {"bleeding": "significant"}})
    append_after(path, {"utc": UTC, "name": "alarm", "do": "reset"})
    append_after(path, {"utc": UTC, "name": "after_care", "values": CARE})
    report = report_of(path)
    assert pairs(report, "Findings") == {
        "Magnified CC view taken": "yes",
        "Magnified lateral view taken": "no",
        "Further views": "rolled magnified CC",
        "Something found": "yes",
        "Filling defect": "yes",
        "Duct breaks off": "yes",
        "Distance from the nipple to where it breaks off": "18 mm",
        "Dilatation": "mild",
        "Ducts filled towards": "6 o'clock",
        "Artefacts": "air bubbles, overlapping ducts",
        "In words": CARE["findings_text"],
    }
    cared = pairs(report, "After-care")
    assert cared["Bleeding from the nipple"] == "none", "the newest answers count"
    assert cared["alarm acknowledged (UTC)"] == cared["alarm reset (UTC)"] == "2026-11-28 21:10:05"
    assert cared["written down (UTC)"] == "2026-11-28 21:10:05"
    assert cared["Recommendation"] == "excision"
    assert "Plan after extravasation" not in cared
    assert report.warnings == ()
    assert "Set-up" not in headings(report)


def test_after_extravasation_the_plan_is_in_the_report(made: Callable) -> None:
    path = made()
    append_after(path, {"utc": UTC, "name": "after_care", "values": CARE | {"pain_kind": "burning"}})
    report = report_of(path)
    day = pairs(report, "Whose, and when")["day"]
    plan = pairs(report, "After-care")["Plan after extravasation"]
    first, last = re.fullmatch(r"to be injected again between (\S+) and (\S+)", plan).groups()  # type: ignore[union-attr]
    assert day < first < last


def test_page_and_paper_show_them(made: Callable) -> None:
    path = made(SETUP)
    append_after(path, {"utc": UTC, "name": "after_care", "values": CARE})
    report = report_of(path)
    page = html_of(report).decode()
    assert "<h2>Set-up</h2>" in page
    assert "<h2>Findings</h2>" in page
    assert "<h2>After-care</h2>" in page
    assert "Beyond the defect &lt;nothing&gt; fills." in page
    assert "Distance from the nipple to where it breaks off</td><td>18 mm" in page
    without = report_of(made())
    assert pdf_of(report).count(b"/Type /Page\n") > pdf_of(without).count(b"/Type /Page\n")
    assert pdf_of(report) == pdf_of(report_of(path)), "the same record gives the same bytes"


def test_words_of_another_version_are_shown_and_not_lost(made: Callable) -> None:
    path = made(SETUP | {"shoe_size": 38, "discharge": "milky", "warm_towel_s": "long", "lot": ["a"]})
    values = {"bleeding": "green", "mood": {"a": 1}, "cut_off_mm": "far"}
    append_after(path, {"utc": UTC, "name": "after_care", "values": values})
    report = report_of(path)
    assert pairs(report, "Set-up")["shoe_size"] == "38"
    assert pairs(report, "Set-up")["Appearance"] == '"milky"'
    assert pairs(report, "After-care")["mood"] == "{...}"
    assert pairs(report, "Findings")["Distance from the nipple to where it breaks off"] == "far"
    html_of(report)
    pdf_of(report)


@pytest.mark.parametrize("setup", ["a text", [], 7, {}])
def test_a_set_up_that_is_none_leaves_the_table_out(made: Callable, setup: object) -> None:
    assert "Set-up" not in headings(report_of(made(setup)))


def test_answers_that_are_none_are_refused_in_a_sentence(made: Callable) -> None:
    path = made()
    append_after(path, {"utc": UTC, "name": "after_care", "values": "well"})
    with pytest.raises(RecordError, match="holds no answers"):
        report_of(path)


def test_changed_answers_are_told_on_the_first_lines(made: Callable) -> None:
    path = made()
    append_after(path, {"utc": UTC, "name": "after_care", "values": CARE})
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE entries SET body = replace(body, '\"mild\"', '\"none\"') WHERE kind = 'after'")
    connection.close()
    assert "NOT as it was written" in report_of(path).warnings[0]


def test_one_with_a_page_and_one_without_are_compared(made: Callable) -> None:
    path = made(SETUP)
    append_after(path, {"utc": UTC, "name": "after_care", "values": CARE})
    for pair, column in (((path, made()), 1), ((made(), path), 2)):
        tables = {each.heading: each.rows for each in compared(report_of(pair[0]), report_of(pair[1]))}
        assert next(row for row in tables["Set-up"] if row[0] == "Lot")[column] == "A123"
        assert next(row for row in tables["Findings"] if row[0] == "Dilatation")[3 - column] == "-"
        assert tables["After-care"]
    same = {each.heading: each.rows for each in compared(report_of(path), report_of(path))}
    assert same["Set-up"] == same["Findings"] == same["After-care"] == ()


def test_replay_goes_by_what_was_heard_before(made: Callable) -> None:
    path = made(SETUP)
    before = replay(path)
    append_after(path, {"utc": UTC, "name": "after_care", "values": CARE})
    after = replay(path)
    assert after.mismatches == []
    assert after.decisions == before.decisions > 0
