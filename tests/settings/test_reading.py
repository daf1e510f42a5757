"""Files that can not be read, are not text, or are not TOML: one sentence each, and never anything but ConfigError."""

import os
from pathlib import Path

import pytest

from config import shipped
from controller.settings import ConfigError, load_profile
from controller.settings.reading import DEEPEST, LARGEST_FILE_BYTES, parse, plain


def problems_of(path: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_profile(path)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_unknown_name_lists_the_known_ones() -> None:
    assert problems_of("benhc") == ['there is no profile "benhc"; known: sim, bench, bedside, or the path of a .toml file']
    assert problems_of("")[0].startswith('there is no profile ""')


def test_missing_file() -> None:
    assert problems_of("conf/mine.toml") == ["conf/mine.toml: there is no such file"]
    assert problems_of("mine.toml") == ["mine.toml: there is no such file"]


def test_directory(tmp_path: Path) -> None:
    assert problems_of(f"{tmp_path}/") == [f"{tmp_path}/: is a directory, not a file"]


@pytest.mark.timeout(5)
def test_pipes_and_devices_are_not_waited_for() -> None:
    os.mkfifo("pipe.toml")
    assert problems_of("pipe.toml") == ["pipe.toml: is not a regular file"]
    assert problems_of("/dev/zero") == ["/dev/zero: is not a regular file"]


def test_unreadable_file() -> None:
    (said,) = problems_of(f"{'x' * 5000}.toml")
    assert said.endswith("can not be read: File name too long")


def test_a_path_that_can_not_be_shown_is_shown_safely() -> None:
    (said,) = problems_of("a\0b.toml")
    assert said.startswith('"a\\u0000b.toml": can not be read')


def test_too_large_file() -> None:
    Path("mine.toml").write_bytes(b"#" * (LARGEST_FILE_BYTES + 1))
    assert problems_of("mine.toml") == [f"mine.toml: is larger than {LARGEST_FILE_BYTES} bytes, too large for a configuration"]


def test_not_utf_8() -> None:
    Path("mine.toml").write_bytes(b'kind = "bench"\ndescription = "Pr\xfcfstand"\n')
    assert problems_of("mine.toml") == ["mine.toml: is not UTF-8 text (byte 0xfc in line 2)"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb = \n", "mine.toml: is not valid TOML: Invalid value (at line 2, column 5)"),
        ("a = 1\na = 2\n", "(at line 2, column 6)"),
        ("a = 1\n[b", "line 2"),
        ('a = 1\n\nb = "x', "line 3"),
        ("a = " + "9" * 5000, "mine.toml: is not valid TOML: "),
    ],
)
def test_toml_errors_name_their_line(text: str, said: str) -> None:
    Path("mine.toml").write_text(text, encoding="utf-8")
    (sentence,) = problems_of("mine.toml")
    assert said in sentence
    assert len(sentence) < 200


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 9000 + "]" * 9000, ".".join("a" * 100) + " = 1", "x = [[[[[[[[[[[[[[[]]]]]]]]]]]]]]]"]
)
def test_endless_nesting(text: str) -> None:
    Path("mine.toml").write_text(text, encoding="utf-8")
    (said,) = problems_of("mine.toml")
    assert said.endswith(f"nested more than {DEEPEST} levels deep")


def test_integers_beyond_64_bits() -> None:
    Path("mine.toml").write_text("x = 0x" + "f" * 6000, encoding="utf-8")
    assert problems_of("mine.toml") == ["mine.toml holds an integer that does not fit into 64 bits"]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    text = shipped("bench").read_bytes().replace(b"\n", b"\r\n")
    Path("mine.toml").write_bytes(b"\xef\xbb\xbf" + text)
    assert load_profile("mine.toml").hash == load_profile("bench").hash


def test_an_empty_file_misses_every_section() -> None:
    Path("mine.toml").write_bytes(b"")
    said = problems_of("mine.toml")
    assert said[0] == "mine.toml: kind is missing"
    assert "mine.toml: [injection] is missing" in said
    assert len(said) == 9


@pytest.mark.parametrize("literal", ["1", "[]", '"x"', "2020-01-01"])
def test_something_else_in_the_place_of_a_section(literal: str) -> None:
    text = shipped("bench").read_text(encoding="utf-8").partition("[records]")[0]
    Path("mine.toml").write_text(f"records = {literal}\n{text}", encoding="utf-8")
    (said,) = problems_of("mine.toml")
    assert said.endswith(" is not a section; write it as [records]")


def test_long_values_are_cut_in_messages() -> None:
    text = shipped("sim").read_text(encoding="utf-8").replace('"conray-60"', '"' + "x" * 20000 + '"')
    Path("mine.toml").write_text(text, encoding="utf-8")
    (said,) = problems_of("mine.toml")
    assert len(said) < 300


def test_plain_trees_share_nothing_with_what_was_parsed() -> None:
    tree = parse(b"a = [1, {b = 2.50}]", "x")
    copy = plain(tree, "x")
    assert copy == {"a": [1, {"b": 2.5}]}
    assert isinstance(copy, dict)
    copy["a"].append(3)
    assert len(tree["a"]) == 2  # type: ignore[arg-type]  # a TOML list


def test_only_what_toml_has_is_taken() -> None:
    with pytest.raises(ConfigError, match="--x holds a set"):
        plain({1, 2}, "--x")
