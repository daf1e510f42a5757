"""One browser for all tests of the page, and the bedside program anew for each that wants one."""

import contextlib
import ctypes
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver

from tests.browser.page import EndedError, Page
from tests.browser.pty_watch import LATE_S, PtyWatch
from tests.browser.server import Bedside

MOST_ATTEMPTS = 3
Play = Callable[..., None]
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # it does not run as root otherwise
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-background-timer-throttling",  # of several windows one is in front, and all are looked at
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--force-color-profile=srgb",
)


_PR_CAPBSET_DROP, _CAP_SYS_NICE = 24, 23


def _behind_everybody() -> None:
    """Runs in the browser before it is one. The kernel's workers carry the bytes of pseudo-terminals, and who draws on both
    processors holds them up: the simulated devices seem to fall silent. As root a browser even puts its threads before others."""
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_SYS_NICE, 0, 0, 0)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.setsid()
    os.nice(10)
    with contextlib.suppress(OSError):  # where sessions are scheduled as groups, it is the group's weight that counts
        Path("/proc/self/autogroup").write_text("10")


def start_browser(*more: str, width: int = 1280, height: int = 800) -> WebDriver:
    """A browser without a screen, whose page is exactly so large. Raises FileNotFoundError where there is none."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        raise FileNotFoundError("chromium or its driver is not installed (apt install chromium chromium-driver)")
    options = Options()
    options.binary_location = browser
    for option in (*OPTIONS, *more):
        options.add_argument(option)
    found = webdriver.Chrome(options=options, service=Service(driver, popen_kw={"preexec_fn": _behind_everybody}))
    resize(found, width, height)
    found.set_page_load_timeout(20.0)
    found.set_script_timeout(30.0)
    return found


def resize(driver: WebDriver, width: int, height: int) -> None:
    """The page itself, not the window around it."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


@pytest.fixture(scope="session")
def browser() -> Iterator[WebDriver]:
    try:
        driver = start_browser()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    yield driver
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        driver.quit()


def fresh(browser: WebDriver) -> Page:
    """One window, which has never been anybody's."""
    first, *others = browser.window_handles
    for handle in others:
        browser.switch_to.window(handle)
        browser.close()
    browser.switch_to.window(first)
    browser.get("about:blank")
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    return Page(browser)


@pytest.fixture
def play(browser: WebDriver, tmp_path: Path, record_property: Callable[[str, object], None]) -> Iterator[Play]:
    """Plays a test with the bedside program and its page.

    It is played again, and that is told, where the procedure ended by itself while the kernel carried nobody's bytes in time
    (docs/decisions/0006-real-time-tests.md).
    """

    def run(body: Callable[[Page, Bedside], None], *options: str) -> None:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            folder = tmp_path / f"attempt{attempt}"
            folder.mkdir()
            with PtyWatch() as watch, closing(Bedside(folder, *options)) as bedside:
                try:
                    body(fresh(browser), bedside)
                except EndedError as error:
                    watch.look()
                    if attempt == MOST_ATTEMPTS or watch.worst_s < LATE_S:
                        raise
                    record_property(
                        "played_again", f"{tmp_path.name}: {error.reason}, and bytes took {watch.worst_s * 1000:.0f} ms"
                    )
                else:
                    return

    yield run
    fresh(browser)
