"""Rows of a file of quantities: what is wrong with them, and the drivers that they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import ibis
from ibis import Column, Table

from app.domain.driver_columns import LONGEST, PROVIDER
from ingest.columns import exact_columns, is_number, json_object, summed_once
from ingest.engine.duckdb import FILE, POSITION, ROW, rows_of
from ingest.focus.cells import INSTANT, instant, present, text_cell

DAY, NAME, UNIT, QUANTITY = "day", "name", "unit", "quantity"
_BY = (DAY, NAME, UNIT, PROVIDER)
_SHOWN = 40  # characters of a cell


def named(bill: Table, ours: Mapping[str, str]) -> Table:
    """`bill` with its columns under our names, and where its rows stand. `ours` are our names by the file's."""
    provider = {} if PROVIDER in ours.values() else {PROVIDER: ibis.null("string")}
    place = {name: bill[name] for name in (FILE, ROW, POSITION)}
    return bill.select(**{name: bill[header] for header, name in ours.items()}, **provider, **place)


@dataclass(frozen=True)
class Check:
    """What may be wrong with the cells of a column, in words that go on from a cell's text."""

    column: str
    wrong: Column
    reason: str


def checks(rows: Table) -> tuple[Check, ...]:
    """Everything that keeps a cell from being used. Of one cell, at most one holds."""
    day, quantity = text_cell(rows, DAY), text_cell(rows, QUANTITY)
    written = present(day).re_search(INSTANT) if rows[DAY].type().is_string() else ibis.literal(value=True)
    unread = present(day).notnull() & ~(written & instant(rows[DAY]).notnull())
    no_number = ~is_number(rows, QUANTITY)
    comma = quantity.contains(",")
    empty = (DAY, NAME, UNIT, QUANTITY)
    return (
        Check(DAY, unread, "is not a day; write it as 2026-03-05"),
        Check(QUANTITY, no_number & comma, "is not a number; write it with a point and no separators, such as 1234.5"),
        Check(QUANTITY, no_number & ~comma, "is not a number; write digits and a point, such as 1234.5"),
        *(Check(name, present(text_cell(rows, name)).isnull(), "is empty") for name in empty),
        *(
            Check(name, text_cell(rows, name).length() > LONGEST, f"has more than {LONGEST} characters")
            for name in _texts(rows)
        ),
    )


def count_problems(rows: Table, found: Sequence[Check]) -> int:
    """How many cells cannot be used, in one pass."""
    sums = {f"n{number}": each.wrong.fill_null(False).sum() for number, each in enumerate(found)}
    (row,) = rows_of(rows.aggregate(**sums))
    return sum(int(count or 0) for count in row.values())


def problems(rows: Table, found: Sequence[Check], limit: int) -> list[dict[str, object]]:
    """The first cells that cannot be used: file, row, column, text and reason."""
    told = [
        rows.filter(each.wrong.fill_null(False)).select(
            FILE,
            ROW,
            POSITION,
            column=ibis.literal(each.column),
            text=text_cell(rows, each.column).substr(0, _SHOWN),
            reason=ibis.literal(each.reason),
        )
        for each in found
    ]
    return rows_of(ibis.union(*told).order_by(POSITION, "column").limit(limit))


def _texts(rows: Table) -> Iterator[str]:
    return (name for name in rows.columns if name not in {DAY, QUANTITY, FILE, ROW, POSITION})


def drivers(rows: Table) -> Table:
    """The rows as drivers, added up by day and all that is said of a quantity."""
    dimensions = [name for name in _texts(rows) if name not in _BY]
    texts = {name: present(text_cell(rows, name)) for name in (NAME, UNIT, PROVIDER, *dimensions)}
    exact = rows.select(
        **{f"say_{name}": text for name, text in texts.items()},
        say_day=instant(rows[DAY]).cast("date"),
        amount=exact_columns(rows, [QUANTITY])[QUANTITY],
    )
    by = [name for name in exact.columns if name.startswith("say_")]
    summed = summed_once(exact.aggregate(by=by, amount=exact["amount"].sum()))
    return summed.select(
        day=summed["say_day"],
        name=summed["say_name"],
        unit=summed["say_unit"],
        service_provider_name=summed[f"say_{PROVIDER}"],
        dimensions=json_object({name: summed[f"say_{name}"] for name in dimensions})
        if dimensions
        else ibis.literal("{}"),
        quantity=summed["amount"].cast("string"),  # exact, whatever its scale
    )


def below_zero(found: Table, limit: int) -> list[dict[str, object]]:
    """The first of the drivers whose quantity is negative."""
    negative = found.filter(found[QUANTITY].startswith("-"))
    return rows_of(negative.order_by(DAY, NAME, UNIT, "dimensions").limit(limit))
