"""What can be wrong with a cohort, as sentences for people."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from simulators.acts import DOES


class CohortError(Exception):
    """A cohort that can not be used; one sentence a line, each naming file, key, value and limit."""


def sentences(error: ValidationError, where: str = "", not_keys: frozenset[str] = frozenset()) -> list[str]:
    """One sentence for each mistake. where: the key of the table that was read. not_keys: parts of a path nobody wrote."""
    return [_sentence(item, where, not_keys) for item in error.errors(include_url=False)]


def _sentence(item: Mapping[str, Any], where: str, not_keys: frozenset[str]) -> str:
    path = list(item["loc"])
    if DOES in path:  # the field of an event that holds its act, and the kind of the act: nobody wrote these either
        at = path.index(DOES)
        path = path[:at] + path[at + 2 :]
    parts = [str(part) for part in path if part not in not_keys]
    key = ".".join([where, *parts] if where else parts)
    match item["type"]:
        case "missing":
            return f"{key} is missing"
        case "extra_forbidden":
            return f"{key} is not a known key"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{key} must be a table"
        case "union_tag_not_found":
            tag = item["ctx"]["discriminator"].strip("'")
            return f"{key}.{tag} is missing" + (f"; there are: {', '.join(sorted(not_keys))}" if tag == "distribution" else "")
        case "union_tag_invalid":
            tag = item["ctx"]["discriminator"].strip("'")
            known = sorted(each.strip(" '") for each in item["ctx"]["expected_tags"].split(","))
            return f"{key}.{tag} = {item['ctx']['tag']!r} does not exist; there are: {', '.join(known)}"
    text = item["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    given = "" if isinstance(item["input"], dict | list) else f" = {item['input']!r}"
    return f"{key}{given}: {text}"
