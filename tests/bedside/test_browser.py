"""The page is opened in a browser of its own, with a folder of its own; where that can not be, it is said."""

import os
import select
import stat
import time
from pathlib import Path

import pytest

from controller.bedside.browser import Browser

ADDRESS = "http://127.0.0.1:1/operator?token=x"


@pytest.fixture
def chromium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that writes down what it was started with, and waits to be ended."""
    told = tmp_path / "told"
    program = tmp_path / "chromium"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {told}.part\nmv {told}.part {told}\nexec /bin/sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setenv("DISPLAY", ":77")
    monkeypatch.setattr("controller.bedside.browser.os.geteuid", lambda: 1000)
    return told


def words(told: Path) -> list[str]:
    until_s = time.monotonic() + 20.0
    while not told.exists():
        assert time.monotonic() < until_s
        select.select([], [], [], 0.01)
    return told.read_text().splitlines()


@pytest.mark.parametrize("kiosk", [False, True])
def test_it_has_a_folder_of_its_own_and_both_go(kiosk: bool, chromium: Path) -> None:
    browser = Browser()
    assert browser.open(ADDRESS, kiosk=kiosk) is None
    try:
        said = words(chromium)
        assert f"--app={ADDRESS}" in said
        assert ("--kiosk" in said) is kiosk
        assert "--no-sandbox" not in said
        folder = Path(next(word for word in said if word.startswith("--user-data-dir=")).partition("=")[2])
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        process = browser._process
        assert process is not None
        assert os.getpgid(process.pid) != os.getpgid(0), "Ctrl-C at the terminal does not end the page"
    finally:
        browser.close()
    assert process.returncode is not None
    assert not folder.exists()
    browser.close()


def test_a_second_address_takes_the_place_of_the_first(chromium: Path) -> None:
    browser = Browser()
    browser.open(ADDRESS, kiosk=False)
    words(chromium)
    first = browser._process
    try:
        browser.open(ADDRESS, kiosk=False)
        assert first is not None
        assert first.returncode is not None
        assert browser._process is not first
    finally:
        browser.close()


@pytest.mark.parametrize(
    ("display", "user", "says"),
    [("", 1000, "no screen"), (":77", 0, "does not run as root"), (":77", 1000, "no browser was found")],
)
def test_where_it_can_not_be_opened_that_is_said(
    display: str, user: int, says: str, chromium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("controller.bedside.browser.os.geteuid", lambda: user)
    monkeypatch.setattr("controller.bedside.browser.webbrowser.open", lambda _address: False)
    if "no browser" in says:
        monkeypatch.setattr("controller.bedside.browser.shutil.which", lambda _name: None)
    browser = Browser()
    why_not = browser.open(ADDRESS, kiosk=False)
    assert why_not is not None
    assert says in why_not
    assert browser._process is None
    assert not chromium.exists()
