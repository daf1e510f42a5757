"""Pictures of the main screens, at the two sizes for which they were made: `make screenshots`.

Two procedures are carried out for it, in real time and as in the tests: one to its planned end, one to the patient's pain.
"""

import base64
import sys
import tempfile
import time
from contextlib import closing
from io import BytesIO
from pathlib import Path

from PIL import Image
from selenium.webdriver.chrome.webdriver import WebDriver

from tests.browser.answers import CARE, IMAGES, SETUP
from tests.browser.conftest import MOST_ATTEMPTS, fresh, resize, start_browser
from tests.browser.page import READ_S, EndedError, Page
from tests.browser.server import Bedside

SIZES = ((1280, 800), (1920, 1080))
DRAWN_S = 0.4
COLOURS = 128
"""In a picture: they are kept in the repository."""


class Camera:
    """Takes every picture at both sizes."""

    def __init__(self, driver: WebDriver, folder: Path) -> None:
        self._driver = driver
        self._folder = folder
        self._size = SIZES[0]

    def take(self, name: str, drawn_s: float = DRAWN_S) -> None:
        """The page as it is now, as NAME-WIDTHxHEIGHT.png. drawn_s: how long it has to draw itself in another size."""
        taken = {}
        for size in sorted(SIZES, key=lambda size: size != self._size):
            if size != self._size:
                resize(self._driver, *size)
                time.sleep(drawn_s)
                self._size = size
            taken[size] = self._driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
        for (width, height), data in taken.items():
            picture = Image.open(BytesIO(base64.b64decode(data))).convert("RGB").quantize(COLOURS)
            picture.save(self._folder / f"{name}-{width}x{height}.png", optimize=True)
        sys.stderr.write(f"{name}\n")


def main(folder: Path) -> int:
    """Takes them all. A procedure that the machine has spoilt is begun again, a few times."""
    folder.mkdir(parents=True, exist_ok=True)
    driver = start_browser()
    try:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            with tempfile.TemporaryDirectory() as place, closing(Bedside(Path(place))) as bedside:
                try:
                    page, camera = fresh(driver), Camera(driver, folder)
                    resize(driver, *SIZES[0])
                    page.open(bedside.url)
                    _planned_end(page, camera)
                    _pain(page, camera)
                    _records(page, camera, bedside)
                except EndedError as error:
                    sys.stderr.write(f"{error}\n")
                    if attempt == MOST_ATTEMPTS:
                        return 1
                else:
                    return 0
    finally:
        driver.quit()
    return 1


def _planned_end(page: Page, camera: Camera) -> None:
    page.until_shown("field-patient")
    camera.take("setup-begun")
    page.fill(SETUP | {"target_ml": 0.35})
    page.problem("target_ml", "0.3")
    page.find("next-problem").click()
    camera.take("setup-wrong")
    page.type("target_ml", "0.10")
    page.begin()
    page.go_on_until(lambda: "Prime" in page.text("question") or "prime" in page.text("question"), "the question to prime", 30.0)
    camera.take("question")
    page.flow(0.02)
    camera.take("injection")
    page.go_on_until(lambda: page.text("state") == "HOLDING" and page.mark("hold", "on") == "true", "a hold", 30.0)
    camera.take("hold")
    page.go_on_until(lambda: page.enabled("next-increment"), "the next increment is asked for", 30.0)
    camera.take("next-increment")
    page.go_on_until(lambda: page.shows("stage-after"), "the end", 60.0)
    page.until_said("advice", "Image now")
    camera.take("after")
    page.fill(IMAGES | CARE)
    page.until_said("after-said", "saved")
    page.find("new-procedure").click()
    page.until_shown("stage-setup")


def _pain(page: Page, camera: Camera) -> None:
    page.until_shown("field-patient")
    page.answer_all(SETUP | {"patient": "P-18", "duct": "10", "side": "right"})
    page.begin()
    page.flow(0.03)
    page.find("pain").click()
    page.until_shown("alarm")
    camera.take("alarm", 0.1)  # this one does not last: within a second or two the pump is seen to stand still
    page.until_shown("stage-after", 20.0)
    page.until_shown("pain-first")
    page.fill({"pain_kind": "burning"})
    page.until_shown("reschedule")
    camera.take("after-pain")
    page.silence_alarm()
    page.fill(CARE | {"analgesia": "given", "analgesia_what": "paracetamol 1 g"})
    page.until_said("after-said", "saved")


def _records(page: Page, camera: Camera, bedside: Bedside) -> None:
    page.find("records").click()
    first = sorted(bedside.records.glob("*.sqlite"))[0].name
    page.until_shown(f"open-{first}")
    camera.take("records")
    page.find(f"open-{first}").click()
    page.until_shown("replay")
    camera.take("record")
    page.find("replay").click()
    page.until_shown("replay-bar")
    page.until(lambda: page.find("replay-seek").get_property("max") != "1", "how long the record is")
    script = "const [seek] = arguments; seek.value = '26'; seek.dispatchEvent(new Event('change'));"
    page.driver.execute_script(script, page.find("replay-seek"))
    page.until(lambda: page.delivered_ml() > 0.0, "the record plays", 20.0)
    time.sleep(READ_S)
    camera.take("replay")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screens")))
