"""Texts as both databases can keep them: no NUL, no half of a surrogate pair, and no longer than their column.

A mail may hold all of that. PostgreSQL refuses each, SQLite some; so it ends here, at the one door into the tables, and
both databases keep the same.
"""

from __future__ import annotations

import json
import re
from typing import Any

_ODD = re.compile("[\x00\ud800-\udfff]")
_ODD_ESCAPED = re.compile(r"\\u(?:0000|d[89a-f][0-9a-f]{2})")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
COLUMN_BYTES = 2_000  # PostgreSQL refuses an index entry above 2,704, and a Message-ID may be 998 letters of three


def storable(text: str, characters: int | None = None) -> str:
    """The text with a replacement character for what no database keeps, cut to the width of its column."""
    plain = _ODD.sub(REPLACEMENT, text)
    return plain if characters is None else _cut(plain[:characters])


def _cut(text: str) -> str:
    """Columns of a given width may be indexed: no more bytes than an index takes, and no half letter at the end."""
    if len(text) * 4 <= COLUMN_BYTES:
        return text
    return text.encode()[:COLUMN_BYTES].decode(errors="ignore")


def dump_json(value: Any) -> str:
    """JSON of storable texts."""
    dumped = json.dumps(value)
    # Escapes tell what is odd, but the two halves of a letter beyond U+FFFF look like it: only then look closely.
    return json.dumps(_storable_value(value)) if _ODD_ESCAPED.search(dumped) else dumped


def _storable_value(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case dict():
            return {_storable_value(key): _storable_value(one) for key, one in value.items()}
        case list() | tuple():
            return [_storable_value(one) for one in value]
        case _:
            return value
