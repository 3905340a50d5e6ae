"""Columns that must be there, of the right type, under the right name."""

from collections.abc import Iterable

import ibis.expr.datatypes as dt
import pytest

from ingest.focus.rules.cells import Cells
from ingest.focus.rules.columns import COLUMN_RULES, ColumnRule, Content
from ingest.focus.rules.layout_rules import PRESENCE, Columns, Presence, layout_findings

RIGHT: dict[Content, dt.DataType] = {
    Content.TEXT: dt.string,
    Content.NUMBER: dt.Decimal(20, 10),
    Content.INSTANT: dt.Timestamp(timezone="UTC"),
    Content.OBJECT: dt.string,
}
WRONG: dict[Content, dt.DataType] = {Content.TEXT: dt.int64, Content.NUMBER: dt.string, Content.INSTANT: dt.string}
TYPED = [each for each in COLUMN_RULES if each.type_id]


def columns(
    names: Iterable[str],
    *,
    version: str = "1.2",
    types: dict[str, dt.DataType] | None = None,
    extras: tuple[str, ...] = (),
    typed: bool = True,
) -> Columns:
    right = {each.name: RIGHT[each.content] for each in COLUMN_RULES if each.name in set(names)}
    return Columns(Cells({name: name for name in right}, right | (types or {})), extras, typed, version)


def of_version(version: str) -> list[str]:
    return [each.name for each in COLUMN_RULES if each.since <= version <= each.until]


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.4"])
def test_a_bill_with_all_columns_in_their_types_breaks_nothing(version: str) -> None:
    assert list(layout_findings(columns(of_version(version), version=version), 10)) == []


@pytest.mark.parametrize("presence", PRESENCE, ids=lambda each: each.column)
def test_a_column_that_is_not_there_is_missed_where_another_proves_it_should_be(presence: Presence) -> None:
    version = max("1.2", presence.since)
    rest = [name for name in of_version(version) if name != presence.column]
    missed = {
        (each.column, each.requirement): each.rows for each in layout_findings(columns(rest, version=version), 10)
    }
    assert missed[presence.column, presence.id or None] == 10
    if presence.proof:
        unproven = [name for name in rest if name not in presence.proof]
        found = list(layout_findings(columns(unproven, version=version), 10))
        assert presence.column not in {each.column for each in found}


@pytest.mark.parametrize("column", TYPED, ids=lambda each: each.name)
def test_a_column_of_another_type_is_told(column: ColumnRule) -> None:
    wrong = {column.name: WRONG[column.content]}
    (found,) = layout_findings(columns(of_version("1.2"), types=wrong), 10)
    assert (found.rule, found.column, found.requirement, found.rows) == ("type", column.name, column.type_id, 10)
    # CSV has no types: its cells are judged one by one.
    assert list(layout_findings(columns(of_version("1.2"), types=wrong, typed=False), 10)) == []


def test_a_column_of_the_vendor_begins_with_x() -> None:
    (found,) = layout_findings(columns(of_version("1.2"), extras=("x_Discounts", "Id")), 10)
    assert (found.column, found.requirement) == ("Id", "ColumnHandling-A-010-M")


def test_a_column_in_lower_case_is_told() -> None:
    names = {name: name for name in of_version("1.2")} | {"Tags": "tags"}
    types = {each.name: RIGHT[each.content] for each in COLUMN_RULES if each.name in names}
    (found,) = layout_findings(Columns(Cells(names, types), (), typed=True, version="1.2"), 10)
    assert (found.column, found.example, found.requirement) == ("Tags", "tags", "ColumnHandling-A-001-M")
