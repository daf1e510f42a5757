"""Opens the page: in a browser of its own where there is one, for a page that stops a pump is not to be one tab among others.

Its folder is its own too, and is gone with it: cookies do not ask for the port, so a page of another program of this machine,
opened in the same browser, would be sent the operator's.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import webbrowser
from typing import Final

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ENDS_S: Final = 3.0
_OPTIONS: Final = (
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-sync",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--password-store=basic",
    "--autoplay-policy=no-user-gesture-required",  # an alarm has to be heard before anybody has touched the page
)


class Browser:
    """One that was started by us, or none."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: str | None = None

    def open(self, address: str, *, kiosk: bool) -> str | None:
        """Opens it; None, or why nothing could be opened."""
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            return "there is no screen to open it on (DISPLAY)"
        command = next((path for name in BROWSERS if (path := shutil.which(name))), None)
        if command is None:
            return None if webbrowser.open(address) else "no browser was found"
        if os.geteuid() == 0:
            return f"{command} does not run as root"
        self.close()
        try:
            self._folder = tempfile.mkdtemp(prefix="ductoject-browser-")
            options = [f"--user-data-dir={self._folder}", *_OPTIONS, *(["--kiosk"] if kiosk else [])]
            nothing = subprocess.DEVNULL
            self._process = subprocess.Popen(
                [command, f"--app={address}", *options],
                stdin=nothing,
                stdout=nothing,
                stderr=nothing,
                start_new_session=True,  # Ctrl-C is for us: the page stays to show how it ends
            )
        except OSError as error:
            self.close()
            return f"{command} can not be started: {error.strerror}"
        return None

    def close(self) -> None:
        """Ends it, and removes what it has left."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_ENDS_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_ENDS_S)
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
