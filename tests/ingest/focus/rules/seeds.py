"""How to make each kind of fact true of a row, and how to make it false."""

from typing import Any

from ingest.focus.rules.facts import Garbled, Is, Miscased, NoColumn, Null, Placeholder, SameText, Unlisted, Unrelated
from ingest.focus.rules.json_facts import MiscasedKey, MistypedValue, NestedValue, NotObject, RepeatedKey, StrangeKey
from ingest.focus.rules.number_facts import (
    Differs,
    LastSecond,
    MidMonth,
    Negative,
    NotBefore,
    NotInstant,
    NotNumeric,
    NotZero,
    OffProduct,
)
from ingest.focus.rules.rule import Fact
from ingest.focus.spec import ALLOWED_VALUES, snake
from tests.ingest.bills import Row
from tests.ingest.focus.rules.rows import COVERED

_NOON = "2026-03-02T12:00:00Z"
# The cell that makes a fact about one column true, and the one that makes it false.
_CELLS: dict[type, tuple[str, str]] = {
    Placeholder: ("N/A", "something"),
    Garbled: ("M\ufffdnchen", "München"),
    NotNumeric: ("+1,000", "-1.5e-3"),
    NotInstant: ("2026-03-02 12:00:00", _NOON),
    Negative: ("-0.01", "0"),
    NotZero: ("0.01", "0.00"),
    LastSecond: ("2026-03-02T23:59:59Z", "2026-03-03T00:00:00Z"),
    MidMonth: ("2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z"),
    NotObject: ("[1]", '{"a": 1}'),
    RepeatedKey: ('{"a": 1, "a": 2}', '{"a": 1, "b": 2}'),
    NestedValue: ('{"a": {"b": 1}}', '{"a": 1}'),
    StrangeKey: ('{"Weight": 1}', '{"x_weight": 1, "corecount": 2}'),
    MiscasedKey: ('{"corecount": 2}', '{"CoreCount": 2, "Weight": 1}'),
    MistypedValue: ('{"CoreCount": "2"}', '{"CoreCount": 2, "InstanceType": "m1"}'),
}


def seeded(row: Row, fact: Fact, *, so: bool) -> Row:
    """`row` with the cells that make `fact` what it shall be."""
    return {**row, **_cells(fact, so=so)}


def _cells(fact: Any, *, so: bool) -> Row:
    if type(fact) in _CELLS:
        true, false = _CELLS[type(fact)]
        return {fact.column: true if so else false}
    return _of_an_enumeration(fact, so=so) or _of_several(fact, so=so)


def _of_an_enumeration(fact: Any, *, so: bool) -> Row:
    match fact:
        case Null(column):
            return {column: None if so else COVERED.get(column) or "Correction"}
        case Is(column, value):
            return {column: value if so else _another(column, value)}
        case Unlisted(column, values):
            return {column: "Nonsense" if so else values[0].swapcase()}
        case Miscased(column, values):
            return {column: values[0].swapcase() if so else values[0]}
        case _:
            return {}


def _of_several(fact: Any, *, so: bool) -> Row:
    match fact:
        case SameText(one, other):
            return {one: "same", other: "same"} if so else {one: "one", other: "other"}
        case Unrelated(child, parent, parents):
            name, of = parents[0]
            return {child: name, parent: "Storage" if so else of}
        case Differs(one, other):
            return {one: "1", other: "1.01" if so else "1.00"}
        case OffProduct(price, quantity, cost):
            return {price: "2", quantity: "3", cost: "6.01" if so else "6.000000000001"}
        case NotBefore(start, end):
            return {start: _NOON, end: _NOON if so else "2026-03-02T12:00:01Z"}
        case NoColumn():
            return {}  # of the header, not of a row
        case _:
            raise TypeError(f"nobody has said how to break {fact}")


def _another(column: str, value: str) -> str | None:
    others = [each for each in ALLOWED_VALUES[snake(column)] if each != value]
    return others[-1] if others else None
