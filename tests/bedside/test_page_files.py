"""The page's files: nothing inline, nothing from elsewhere, no data as markup, and every name that is used is there."""

import re
from pathlib import Path

import pytest

import controller.bedside

PAGE = Path(controller.bedside.__file__).parent / "page"
INDEX = (PAGE / "index.html").read_text()
MODULES = sorted(PAGE.glob("*.js"))
NAMES = [
    "stage-setup", "stage-running", "stage-after", "begin", "state", "delivered", "line-kpa", "question", "answer", "typed",
    "next-increment", "stop", "pain", "reflux", "full", "alarm", "alarm-text", "acknowledge", "reset", "pause-audio", "stale",
    "watching", "take-desk", "elapsed", "steps", "records", "hold", "advice", "new-procedure", "health-pump", "health-sensor",
    "health-button", "health-record", "simulated", "banner",
]  # fmt: skip


def test_nothing_is_inline() -> None:
    assert not re.search(r"\son\w+\s*=|\sstyle\s*=|<style|javascript:", INDEX, re.IGNORECASE)
    assert re.findall(r"<script\b[^>]*>(.*?)</script>", INDEX, re.DOTALL) == [""]


@pytest.mark.parametrize("path", sorted(PAGE.iterdir()), ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere(path: Path) -> None:
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|url\(|@import|//[a-z]+\.[a-z]", text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_data_becomes_text_and_never_markup_or_program(path: Path) -> None:
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc"
    assert not re.search(markup + r"|\beval\b|new Function", path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_what_is_imported_is_there(path: Path) -> None:
    for names, module in re.findall(r'import \{ ([^}]+) \} from "\./([^"]+)"', path.read_text()):
        exported = set(re.findall(r"export (?:async )?(?:function|class|const) (\w+)", (PAGE / module).read_text()))
        assert {name.strip() for name in names.split(",")} <= exported


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_what_a_module_looks_for_is_on_the_page_or_made_by_it(path: Path) -> None:
    text = path.read_text()
    looked_for = set(re.findall(r'byTest\("([^"]+)"', text))
    made = set(re.findall(r'data-test="([^"]+)"', INDEX)) | set(re.findall(r'test: "([^"]+)"', text))
    assert looked_for <= made


@pytest.mark.parametrize("name", NAMES)
def test_the_names_that_tests_use_are_on_the_page_once(name: str) -> None:
    assert INDEX.count(f'data-test="{name}"') == 1


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r'(?:src|href)="/static/([^"]+)"', INDEX)
    assert len(named) == 3
    assert all((PAGE / name).is_file() for name in named)
