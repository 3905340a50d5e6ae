"""Lines rolled up to UTC day × dimensions: what Postgres keeps of a bill."""

from collections.abc import Sequence

import ibis
from ibis import Column, Table

from app.domain.charge import COSTS, KEY_COLUMNS
from ingest.focus.lines import NUMBERS

# Separates and stands for null in the text that a line's digest is made of; neither occurs in a bill.
_BETWEEN, _NULL = "\x1f", "\x1e"


def key_columns(lines: Table) -> tuple[str, ...]:
    """The columns of `lines` that make up a charge key."""
    return (*KEY_COLUMNS, "tags", *(name for name in lines.columns if name.startswith("extra_")))


def rollup(lines: Table) -> Table:
    """Bookable `lines` summed by billing period, charge day and dimensions as written, with the digest of the latter.

    `<cost>_missing` counts lines without that cost; `odd_*` count lines that break a rule of FOCUS.
    """
    keys = key_columns(lines)
    booked = lines.filter(lines.problem.isnull())
    summed = booked.aggregate(
        by=["billing_period_start", "charge_day", *keys],
        row_count=booked.count(),
        **{name: booked[name].sum() for name in NUMBERS},
        **{f"{name}_missing": (booked[name].isnull()).sum() for name in COSTS},
        odd_billing_period=booked.odd_billing_period.sum(),
        odd_charge_period=booked.odd_charge_period.sum(),
        unread_number=booked.unread_number.count(),
    )
    return summed.mutate(line_digest=line_digest(summed, keys))


def line_digest(table: Table, keys: Sequence[str]) -> Column:
    """A digest of a line's dimensions as written, the same for a roll-up and for the lines under it."""
    texts = [_text(table[name]) for name in keys]
    return ibis.literal(_BETWEEN).join(texts).hexdigest("md5")


def _text(column: Column) -> Column:
    text = column if column.type().is_string() else column.cast("string")
    return text.fill_null(_NULL)


def control_totals(lines: Table) -> Table:
    """What went in: rows and exact sums by billing period, currency and whether they can be booked."""
    return lines.aggregate(
        by=["billing_period_start", "billing_currency", "problem"],
        row_count=lines.count(),
        **{name: lines[name].sum() for name in COSTS},
    )
