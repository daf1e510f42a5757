"""What the tests of the configuration share: shipped profiles, edited as a user would edit them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from config import shipped
from controller.settings import ConfigError, load_profile

Refusals = Callable[..., list[str]]


@pytest.fixture
def refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Refusals:
    """refusals("sim", {"injection.target_ml": "0.35"}) -> what is said about a mine.toml like sim.toml but for that value.

    A value of None removes the key; a key that is not there is added to its section.
    """
    monkeypatch.chdir(tmp_path)

    def refuse(base: str, edits: dict[str, str | None], overrides: dict[str, object] | None = None) -> list[str]:
        text = shipped(base).read_text(encoding="utf-8")
        for dotted, literal in edits.items():
            text = edit(text, dotted, literal)
        Path("mine.toml").write_text(text, encoding="utf-8")
        try:
            load_profile("mine.toml", overrides)
        except ConfigError as error:
            return error.problems
        return []

    return refuse


def edit(text: str, dotted: str, literal: str | None) -> str:
    """A TOML text with one value replaced, removed (None) or added."""
    section, _, key = dotted.rpartition(".")
    line = "" if literal is None else f"{key} = {literal}\n"
    head, mark, body = text.partition(f"[{section}]\n") if section else ("", "", text)
    assert mark or not section, f"no [{section}] in the shipped file"
    end = re.search(r"^\[", body, re.MULTILINE)
    cut = end.start() if end else len(body)
    inside, count = re.subn(rf"^{re.escape(key)} = .*\n", line.replace("\\", "\\\\"), body[:cut], count=1, flags=re.MULTILINE)
    if count == 0:
        assert literal is not None, f"no {dotted} in the shipped file"
        inside = line + body[:cut]
    return head + mark + inside + body[cut:]
