"""Reads TOML: bytes of a file -> a plain tree, and the same tree as it was written. Every failure is a ConfigError."""

import re
import stat
import tomllib
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Final

from controller.settings.problems import ConfigError, WrittenNumber

LARGEST_FILE_BYTES: Final = 32_768
DEEPEST: Final = 12
_LARGEST_INTEGER: Final = 2**63 - 1  # TOML integers are signed 64-bit


def read_file(path: str, source: str) -> bytes:
    """The contents of a regular file of at most 32 KiB. source names it in errors.

    Raises ConfigError; never waits on a pipe or a device.
    """
    try:
        about = Path(path).stat()
        if stat.S_ISDIR(about.st_mode):
            raise ConfigError([f"{source}: is a directory, not a file"])
        if not stat.S_ISREG(about.st_mode):
            raise ConfigError([f"{source}: is not a regular file"])
        with Path(path).open("rb") as file:
            data = file.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError([f"{source}: there is no such file"]) from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError([f"{source}: can not be read: {reason}"]) from None
    if len(data) > LARGEST_FILE_BYTES:
        raise ConfigError([f"{source}: is larger than {LARGEST_FILE_BYTES} bytes, too large for a configuration"])
    return data


def parse(data: bytes, source: str) -> dict[str, object]:
    """The TOML tree as written (fractional numbers are WrittenNumber). source names the file in errors. Raises ConfigError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{source}: is not UTF-8 text (byte {data[error.start]:#04x} in line {line})"]) from None
    try:
        return tomllib.loads(text, parse_float=WrittenNumber)
    except RecursionError:
        raise ConfigError([f"{source}: is nested more than {DEEPEST} levels deep"]) from None
    except ValueError as error:  # TOMLDecodeError is one; so is an integer of thousands of digits
        message = re.sub(r"\(at end of document\)", f"(at line {text.count(chr(10)) + 1}, the end of the file)", str(error))
        raise ConfigError([f"{source}: is not valid TOML: {message}"]) from None


def plain_table(tree: Mapping[str, object], where: str) -> dict[str, object]:
    """A whole tree, as `plain` gives it."""
    return {str(key): plain(inner, where, 1) for key, inner in tree.items()}


def plain(value: object, where: str, depth: int = 0) -> object:
    """A value as plain Python: dict, list, str, bool, int, float (dates stay dates). Raises ConfigError naming `where`.

    The tree that comes back shares nothing with the one given, is not deep, and its integers fit into 64 bits.
    """
    if depth > DEEPEST:
        raise ConfigError([f"{where} is nested more than {DEEPEST} levels deep"])
    match value:
        case WrittenNumber():
            return value.value
        case Mapping():
            return {str(key): plain(inner, where, depth + 1) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner, where, depth + 1) for inner in value]
        case bool() | str() | date() | time():
            return value
        case float():
            return float(value)  # a subclass may spell itself in another way
        case int():
            if abs(value) > _LARGEST_INTEGER:
                raise ConfigError([f"{where} holds an integer that does not fit into 64 bits"])
            return value
        case _:
            raise ConfigError([f"{where} holds a {type(value).__name__}, which no configuration can hold"])
