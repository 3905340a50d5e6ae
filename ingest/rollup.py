"""Lines rolled up to UTC day × dimensions: what Postgres keeps of a bill."""

from collections.abc import Sequence

import ibis
from ibis import Column, Table

from app.domain.charge import COSTS, KEY_COLUMNS
from ingest.engine.duckdb import FILE, POSITION
from ingest.focus.lines import NUMBERS

LINE_KEY = ("key_hash", "resource_id")


def key_columns(lines: Table) -> tuple[str, ...]:
    """The columns of `lines` that make up a charge key."""
    return (*KEY_COLUMNS, "tags", *(name for name in lines.columns if name.startswith("extra_")))


def rollup(lines: Table, *, with_missing: Sequence[str]) -> Table:
    """Bookable `lines` summed by billing period, charge day and line key, with the position of the first of them.

    A line key stands for the dimensions as written: the resource itself and a 64-bit hash of everything else, because
    grouping by forty texts takes twice as long (docs/decisions/0005 has the odds of two keys falling together). It
    is of no use beyond this process. `<cost>_missing` counts lines without that cost, for the costs `with_missing`;
    for the others it is null.
    """
    others = {name: lines[name] for name in key_columns(lines) if name != "resource_id"}
    booked = lines.filter(lines.problem.isnull()).mutate(key_hash=ibis.struct(others).hash())
    summed = booked.aggregate(
        by=["billing_period_start", "charge_day", *LINE_KEY],
        first_position=booked[POSITION].min(),
        row_count=booked.count(),
        **{name: booked[name].sum() for name in NUMBERS},
        **{f"{name}_missing": booked[name].isnull().sum() for name in with_missing},
    )
    return summed.mutate(**{f"{name}_missing": ibis.null("int64") for name in COSTS if name not in with_missing})


def keyed_lines(lines: Table) -> Table:
    """`lines` as their dimensions, with their digest and their place."""
    keys = key_columns(lines)
    return lines.select(*keys, FILE, POSITION, line_digest=line_digest(lines, keys))


def line_digest(table: Table, keys: Sequence[str]) -> Column:
    """A digest of a line's dimensions as written, by which drill-down finds a line's charge key for ever."""
    texts = [_text(table[name]) for name in keys]
    return ibis.literal("").join(texts).hexdigest("md5")


def _text(column: Column) -> Column:
    text = column if column.type().is_string() else column.cast("string")
    # With its length, so that no text can pass for two.
    return (text.length().cast("string") + ":" + text).fill_null("-")


def control_totals(lines: Table) -> Table:
    """What went in: rows and exact sums by billing period, currency and whether they can be booked.

    The counters tell how many of the rows lack a cost, or break a rule of FOCUS that only a whole row shows.
    """
    return lines.aggregate(
        by=["billing_period_start", "billing_currency", "problem"],
        row_count=lines.count(),
        **{name: lines[name].sum() for name in COSTS},
        **{f"{name}_missing": lines[name].isnull().sum() for name in COSTS},
        odd_billing_period=lines.odd_billing_period.sum(),
        odd_charge_period=lines.odd_charge_period.sum(),
        slashed_date=lines.slashed_date.sum(),
        unread_number=lines.unread_number.count(),
    )
