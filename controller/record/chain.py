"""Canonical entries and the hash chain over them.

Each entry's hash covers the hash before it, so a changed, removed, inserted or reordered entry breaks the chain from there on.
The chain has no key: it shows damage and careless editing, not a forger who rewrites everything behind the change. And a chain
that was cut at its tail is whole as far as it goes: only the missing "end" entry tells (see verify.py).
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

FORMAT_VERSION = 1
"""Version of the file format; readers refuse any other."""

GENESIS = hashlib.sha256(b"ductoject record, format 1").hexdigest()
"""What stands in place of a previous hash before the first entry."""

MAX_SEQ = 2**62

_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One entry as it is hashed and stored.

    seq counts from 1; t_s is seconds of the control loop's clock; body is canonical JSON.
    """

    seq: int
    t_s: float
    kind: str
    body: str


def canonical_json(value: object) -> str:
    """The one spelling of a JSON value that is stored: sorted keys, no spaces, ASCII only, no NaN or infinity.

    Raises TypeError, ValueError or RecursionError for a value that JSON can not carry.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def make_entry(seq: object, t_s: object, kind: object, body: object) -> RawEntry:
    """Checks the four parts of an entry and spells the body canonically. The keys of the body, and of what is in it, are strings.

    Raises ValueError, TypeError or RecursionError, with a text that names the part, if one of them is not storable.
    """
    if not isinstance(seq, int) or isinstance(seq, bool) or not 1 <= seq <= MAX_SEQ:
        raise ValueError(f"seq is {seq!r}, not a whole number from 1")
    if not isinstance(t_s, int | float) or isinstance(t_s, bool) or not math.isfinite(t_s):
        raise ValueError(f"t_s is {t_s!r}, not a finite number of seconds")
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise ValueError(f"kind is {str(kind)[:64]!r}, not a short lower-case word")
    if not isinstance(body, Mapping):
        raise TypeError(f"the body is a {type(body).__name__}, not a JSON object")
    # SQLite gives -0.0 back as 0.0, which would spell, and hash, differently: it is made 0.0 before it is hashed.
    return RawEntry(seq, float(t_s) + 0.0, kind, canonical_json(dict(body)))


def entry_hash(previous_hash: str, entry: RawEntry) -> str:
    """SHA-256 (hex) over the previous hash, a line end, and the canonical JSON list [seq, t_s, kind, body]."""
    text = f"{previous_hash}\n[{entry.seq},{entry.t_s!r},{canonical_json(entry.kind)},{entry.body}]"
    # a stored body that was tampered with may hold anything; it must hash differently, not fail to encode
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
