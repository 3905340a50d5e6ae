"""Charge keys: a line's dimensions, tidied, with tags as one flat object, under a digest that never changes.

Two lines that differ only in spelling (blanks, `NULL`, `usage-based`, the order of tags) have the same charge key.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from app.domain.charge import KEY_COLUMNS
from app.domain.money import plain
from ingest.focus.cells import ABSENT
from ingest.focus.numbers import MAX_DIGITS, NUMBER
from ingest.focus.spec import ALLOWED_VALUES

_CANONICAL = {column: {value.casefold(): value for value in values} for column, values in ALLOWED_VALUES.items()}


@dataclass(frozen=True)
class Key:
    """A charge key as it goes to Postgres."""

    digest: bytes
    values: tuple[str | None, ...]  # in the order of KEY_COLUMNS
    tags: str  # JSON
    extras: str  # JSON


def charge_key(line: Mapping[str, Any], extra_names: tuple[str, ...]) -> Key:
    """The charge key of a line's raw dimensions. `extra_names` are the bill's names of the `extra_*` columns."""
    values = tuple(_READERS[name](line[name]) if name in _READERS else tidy(name, line[name]) for name in KEY_COLUMNS)
    extras = {name: tidy(name, line[f"extra_{i}"]) for i, name in enumerate(extra_names)}
    tags = _json(tags_of(line["tags"]) or {})
    present_extras = _json({name: value for name, value in extras.items() if value is not None})
    digest = hashlib.sha256(orjson.dumps([values, tags, present_extras])).digest()
    return Key(digest, values, tags, present_extras)


@lru_cache(maxsize=1 << 16)  # the keys of a bill share most of their values
def tidy(column: str, raw: str | None) -> str | None:
    """A dimension without blanks, null where absent, in the specification's own casing where it lists the values."""
    if raw is None:
        return None
    text = raw.strip().replace("\0", "")  # Postgres cannot store NUL
    if text in ABSENT:
        return None
    allowed = _CANONICAL.get(column)
    return allowed.get(text.casefold(), text) if allowed else text


def tags_of(raw: object) -> dict[str, str | bool | None] | None:
    """Tags as a flat object of texts: from a Parquet map, or from JSON text. None when they cannot be read.

    Numbers stay the text they were; a valueless tag is true (FOCUS, column Tags).
    """
    if raw is None:
        return {}
    if isinstance(raw, dict):  # a Parquet map
        pairs: object = raw
    else:
        text = str(raw).strip()
        if text in ABSENT:
            return {}
        try:
            pairs = json.loads(text, parse_float=str, parse_int=str)
        except ValueError:
            return None
    if not isinstance(pairs, dict):
        return None
    return {str(key).replace("\0", ""): _tag_value(value) for key, value in pairs.items()}


def _tag_value(value: object) -> str | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str | Decimal):
        return str(value).replace("\0", "")
    return json.dumps(value, sort_keys=True)


def price(raw: object) -> str | None:
    """A unit price as plain digits, however the bill writes it; None where it is no number that Postgres could hold."""
    text = raw.strip() if isinstance(raw, str) else "" if raw is None else str(raw)
    if not re.fullmatch(NUMBER, text):
        return None
    number = Decimal(text)
    return plain(number) if abs(number.adjusted()) <= MAX_DIGITS else None


def _details(raw: object) -> str | None:
    pairs = tags_of(raw)
    return _json(pairs) if pairs else None


# How a column that is no text is read.
_READERS: dict[str, Callable[[Any], str | None]] = {
    "charge_period_days": str,
    "list_unit_price": price,
    "sku_price_details": _details,
}


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
