"""Suspected extravasation in a browser: the alarm, what to do now, and between which days to come again."""

from pathlib import Path

import pytest

from controller.record.reader import open_record
from tests.browser.answers import CARE, SETUP, TWO_WEEKS, WEEK
from tests.browser.conftest import Play
from tests.browser.page import Page
from tests.browser.server import Bedside

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(300)]
SCENARIO = Path(__file__).parent / "scenarios" / "tears_early.toml"


def test_extravasation_leads_to_advice_and_days(play: Play) -> None:
    play(_a_duct_that_tears, "--scenario", str(SCENARIO))


def _a_duct_that_tears(page: Page, bedside: Bedside) -> None:
    page.open(bedside.url)
    page.until_shown("field-patient")
    page.answer_all(SETUP)
    page.begin()
    page.go_on_until(lambda: page.shows("alarm"), "an alarm", 80.0)
    page.until_said("alarm-text", "HIGH ALARM EXTRAVASATION_SUSPECTED")
    assert page.mark("alarm", "priority") == "high"
    page.until_shown("stage-after", 20.0)
    assert "EXTRAVASATION_SUSPECTED" in page.text("result")
    page.until_said("advice", "Take the cannula out.")
    page.until_said("advice", "Give mild analgesia.")
    page.until_said("advice", f"Reschedule between {WEEK} and {TWO_WEEKS}.")
    page.until_said("reschedule", f"Reschedule between {WEEK} and {TWO_WEEKS}")
    assert "Image now" not in page.text("advice")
    assert page.shows("alarm"), "it stays when the procedure is over"
    page.find("new-procedure").click()
    page.until_said("after-said", "the alarm is not reset yet")
    page.silence_alarm()
    page.problem("pain_kind", "")
    page.fill(CARE | {"pain_kind": "none", "analgesia": "given", "analgesia_what": "paracetamol 1 g"})
    page.no_problem("pain_kind")
    page.until_said("after-said", "saved")
    status, instructions = page.fetch("/instructions")
    assert status == 200
    assert WEEK in instructions
    page.find("new-procedure").click()
    page.until_shown("stage-setup")
    with open_record(bedside.only_record()) as record:
        after = [entry.body for entry in record.entries(["after"])]
    assert [body["do"] for body in after if body["name"] == "alarm"] == ["acknowledge", "reset"]
    page.answer_all(SETUP)
    told = ("problem-duct", "problem-continues", "problem-patient")
    page.until(lambda: any(page.shows(name) for name in told), "this duct is refused now")
    assert not page.enabled("begin")
