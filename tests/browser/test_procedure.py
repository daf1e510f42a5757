"""A whole procedure in a browser: what is wrong is said beside its field, nothing is skipped, and it ends with a report."""

import pytest

from controller.record.reader import open_record
from controller.record.verify import verify
from tests.browser.answers import CARE, EXPIRY, IMAGES, SETUP, YESTERDAY
from tests.browser.conftest import Play
from tests.browser.page import Page
from tests.browser.server import Bedside

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(300)]


def test_a_complete_procedure_from_set_up_to_report(play: Play) -> None:
    play(_a_procedure)


def _a_procedure(page: Page, bedside: Bedside) -> None:
    page.open(bedside.url)
    _what_is_wrong_is_said_beside_the_field(page)
    page.begin()
    assert page.shows("simulated")
    assert "Investigational" in page.text("banner")
    seen = _watch(page)
    assert [state for state in seen if state in ("PRIMING", "INFUSING", "HOLDING")] == ["PRIMING", *["INFUSING", "HOLDING"] * 2]
    _after(page)
    name = bedside.only_record().name
    _the_record_holds_what_was_answered(bedside, name)
    _papers(page, name)
    _the_list_and_its_replay(page, name)


def _what_is_wrong_is_said_beside_the_field(page: Page) -> None:
    page.until_shown("field-patient")
    assert not page.enabled("begin")
    assert page.fetch("/api/begin", {})[0] != 200, "nor by its address"
    page.fill(SETUP | {"expiry": YESTERDAY, "target_ml": 0.35, "patient": "Anna", "contra_iodine": "yes"})
    page.problem("expiry", f"Expiry = {YESTERDAY}")
    page.problem("target_ml", "0.3")
    page.problem("patient", "digit")
    page.problem("contra_iodine", "contraindication")
    assert not page.enabled("begin")
    page.type("expiry", EXPIRY)
    page.type("target_ml", "0.10")
    page.type("fill_ml", "0.05")
    page.problem("fill_ml", "0.05")
    page.type("fill_ml", "0.9")
    page.fill({"patient": "P-17", "contra_iodine": "no"})
    page.no_problem("fill_ml")
    page.no_problem("contra_iodine")


def _watch(page: Page) -> list[str]:
    """Carries the procedure out; the states that were seen, in order."""
    seen: list[str] = []

    def over() -> bool:
        if page.shows("stage-running"):
            state = page.text("state")
            if state and (not seen or seen[-1] != state):
                seen.append(state)
        return page.shows("stage-after")

    page.go_on_until(over, "the procedure is over", 100.0)
    if "VOLUME_REACHED" not in page.text("result"):
        page.tell_end("the planned end")
    return seen


def _after(page: Page) -> None:
    assert "VOLUME_REACHED" in page.text("result")
    assert "0.10 mL" in page.text("result")
    assert not page.shows("alarm")
    page.until_said("advice", "Image now")
    page.until_said("imaging-since", "since the contrast went in")
    page.find("new-procedure").click()
    page.until_said("after-said", "cannula")
    assert page.shows("stage-after")
    page.fill(IMAGES | CARE)
    page.until_said("after-said", "saved")


def _the_record_holds_what_was_answered(bedside: Bedside, name: str) -> None:
    with open_record(bedside.records / name) as record:
        assert verify(record) == []
        assert record.header["setup"]["lot"] == SETUP["lot"]
        assert record.header["duct"] == "left 2"
        after = [entry.body for entry in record.entries(["after"])]
        end = record.end
    assert end is not None
    assert (end["reason"], end["increments"]) == ("VOLUME_REACHED", 2)
    assert after[-1]["name"] == "after_care"
    assert after[-1]["values"]["filling_defect"] == "yes"
    assert after[-1]["values"]["cannula_removed"] is True


def _papers(page: Page, name: str) -> None:
    status, report = page.fetch(f"/records/{name}/report.html")
    assert status == 200
    assert "VOLUME_REACHED" in report
    assert "P-17" in report
    assert "Filling defect" in report
    status, paper = page.fetch(f"/records/{name}/report.pdf")
    assert (status, paper[:5]) == (200, "%PDF-")
    status, dicom = page.fetch(f"/records/{name}/report.dcm")
    assert (status, dicom[128:132]) == (200, "DICM")
    status, instructions = page.fetch("/instructions")
    assert status == 200
    assert "<script" not in instructions


def _the_list_and_its_replay(page: Page, name: str) -> None:
    page.find("new-procedure").click()
    page.until_shown("stage-setup")
    page.until(lambda: page.find("field-patient").get_attribute("value") == "", "nothing of the procedure before stays")
    page.find("records").click()
    page.until_shown(f"open-{name}")
    assert "VOLUME_REACHED" in page.text("records-rows")
    page.find(f"open-{name}").click()
    page.until_shown("replay")
    assert "VOLUME_REACHED" in page.text("record-open")
    page.find("replay").click()
    page.until_shown("replay-bar")
    assert page.text("replay-sign") == "REPLAY"
    assert not page.shows("stop"), "nothing can be stopped that is long over"
    page.until(lambda: page.find("replay-seek").get_property("max") != "1", "how long the record is")
    page.driver.execute_script(
        "const [seek] = arguments; seek.value = seek.max; seek.dispatchEvent(new Event('change'));",
        page.find("replay-seek"),
    )
    page.until(lambda: page.text("state") == "COMPLETE", "the end of the record", 30.0)
    assert page.text("delivered") == "0.10"
    page.find("replay-close").click()
    page.until(lambda: not page.shows("replay-bar"), "the replay is closed")
