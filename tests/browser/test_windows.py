"""One injection, looked at by several windows: a reload, watchers, a desk that changes hands, a line that is lost, and pain."""

import time
from datetime import UTC, datetime

import pytest

from controller.record.reader import open_record
from tests.browser.answers import CARE, SETUP, TWO_WEEKS, WEEK
from tests.browser.conftest import Play
from tests.browser.page import READ_S, Page
from tests.browser.server import Bedside

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(300)]

TOLD_S = 1.0
SLACK_S = 0.15
"""The machine that runs the tests is busy with a browser, a bench and a procedure."""


def test_one_injection_and_several_windows(play: Play) -> None:
    play(_an_injection)


def _an_injection(page: Page, bedside: Bedside) -> None:
    page.open(bedside.url)
    page.until_shown("field-patient")
    page.answer_all(SETUP)
    page.begin()
    page.flow()
    for step in (
        _a_reload_in_mid_injection,
        _a_second_window_watches_and_can_take_over,
        _who_has_no_token_only_watches,
        _a_lost_connection_is_told_within_a_second,
        _pain_stops_and_leads_to_the_question_which,
    ):
        step(page, bedside)


def _a_reload_in_mid_injection(page: Page, bedside: Bedside) -> None:
    before_ml = page.delivered_ml()
    page.driver.refresh()
    page.until(lambda: page.text("state") == "INFUSING", "the injection goes on before our eyes", 5.0)
    assert page.delivered_ml() >= before_ml
    assert page.enabled("stop"), "and this window still acts"
    assert not page.shows("other-window")
    assert "zero taken" in page.text("notes"), "what was before the reload is there"
    assert page.fetch("/api/setup", {})[0] != 200
    assert page.fetch("/api/begin", {})[0] != 200, "nothing is begun anew by its address"
    page.driver.get(f"{bedside.base}/#records")
    page.until_shown("stage-running")


def _a_second_window_watches_and_can_take_over(page: Page, bedside: Bedside) -> None:
    driver, first = page.driver, page.driver.current_window_handle
    driver.switch_to.new_window("window")
    second = driver.current_window_handle
    page.open(f"{bedside.base}/")
    page.until_shown("stage-running")
    assert page.shows("other-window")
    assert page.enabled("stop")
    assert page.enabled("pain"), "who has the operator's cookie stops from any window"
    assert not page.enabled("next-increment")
    page.until(lambda: page.text("state") == "HOLDING", "the increment is in", 30.0)
    page.until(lambda: "Give increment 2?" in page.text("question"), "the next one is asked for", 30.0)
    time.sleep(READ_S)
    assert not page.enabled("next-increment")
    page.find("take-desk").click()
    page.until(lambda: page.enabled("next-increment"), "this window acts now")
    driver.switch_to.window(first)
    page.until_shown("other-window")
    assert not page.enabled("next-increment")
    page.find("take-desk").click()
    page.until(lambda: page.enabled("next-increment"), "and this one again")
    driver.switch_to.window(second)
    page.until_shown("other-window")
    driver.close()
    driver.switch_to.window(first)


def _who_has_no_token_only_watches(page: Page, bedside: Bedside) -> None:
    driver, first = page.driver, page.driver.current_window_handle
    driver.switch_to.new_window("window")
    page.open(f"{bedside.base.replace('127.0.0.1', 'localhost')}/")  # cookies go by the host's name
    page.until_shown("stage-running")
    page.until(lambda: page.text("delivered") == "0.05", "it sees the numbers")
    assert page.shows("watching")
    for act in ("stop", "pain", "reflux", "full", "next-increment", "take-desk"):
        assert not page.enabled(act)
    driver.execute_script("document.dispatchEvent(new KeyboardEvent('keydown', {key: 's', bubbles: true}))")
    assert page.fetch("/api/begin?window=abc", {})[0] == 403
    driver.close()
    driver.switch_to.window(first)
    page.until(lambda: page.text("state") == "HOLDING", "nothing has come of it")


def _a_lost_connection_is_told_within_a_second(page: Page, bedside: Bedside) -> None:
    page.until(lambda: page.enabled("next-increment"), "the next increment is asked for", 30.0)
    page.driver.execute_script(
        """
        const banner = arguments[0];
        window.told_ms = null;
        new MutationObserver(() => { if (!banner.hidden && window.told_ms === null) window.told_ms = Date.now(); })
          .observe(banner, {attributes: true});
        """,
        page.find("stale"),
    )
    frozen_ms = datetime.now(UTC).timestamp() * 1000
    bedside.freeze()
    try:
        told_ms = page.until(lambda: page.driver.execute_script("return window.told_ms"), "the page says so", 5.0)
        assert (told_ms - frozen_ms) / 1000 <= TOLD_S + SLACK_S
        assert "NUMBERS ARE OLD" in page.text("stale-text")
        assert "press the stop button" in page.text("stale-advice")
        assert page.text("delivered") == "??", "no old number stands there as if it were now"
        assert page.text("line-kpa") == "??"
        assert page.text("elapsed") == "??"
        assert page.text("state").startswith("??")
        assert page.mark("stage-running", "stale") == "true"
        assert not page.enabled("next-increment")
        assert page.enabled("stop"), "a stop is always worth a try"
    finally:
        bedside.thaw()
    page.until(lambda: not page.shows("stale"), "the connection is back")
    page.until(lambda: page.text("delivered") == "0.05", "the numbers are those of now")
    page.until(lambda: page.text("state") == "HOLDING", "the procedure waits as before")


def _pain_stops_and_leads_to_the_question_which(page: Page, bedside: Bedside) -> None:
    page.until(lambda: page.enabled("next-increment"), "the next increment is asked for")
    time.sleep(READ_S)
    page.find("next-increment").click()
    page.until(lambda: page.text("state") == "INFUSING" and page.delivered_ml() > 0.055, "contrast flows", 10.0)
    page.find("pain").click()
    page.until_shown("alarm", 2.0)
    assert "HIGH ALARM PAIN_STOP" in page.text("alarm-text")
    page.until_shown("stage-after", 20.0)
    page.until_shown("pain-first")
    assert "focal or burning" in page.text("pain-first")
    assert not page.shows("reschedule")
    page.fill({"pain_kind": "burning"})
    page.until_said("reschedule", f"Reschedule between {WEEK} and {TWO_WEEKS}")
    page.until_said("advice", "Take the cannula out.")
    page.until_said("advice", "mild analgesia")
    page.silence_alarm()
    page.fill(CARE | {"analgesia": "given", "analgesia_what": "paracetamol 1 g"})
    page.until_said("after-said", "saved")
    with open_record(bedside.only_record()) as record:
        end = record.end
        causes = [entry.body for entry in record.entries(["event"]) if entry.body["name"] == "stop_cause"]
    assert end is not None
    assert end["reason"] == "PAIN_STOP"
    assert "page" in causes[0]["text"]
    assert 0.055 <= end["delivered_max_ml"] < 0.1
