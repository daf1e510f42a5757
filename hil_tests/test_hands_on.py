"""A bench that counts as real: armed by the button and by a word typed in a terminal, and by nothing else.

The devices are the simulated ones; the profile says kind = "bench", and then nothing in it makes them simulated. A scripted
person sits at a pseudo-terminal.
"""

import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest

from hil_tests.hosts import DUCTOJECT
from hil_tests.simulated_bench import SimulatedBench

pytestmark = [pytest.mark.simulated_only, pytest.mark.realtime, pytest.mark.xdist_group("realtime"), pytest.mark.timeout(90)]

THINKS_S = 0.6  # an answer typed before the question was read does not count


def bench_profile(bench: SimulatedBench, folder: Path) -> str:
    """The simulated bench's profile as that of a real bench."""
    text = bench.profile_text({"kind": "bench", "injection.advance": "confirm", "injection.target_ml": 0.05})
    path = folder / "mine.toml"
    path.write_text(text[: text.index("[simulation]")])
    return str(path)


class Person:
    """Reads the screen and answers each question once."""

    def __init__(self, command: list[str], answers: dict[str, str]) -> None:
        self._answers = dict(answers)
        self.screen = ""
        self._read_to = 0
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "dumb", "COLUMNS": "200"},
        )
        os.close(slave)

    def work(self, until_s: float) -> int:
        """Until the program ends; its exit status."""
        while time.monotonic() < until_s:
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.screen += os.read(self._master, 4096).decode(errors="replace")
                except OSError:  # the other end has closed: the program is ending
                    return self._process.wait(timeout=10)
            self._answer()
            if self._process.poll() is not None and not select.select([self._master], [], [], 0.2)[0]:
                return self._process.returncode
        raise AssertionError(f"still running:\n{self.screen}")

    def _answer(self) -> None:
        line, newline, _ = self.screen[self._read_to :].partition("\n")
        while newline:
            self._read_to += len(line) + 1
            for words in [words for words in self._answers if "QUESTION" in line and words in line]:
                time.sleep(THINKS_S)
                os.write(self._master, self._answers.pop(words).encode())
            line, newline, _ = self.screen[self._read_to :].partition("\n")

    def leave(self) -> None:
        """Gone, whatever is going on."""
        self._process.kill()
        self._process.wait(timeout=10)
        os.close(self._master)


ANSWERS = {
    "take zero": "\r",
    "Cannula outside": "\r",
    "No bubbles": "\r",
    "Cannula in": "\r",
    "Arm": "arm\rARM\r",
    "increment 1": "\r",
}  # the first try at the word is wrong


def test_a_person_arms_by_hand(tmp_path: Path) -> None:
    with SimulatedBench.start() as bench:
        profile = bench_profile(bench, tmp_path)
        person = Person([DUCTOJECT, "run", "--profile", profile, "--records", str(tmp_path / "records")], ANSWERS)
        try:
            status = person.work(time.monotonic() + 60.0)
        finally:
            person.leave()
        truth = bench.truth()
    assert status == 0, person.screen
    assert "VOLUME_REACHED" in person.screen
    assert "ARM" in person.screen[person.screen.index("QUESTION: Arm") :], "the word in small letters is answered by saying which"
    assert truth["forward_patient_ul"] == pytest.approx(50.0, abs=0.05)
