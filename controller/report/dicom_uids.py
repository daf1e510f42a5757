"""Unique identifiers without a registered root: of the form 2.25, from a record's hash, so that the same record has the same."""

from typing import Final
from uuid import NAMESPACE_OID, uuid5

_NAMESPACE: Final = uuid5(NAMESPACE_OID, "2.25.ductoject")


def uid(seed: str, *parts: str) -> str:
    """The identifier of something of the record that this hash is of; parts say of what."""
    return f"2.25.{uuid5(_NAMESPACE, '/'.join((seed, *parts))).int}"
