"""A procedure without a mouse: from the first field to the stop and the alarm's reset, by keys alone."""

import time
from collections.abc import Mapping

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.answers import SETUP
from tests.browser.conftest import Play
from tests.browser.page import READ_S, Page
from tests.browser.server import Bedside

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(300)]
MOST_KEYS = 250


def test_by_keys_alone(play: Play) -> None:
    play(_without_a_mouse)


def _without_a_mouse(page: Page, bedside: Bedside) -> None:
    page.open(bedside.url)
    page.until_shown("field-patient")
    _fill_by_keys(page, SETUP)
    page.until(lambda: page.enabled("begin"), "the set-up is complete")
    _go_to(page, "begin").send_keys(Keys.ENTER)
    page.until_shown("stage-running", 30.0)
    _answer_by_keys(page)
    _press(page, "s")
    page.until_shown("alarm", 2.0)
    assert "MEDIUM ALARM OPERATOR_STOP" in page.text("alarm-text")
    page.until_shown("stage-after", 20.0)
    page.until(lambda: page.enabled("acknowledge"), "the alarm can be acknowledged")
    time.sleep(READ_S)
    _go_to(page, "acknowledge").send_keys(Keys.ENTER)
    page.until(lambda: page.enabled("reset"), "the alarm can be reset")
    _go_to(page, "reset").send_keys(Keys.ENTER)
    page.until(lambda: not page.shows("alarm"), "the alarm is reset")
    _go_to(page, "field-cannula_removed").send_keys(Keys.SPACE)
    page.until_said("after-said", "saved")


def _focus(page: Page) -> WebElement:
    return page.driver.switch_to.active_element


def _press(page: Page, key: str) -> None:
    _focus(page).send_keys(key)


def _go_to(page: Page, name: str) -> WebElement:
    """By the tab key, as far as it takes."""
    for _ in range(MOST_KEYS):
        found = _focus(page)
        if found.get_dom_attribute("data-test") == name:
            return found
        found.send_keys(Keys.TAB)
    raise AssertionError(f"{name} can not be reached by the tab key; {page.where()}")


def _fill_by_keys(page: Page, values: Mapping[str, object]) -> None:
    """Once through the form, answering what has the focus."""
    left = dict(values)
    page.driver.execute_script("document.activeElement.blur()")
    for _ in range(MOST_KEYS):
        if not left:
            return
        field = _focus(page)
        name = field.get_dom_attribute("name") or ""
        if name in values and _answer_field(field, values[name]):
            left.pop(name, None)
        field = _focus(page)
        field.send_keys(Keys.TAB)
    raise AssertionError(f"not reached by the tab key: {list(left)}")


def _answer_field(field: WebElement, value: object) -> bool:
    """Answers the one that has the focus; True when its question is answered with it."""
    kind = field.get_dom_attribute("type")
    if kind == "checkbox":
        wanted = value if isinstance(value, bool) else field.get_attribute("value") in value  # type: ignore[operator]
        if wanted and not field.is_selected():
            field.send_keys(Keys.SPACE)
        return isinstance(value, bool) or field.get_attribute("value") == value[-1]  # type: ignore[index]
    if kind == "radio":
        name = field.get_dom_attribute("name")
        field.send_keys(Keys.SPACE)
        for _ in range(8):
            now = field.parent.switch_to.active_element
            if now.get_dom_attribute("name") == name and now.get_attribute("value") == value:
                return True
            now.send_keys(Keys.DOWN)
        raise AssertionError(f"{name} = {value} can not be chosen by keys")
    if field.tag_name == "select":
        field.send_keys(str(value))  # the options begin with it
        return field.get_attribute("value") == value
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(str(value))
    return True


def _answer_by_keys(page: Page) -> None:
    """Until contrast flows."""
    end_s = time.monotonic() + 60.0
    while not (page.text("state") == "INFUSING" and page.delivered_ml() >= 0.01):
        assert time.monotonic() < end_s, page.where()
        page.tell_end("contrast flows")
        if page.enabled("next-increment"):
            time.sleep(READ_S)
            _press(page, "g")
            time.sleep(READ_S)
        elif page.shows("answer"):
            time.sleep(READ_S)
            if page.shows("typed-form"):
                field = _go_to(page, "typed")
                field.send_keys(page.text("typed-label").split()[1].rstrip(","))
                field.send_keys(Keys.ENTER)
            elif page.enabled("answer"):
                _go_to(page, "answer").send_keys(Keys.ENTER)
            time.sleep(READ_S)
        time.sleep(0.1)
