"""Amounts of a report: passed on as they are written, or worked out in exact decimals.

Most amounts are one column or another of the file and stay what they are there: doubles in Parquet, text in CSV. The
few that take arithmetic are worked out as DECIMAL(38, 18), from the shortest text of each operand, and written back in
the same type as the others. A decimal whose double does not read as that decimal again keeps the whole delivery from
being read as doubles (`holds_as_double`): then all amounts are text, which is slower and as exact.
"""

from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from ingest.aws.native import Native
from ingest.focus.cells import present
from ingest.focus.numbers import MAX_DIGITS, decimal_of

SCALE = 18
EXACT = dt.Decimal(MAX_DIGITS, SCALE)
_SHORT, _SHORT_LIMIT = dt.Decimal(18, 10), 1e5
# What adds up: all of them have one type in a delivery.
COST_COLUMNS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
AMOUNTS = (*COST_COLUMNS, "PricingQuantity", "ConsumedQuantity", "CommitmentDiscountQuantity")
NATIVE_AMOUNTS = (
    "line_item_unblended_cost",
    "line_item_net_unblended_cost",
    "line_item_usage_amount",
    "pricing_public_on_demand_cost",
    "reservation_effective_cost",
    "reservation_net_effective_cost",
    "savings_plan_net_savings_plan_effective_cost",
    "savings_plan_savings_plan_effective_cost",
    "split_line_item_split_usage",
)


@dataclass(frozen=True)
class Amounts:
    """How the amounts of a delivery travel."""

    doubles: bool

    def passed(self, native: Native, *names: str) -> Column:
        """The first of these columns that has a value, as it is."""
        found = [self._cell(native, name) for name in names if native.has(name)]
        if not found:
            return self.null
        return found[0] if len(found) == 1 else ibis.coalesce(*found)

    def _cell(self, native: Native, name: str) -> Column:
        column = native.column(name)
        if self.doubles:
            return column
        return present(native.text(name)) if column.type().is_string() else native.text(name)

    @property
    def zero(self) -> Column:
        """Nothing."""
        return ibis.literal(0.0 if self.doubles else "0")

    @property
    def null(self) -> Column:
        """No value."""
        return ibis.null("float64" if self.doubles else "string")

    def back(self, exact: Column) -> Column:
        """A decimal in the type of the other amounts. By way of text, because that is read to the nearest double."""
        text = exact.cast("string")
        return text.cast("float64") if self.doubles else text


def travels_as_double(native: Native) -> bool:
    """Whether every amount of the file is a double."""
    return all(native.column(name).type().is_float64() for name in NATIVE_AMOUNTS if native.has(name))


@dataclass(frozen=True)
class Exact:
    """A decimal worked out from a column, and whether the column says something that cannot be read exactly."""

    value: Column
    unreadable: Column


def exact(native: Native, *names: str) -> Exact:
    """The first of these columns that has a value, as a decimal; null where none has, or where it is unreadable."""
    found = [native.column(name) for name in names if native.has(name)]
    if found and all(column.type().is_float64() for column in found):
        written = ibis.coalesce(*found)
        # Most amounts have few places. One of up to 15 digits that is this double is the shortest text of it too.
        short = written.try_cast(_SHORT)
        value = ibis.cases(
            ((written.abs() < _SHORT_LIMIT) & (short.cast("float64") == written), short.cast(EXACT)),
            else_=decimal_of(written.cast("string"), SCALE),
        )
        return Exact(value, written.notnull() & value.isnull())
    text = ibis.coalesce(*(present(native.text(name)) for name in names if native.has(name)), ibis.null("string"))
    value = decimal_of(text, SCALE)
    return Exact(value, text.notnull() & value.isnull())


def total(*parts: Exact) -> Exact:
    """The sum of the parts that have a value; null where none has."""
    some = ibis.or_(*(part.value.notnull() for part in parts))
    added = parts[0].value.fill_null(0)
    for part in parts[1:]:
        added = (added + part.value.fill_null(0)).cast(EXACT)
    unreadable = ibis.or_(*(part.unreadable for part in parts))
    return Exact(ibis.cases((some & ~unreadable, added)), unreadable)


def holds_as_double(worked_out: Table) -> Column:
    """Whether every decimal among the amounts of `worked_out` is what its nearest double reads as."""
    decimals = [worked_out[name] for name in AMOUNTS if worked_out[name].type().is_decimal()]
    held = [each.cast("string").cast("float64").cast("string").try_cast(EXACT).identical_to(each) for each in decimals]
    return ibis.and_(*held).all()
