"""The bedside's page as a person uses it: what is seen and pressed, by the data-test names of the page. Every wait is bounded."""

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

SOON_S = 10.0
LOOK_S = 0.1
READ_S = 0.4
"""A person reads first: what is pressed within 0.3 s of a question does not count."""
ANSWERED_S = 1.6
"""After an answer the same question is not answered again at once."""


_TELLING = (
    "stage-setup",
    "stage-after",
    "stage-records",
    "alarm-text",
    "state",
    "question",
    "feedback",
    "stale-text",
    "setup-said",
)


class EndedError(AssertionError):
    """The procedure is over before it came to what was waited for. reason: the name under which it ended."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Page:
    """The window at which the browser looks."""

    def __init__(self, driver: WebDriver) -> None:
        self.driver = driver

    # -- looking -------------------------------------------------------------------------------------------------------------

    def find(self, name: str) -> WebElement:
        """The element of this name."""
        return self.driver.find_element(By.CSS_SELECTOR, f'[data-test="{name}"]')

    def shows(self, name: str) -> bool:
        """Whether it is there to be seen."""
        return self._asks(name, "found.checkVisibility({visibilityProperty: true})")

    def enabled(self, name: str) -> bool:
        """Whether it is there to be pressed."""
        return self._asks(name, "found.checkVisibility({visibilityProperty: true}) && !found.disabled")

    def _asks(self, name: str, what: str) -> bool:
        script = f'const found = document.querySelector(`[data-test="${{arguments[0]}}"]`); return found !== null && {what};'
        return bool(self.driver.execute_script(script, name))

    def text(self, name: str) -> str:
        """What it says."""
        return self.find(name).text

    def mark(self, name: str, what: str) -> str | None:
        """One of its data- attributes."""
        return self.find(name).get_dom_attribute(f"data-{what}")

    def until(self, condition: Callable[[], Any], what: str, within_s: float = SOON_S) -> Any:
        """Waits for a condition, so long; what it gave."""
        end_s = time.monotonic() + within_s
        while True:
            try:
                found = condition()
            except StaleElementReferenceException:
                found = None  # the form was drawn anew under our hands
            if found:
                return found
            if time.monotonic() >= end_s:
                self.tell_end(what)
                raise AssertionError(f"not within {within_s} s: {what}; {self.where()}")
            time.sleep(LOOK_S)

    def until_shown(self, name: str, within_s: float = SOON_S) -> None:
        """Waits until it is there to be seen."""
        self.until(lambda: self.shows(name), f"{name} shown", within_s)

    def until_said(self, name: str, words: str, within_s: float = SOON_S) -> None:
        """Waits until it says these words."""
        self.until(lambda: words in self.text(name), f"{name} says {words!r}", within_s)

    def where(self) -> str:
        """Where the page is, for whoever reads of a failure."""
        return "; ".join(f"{name}: {self.text(name)[:120]!r}" for name in _TELLING if self.shows(name))

    def tell_end(self, what: str) -> None:
        """Raises EndedError where the procedure is over."""
        if self.shows("stage-after"):
            said = self.text("result")
            raise EndedError(said.partition(":")[0], f"the procedure has ended: {said}; waited for: {what}; {self.where()}")

    # -- answering forms -----------------------------------------------------------------------------------------------------

    def fill(self, values: Mapping[str, object]) -> None:
        """Answers the questions of a form, each the way its control is made for."""
        for name, value in values.items():
            first = f"field-{name}-{value[0]}" if isinstance(value, list) else f"field-{name}"
            self.until_shown(first)  # some are asked only after the answer to another is saved
            if isinstance(value, list):
                for each in value:
                    self._tick(f"field-{name}-{each}", True)
            elif isinstance(value, bool):
                self._tick(f"field-{name}", value)
            elif self.find(f"field-{name}").tag_name == "fieldset":
                self.press(f"field-{name}-{value}")
            elif self.find(f"field-{name}").tag_name == "select":
                Select(self.find(f"field-{name}")).select_by_value(str(value))
            else:
                self.type(name, str(value))

    def press(self, name: str) -> None:
        """Scrolls to something and presses it."""
        found = self.find(name)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        found.click()

    def type(self, name: str, text: str) -> None:
        """Puts a text in place of what stands in a field, and leaves the field."""
        field = self.find(f"field-{name}")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text or Keys.DELETE, Keys.TAB)

    def problem(self, name: str, words: str) -> None:
        """Waits until this is said beside a field."""
        self.until_said(f"problem-{name}", words)

    def no_problem(self, name: str) -> None:
        """Waits until nothing is said beside a field."""
        self.until(lambda: not self.shows(f"problem-{name}"), f"nothing wrong with {name}")

    def _tick(self, name: str, wanted: bool) -> None:
        if self.find(name).is_selected() != wanted:
            self.press(name)

    # -- the procedure -------------------------------------------------------------------------------------------------------

    def open(self, url: str) -> None:
        """Goes to an address and waits for the page to know where it stands."""
        self.driver.get(url)
        known = "return !['none', undefined].includes(document.body?.dataset.screen)"
        self.until(lambda: self.driver.execute_script(known), "a screen")

    def answer_all(self, values: Mapping[str, object]) -> None:
        """The whole set-up at once, as the page would send it."""
        window = self.driver.execute_script("return sessionStorage.getItem('ductoject_window')")
        assert self.fetch(f"/api/setup?window={window}", {"values": values})[0] == 200
        self.driver.refresh()
        self.until_shown("field-patient")

    def begin(self) -> None:
        """From a set-up that is complete to the injection screen."""
        self.until(lambda: self.enabled("begin"), "the set-up is complete")
        self.find("begin").click()
        self.until_shown("stage-running", 30.0)

    def delivered_ml(self) -> float:
        """The large figures; NaN where they are no number."""
        try:
            return float(self.text("delivered"))
        except ValueError:
            return float("nan")

    def answer(self, unless: Callable[[], Any] = lambda: False) -> None:
        """Answers what is asked now, if anything is, as a person would who has read it; unless something is so by then."""
        if self.enabled("next-increment"):
            time.sleep(READ_S)
            if unless():
                return
            self.find("next-increment").click()
        elif self.shows("answer"):
            asked = self.text("question")
            time.sleep(READ_S)
            if unless():
                return
            if self.shows("typed-form"):
                word = self.text("typed-label").split()[1].rstrip(",")
                self.find("typed").send_keys(word)
            if self.enabled("answer") and self.text("question") == asked:
                self.find("answer").click()
                taken = "the answer was taken"
                self.until(lambda: not self.enabled("answer") or self.text("question") != asked, taken, ANSWERED_S)

    def go_on_until(self, condition: Callable[[], Any], what: str, within_s: float) -> None:
        """Answers whatever is asked, until something is so. Raises EndedError where the procedure ends without."""
        end_s = time.monotonic() + within_s
        while not condition():
            if self.shows("stage-after") and not condition():
                self.tell_end(what)
            assert time.monotonic() < end_s, f"not within {within_s} s: {what}; {self.where()}"
            with contextlib.suppress(StaleElementReferenceException):
                self.answer(condition)
            time.sleep(LOOK_S)

    def flow(self, ml: float = 0.01) -> None:
        """From the beginning of a procedure to the middle of an increment."""
        self.go_on_until(lambda: self.text("state") == "INFUSING" and self.delivered_ml() >= ml, "contrast flows", 60.0)

    def silence_alarm(self) -> None:
        """Acknowledges the alarm that is shown, and resets it when its cause is over."""
        time.sleep(READ_S)
        self.find("acknowledge").click()
        self.until(lambda: self.mark("alarm", "acknowledged") == "true", "the alarm is acknowledged")
        self.until(self._reset, "the alarm is reset", 15.0)

    def _reset(self) -> bool:
        if self.enabled("reset") and "the cause is over" in self.text("alarm-text"):
            self.find("reset").click()
            time.sleep(READ_S)
        return not self.shows("alarm")

    # -- what stands behind the page -----------------------------------------------------------------------------------------

    def fetch(self, path: str, sent: Mapping[str, object] | None = None) -> tuple[int, str]:
        """A request of the page itself; sent: what is posted, if anything. Status, and what came as text (a byte a character)."""
        script = """
            const [path, sent, tell] = arguments;
            const told = async () => {
              const post = {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(sent)};
              const answer = await fetch(path, sent === null ? {} : post);
              const bytes = new Uint8Array(await answer.arrayBuffer());
              return [answer.status, Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")];
            };
            told().then(tell, (error) => tell([0, String(error)]));
        """
        status, body = self.driver.execute_async_script(script, path, sent)
        return int(status), str(body)
