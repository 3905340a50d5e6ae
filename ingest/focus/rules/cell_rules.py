"""Rules that one cell keeps or breaks by itself: not null, and written as its column's format asks."""

from collections.abc import Iterator

from ingest.focus.rules.columns import COLUMN_RULES, ColumnRule, Content
from ingest.focus.rules.facts import Garbled, Null, Placeholder
from ingest.focus.rules.json_facts import NestedValue, NotObject, RepeatedKey
from ingest.focus.rules.number_facts import NotInstant, NotNumeric
from ingest.focus.rules.rule import Fact, Rule, Term, clause

# What the two formats come to, part by part (the attributes Numeric Format and Date/Time Format).
_NUMERIC_IDS = tuple(f"NumericFormat-A-{number:03}-M" for number in range(2, 12))
_INSTANT_IDS = tuple(f"DateTimeFormat-A-{number:03}-M" for number in (1, 2, 4, 5, 6))


def _rules(column: ColumnRule) -> Iterator[Rule]:
    ids: tuple[str, ...] = ()
    if column.not_null:
        ids = (column.not_null_id,) if column.not_null_id else ()
        yield _rule(column, "not-null", "is null", Null(column.name), ids, as_written=False)
    if column.content is Content.NUMBER:
        ids = (*column.format_ids, *_NUMERIC_IDS)
        yield _rule(column, "number", "is not written as a number", NotNumeric(column.name), ids)
    elif column.content is Content.INSTANT:
        ids = (*column.format_ids, *_INSTANT_IDS)
        yield _rule(column, "date-time", "is not written as YYYY-MM-DDTHH:MM:SSZ", NotInstant(column.name), ids)
    elif column.content is Content.TEXT:
        yield from _text_rules(column)
    else:
        yield from _object_rules(column)


def _text_rules(column: ColumnRule) -> Iterator[Rule]:
    ids = ("NullHandling-A-002-M", "NullHandling-A-001-C")
    words = "has a text that stands for nothing, where a real null belongs"
    yield _rule(column, "placeholder", words, Placeholder(column.name), ids)
    words = "has characters that were lost when the file was written"
    yield _rule(column, "text", words, Garbled(column.name), (*column.format_ids, "StringHandling-A-001-M"))


def _object_rules(column: ColumnRule) -> Iterator[Rule]:
    ids = (*column.format_ids, "KeyValueFormat-A-001-M") if column.is_pairs else ()
    yield _rule(column, "json", "is not a JSON object", NotObject(column.name), ids)
    if column.is_pairs:
        words = "has a key twice in one object"
        yield _rule(column, "json", words, RepeatedKey(column.name), ("KeyValueFormat-A-002-M",))
        ids = ("KeyValueFormat-A-004-M", "KeyValueFormat-A-003-M")
        yield _rule(column, "json", "has an object or a list as a value", NestedValue(column.name), ids)


def _rule(
    column: ColumnRule, kind: str, words: str, fact: Fact, ids: tuple[str, ...], *, as_written: bool = True
) -> Rule:
    return Rule(
        kind,
        column.name,
        words,
        clause(Term(fact)),
        ids,
        since=column.since,
        until=column.until,
        as_written=as_written,
    )


CELL_RULES: tuple[Rule, ...] = tuple(rule for column in COLUMN_RULES for rule in _rules(column))
