"""What can be wrong with a cohort, as sentences for people."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError


class CohortError(Exception):
    """A cohort that can not be used; one sentence a line, each naming file, key, value and limit."""


def sentences(error: ValidationError, where: str = "", not_keys: frozenset[str] = frozenset()) -> list[str]:
    """One sentence for each mistake. where: the key of the table that was read. not_keys: parts of a path nobody wrote."""
    return [_sentence(item, where, not_keys) for item in error.errors(include_url=False)]


def _sentence(item: Mapping[str, Any], where: str, not_keys: frozenset[str]) -> str:
    parts = [str(part) for part in item["loc"] if part not in not_keys]
    key = ".".join([where, *parts] if where else parts)
    match item["type"]:
        case "missing":
            return f"{key} is missing"
        case "extra_forbidden":
            return f"{key} is not a known key"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{key} must be a table"
        case "union_tag_not_found":
            return f"{key}.distribution is missing; there are: {', '.join(sorted(not_keys))}"
        case "union_tag_invalid":
            return f"{key}.distribution = {item['ctx']['tag']!r} does not exist; there are: {', '.join(sorted(not_keys))}"
    text = item["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    given = "" if isinstance(item["input"], dict | list) else f" = {item['input']!r}"
    return f"{key}{given}: {text}"
