"""Reports from records alone: what stands in them, what can not hide, and what is refused."""

import errno
import json
import os
import re
import sqlite3
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli import app
from controller.core.states import State
from controller.report.content import Report, Table, report_of, words_of
from controller.report.page import html_of
from controller.report.paper import pdf_of
from tests.report.records import made, made_with, whole


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


def table(report: Report, heading: str) -> Table:
    return next(each for each in report.tables if each.heading == heading)


def pairs(report: Report, heading: str) -> Mapping[str, str]:
    return dict(table(report, heading).rows)  # type: ignore[arg-type]  # pairs of name and value


def test_what_a_report_of_a_good_end_says(folder: Path) -> None:
    report = report_of(whole(folder))
    assert report.headline == "VOLUME_REACHED: the planned volume is in"
    assert report.warnings == ()
    assert pairs(report, "Result")["into the patient"] == "0.20 mL"
    increments = table(report, "Increments").rows
    assert [row[0] for row in increments] == ["1", "2", "3", "4"]
    assert all(row[4] == "50.0" for row in increments)
    assert all(re.fullmatch(r"\d\.\d\d", row[5]) for row in increments), "the pressure at zero flow behind each"
    assert table(report, "Causes to stop and alarms").rows == ()
    line = pairs(report, "Line and contrast")
    assert "mg iodine/mL" in line["contrast"]
    assert line["measured in priming"].startswith("line: resistance")
    assert pairs(report, "Devices and software")["pump"].startswith("NE-1000")
    assert pairs(report, "Whose, and when")["kind"] == "simulation, SIMULATED devices"


def test_the_curves_are_what_the_dials_showed(folder: Path) -> None:
    curves = report_of(whole(folder)).curves
    assert curves.patient_ul[0] == 0.0
    assert curves.patient_ul[-1] == pytest.approx(200.0, abs=0.1)
    assert curves.patient_ul == sorted(curves.patient_ul)
    shown = [kpa for kpa in curves.line_kpa if kpa is not None]
    assert 40.0 < max(shown) < 90.0, "a 30G cannula at the 10 uL/s of priming"
    assert curves.line_kpa[0] is None, "before the zero there is no pressure"
    assert [state for _, state in curves.states].count(State.INFUSING) == 4


def test_a_stop_for_the_patient_is_told_with_its_words_and_its_alarm(folder: Path) -> None:
    report = report_of(made(folder, "pain_button"))
    assert report.headline == "PAIN_STOP: pain"
    (alarm,) = [row for row in table(report, "Causes to stop and alarms").rows if "PAIN_STOP" in row[2]]
    assert alarm[1] == "high"
    assert report.causes[0][1] == "PAIN_STOP"
    assert float(pairs(report, "Result")["taken back by relief"].removesuffix(" µL")) > 1.0


def test_a_record_that_was_never_closed_says_so(folder: Path) -> None:
    report = report_of(made(folder, "host_killed"))
    assert report.headline.startswith("NOT CLOSED")
    assert any("within bounds only" in text for text in report.warnings)
    assert pairs(report, "Result")["into the patient"].startswith("between 0.00 and")
    assert b"NOT CLOSED" in html_of(report)


def test_the_page_needs_nothing_else_and_what_comes_from_the_record_is_text(tmp_path: Path) -> None:
    odd = made_with(tmp_path / "odd.sqlite", "pain_operator", {"patient": '<script>alert("x")</script>'})
    page = html_of(report_of(odd)).decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in page
    assert page.count("<svg") == 1
    assert not re.search(r'(?:src|href)="(?!#)', page), "no file, no address"
    assert "Investigational: bench and simulation use only" in page


def test_the_same_record_gives_the_same_bytes(folder: Path) -> None:
    report = report_of(made(folder, "pain_button"))
    assert html_of(report) == html_of(report_of(made(folder, "pain_button")))
    assert pdf_of(report) == pdf_of(report)


def test_the_paper_has_pages_and_a_title(folder: Path) -> None:
    data = pdf_of(report_of(whole(folder)))
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert data.count(b"/Type /Page\n") >= 2


def test_a_reason_of_another_version_is_told_by_its_name() -> None:
    assert words_of("HOST_LATE") == "the control loop was too late"
    assert words_of("SOMETHING_NEW") == "SOMETHING_NEW (unknown to this version)"


# -- the command -----------------------------------------------------------------------------------------------------------------


def report(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["records", "report", *arguments])
    return done.exit_code, done.output


@pytest.mark.parametrize("ending", ["html", "pdf"])
def test_it_is_written_for_its_owner_only_and_never_over_anything(folder: Path, tmp_path: Path, ending: str) -> None:
    record, target = made(folder, "pain_button"), tmp_path / f"report.{ending}"
    code, said = report(str(record), str(target))
    assert (code, said) == (0, f"{target}: PAIN_STOP: pain\n")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    before = target.read_bytes()
    code, said = report(str(record), str(target))
    assert code == 2
    assert "exists already" in said
    assert target.read_bytes() == before
    assert report(str(record), str(target), "--overwrite")[0] == 0


def test_an_altered_record_is_reported_with_that_on_its_face(folder: Path, tmp_path: Path) -> None:
    altered = tmp_path / "altered.sqlite"
    altered.write_bytes(made(folder, "pain_button").read_bytes())
    connection = sqlite3.connect(altered)
    connection.execute("UPDATE entries SET body = replace(body, 'PAIN_STOP', 'REFLUX') WHERE kind = 'end'")
    connection.commit()
    connection.close()
    code, said = report(str(altered), str(tmp_path / "altered.html"))
    assert code == 0
    assert "This record is NOT as it was written" in said
    assert b"This record is NOT as it was written" in (tmp_path / "altered.html").read_bytes()


def test_a_damaged_record_is_refused_in_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite"
    broken.write_text("broken " * 1000)
    code, said = report(str(broken), str(tmp_path / "report.html"))
    assert code == 2
    assert "broken.sqlite" in said
    assert "Traceback" not in said
    assert not (tmp_path / "report.html").exists()


def test_what_no_host_has_written_is_refused_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.sqlite"
    odd.write_bytes(whole(folder).read_bytes())
    connection = sqlite3.connect(odd)
    connection.execute("UPDATE entries SET body = replace(body, '\"kpa\":', '\"kPa\":') WHERE kind = 'event'")
    connection.commit()
    connection.close()
    code, said = report(str(odd), str(tmp_path / "odd.html"))
    assert code == 2
    assert "odd.sqlite holds something that no report can be made of" in said
    assert not (tmp_path / "odd.html").exists()


def test_an_unknown_ending_is_refused(folder: Path, tmp_path: Path) -> None:
    code, said = report(str(made(folder, "pain_button")), str(tmp_path / "report.doc"))
    assert code == 2
    assert ".html and .pdf are known" in said


@pytest.mark.parametrize("ending", ["html", "pdf", "dcm"])
def test_a_full_disk_leaves_nothing_behind(ending: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    record = made(folder, "pain_button")
    monkeypatch.setattr("controller.record.export.os.fsync", full)
    code, said = report(str(record), str(tmp_path / f"report.{ending}"))
    assert code == 2
    assert "there is no room left for it" in said
    assert list(tmp_path.iterdir()) == []


def test_two_procedures_side_by_side(folder: Path) -> None:
    done = CliRunner().invoke(app, ["records", "compare", str(whole(folder)), str(made(folder, "pain_button")), "--json"])
    tables = {each["heading"]: each for each in json.loads(done.stdout)}
    result = {row[0]: row[1:] for row in tables["Result"]["rows"]}
    assert result["reason"] == ["VOLUME_REACHED: the planned volume is in", "PAIN_STOP: pain"]
    increments = {row[0]: row[1:] for row in tables["Increments"]["rows"]}
    assert increments["4: went in (µL)"] == ["50.0", "-"], "the other one did not come so far"
    same = CliRunner().invoke(app, ["records", "compare", str(whole(folder)), str(whole(folder))])
    assert "no difference" in same.output
