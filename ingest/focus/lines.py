"""A FOCUS file's rows as *lines*: dimensions as written, costs exact, periods in UTC, and whether each can be booked.

Lines are an Ibis expression over the raw table. Text dimensions are left as the bill spells them: tidying happens once
per charge key (`ingest.keys`), not once per row.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from app.domain.charge import COSTS, QUANTITIES, TEXT_COLUMNS
from app.errors import BadInput
from ingest.engine.duckdb import FILE, KEY, POSITION, ROW, rows_of
from ingest.focus.cells import instant, is_slashed, present, text_cell
from ingest.focus.numbers import (
    MAX_DIGITS,
    SHORT_SCALE,
    Number,
    exact_value,
    is_exact,
    short_part,
    significant_digits,
)
from ingest.focus.spec import Layout, snake

NUMBERS = (*COSTS, *QUANTITIES)
DIMENSIONS = tuple(name for name in TEXT_COLUMNS if name != "billing_currency")
# What a line says about itself besides dimensions and numbers.
PLACE = (FILE, ROW, POSITION, KEY)
# A native mapping may say which of its own columns keeps a row from being booked.
UNREADABLE = "trueup_unreadable"


@dataclass(frozen=True)
class BillMapping:
    """Where each of our columns comes from in a particular bill."""

    columns: Mapping[str, str]  # ours -> as the file writes it
    scales: Mapping[str, int]
    currencies: Mapping[str, str]  # each readable spelling that occurs -> its ISO 4217 code
    key_extras: tuple[str, ...] = ()
    extras: tuple[str, ...] = field(default=())

    def __hash__(self) -> int:
        """Whatever makes two mappings equal, without the order of their columns."""
        parts = (self.columns, self.scales, self.currencies)
        return hash((*(frozenset(each.items()) for each in parts), self.key_extras, self.extras))


def our_columns(layout: Layout) -> dict[str, str]:
    """Our names for the columns of `layout`; ProviderName serves as service_provider_name before FOCUS 1.3."""
    ours = {snake(name): written for name, written in layout.columns.items()}
    provider = ours.pop("provider_name", None)
    if provider is not None:
        ours.setdefault("service_provider_name", provider)
    return ours


# How many rows are looked at for a guess of how long a bill's numbers are. A guess that was too short shows, because
# what it does not hold is not read at all.
GUESSED_FROM = 50_000


def scales(bill: Table, columns: Mapping[str, str], *, guess: bool = False) -> dict[str, int]:
    """The fractional digits each number column needs; only guessed from the first rows, for a `guess`.

    Raises BadInput for a value too long to keep exactly.
    """
    written = {name: columns[name] for name in NUMBERS if name in columns}
    found = {name: _scale(bill[column]) for name, column in written.items() if is_exact(bill[column])}
    inexact = {name: column for name, column in written.items() if name not in found}
    return found | _longest(bill.limit(GUESSED_FROM) if guess else bill, inexact)


def _scale(column: Column) -> int:
    kind = column.type()
    return (kind.scale or 0) if kind.is_decimal() else 0


def _longest(bill: Table, columns: Mapping[str, str]) -> dict[str, int]:
    if not columns:
        return {}
    digits = {name: significant_digits(bill, written) for name, written in columns.items()}
    longest = bill.aggregate(
        **{f"{name}_whole": whole.max() for name, (whole, _) in digits.items()},
        **{f"{name}_fraction": fraction.max() for name, (_, fraction) in digits.items()},
    )
    (row,) = rows_of(longest)
    found = {}
    for name, written in columns.items():
        whole = max(int(row[f"{name}_whole"] or 0), 1)
        # Short floats are units of that scale; a text gives way to its digits before the point.
        least = SHORT_SCALE if bill[written].type().is_floating() else min(SHORT_SCALE, MAX_DIGITS - whole)
        fraction = max(int(row[f"{name}_fraction"] or 0), least)
        if fraction + whole > MAX_DIGITS:
            raise BadInput(
                f"{written} holds a value with more digits than can be kept exactly ({MAX_DIGITS} in all)."
                " Look for a broken number in that column; Trueup never rounds one."
            )
        found[name] = fraction
    return found


def cells(focus: Table, mapping: BillMapping) -> Table:
    """The rows of `focus` with instants and short numbers read, as further columns.

    A relation of its own, so that each is read once however often `lines` looks at it.
    """
    short = {
        _SHORT + name: short_part(focus[mapping.columns[name]], mapping.scales[name])
        for name in _inexact(focus, mapping)
    }
    read = {_CELL + name: instant(focus[mapping.columns[name]]) for name in _INSTANTS}
    slashed = is_slashed(text_cell(focus, mapping.columns["charge_period_start"]))
    return focus.select(*focus.columns, **short, **read, trueup_slashed=slashed)


def _inexact(table: Table, mapping: BillMapping) -> tuple[str, ...]:
    """The number columns that a bill has as texts or floats."""
    return tuple(name for name in NUMBERS if name in mapping.columns and not is_exact(table[mapping.columns[name]]))


def number_in_parts(read: Table, mapping: BillMapping, name: str) -> Number | None:
    """The number called `name` in `cells`, or in `lines`; None where the bill lacks it or it is exact as it is."""
    if _SHORT + name not in read.columns:
        return None
    scale = mapping.scales[name]
    if _LONG + name in read.columns:
        return Number(read[_SHORT + name], read[_LONG + name], scale)
    return Number.read(read[mapping.columns[name]], read[_SHORT + name], scale)


def lines(read: Table, mapping: BillMapping) -> Table:
    """The `cells` of a bill as lines; `problem` names the column that keeps a row from being booked, or is null."""
    parts = {name: number for name in NUMBERS if (number := number_in_parts(read, mapping, name))}
    instants = {name: read[_CELL + name] for name in _INSTANTS}
    currency = _currency(read, mapping)
    return read.select(
        **{name: text_cell(read, mapping.columns.get(name)) for name in DIMENSIONS},
        billing_currency=currency,
        charge_period_days=_charge_period_days(instants),
        list_unit_price=_as_written(read, mapping.columns.get("list_unit_price")),
        sku_price_details=_pairs(read, mapping.columns.get("sku_price_details")),
        tags=_pairs(read, mapping.columns.get("tags")),
        **{f"extra_{i}": text_cell(read, name) for i, name in enumerate(mapping.key_extras)},
        billing_period_start=instants["billing_period_start"].truncate("M").cast("date"),
        charge_day=instants["charge_period_start"].cast("date"),
        charge_period_start=instants["charge_period_start"],
        charge_period_end=instants["charge_period_end"],
        **{name: parts[name].value if name in parts else _exact(read, mapping, name) for name in NUMBERS},
        **{_SHORT + name: number.short for name, number in parts.items()},
        **{_LONG + name: number.long for name, number in parts.items()},
        odd_billing_period=instants["billing_period_start"] != instants["billing_period_start"].truncate("M"),
        odd_charge_period=instants["charge_period_start"] >= instants["charge_period_end"],
        slashed_date=read.trueup_slashed,
        unread_number=_first_unreadable(read, mapping, ("list_cost", "contracted_cost", *QUANTITIES)),
        problem=_problem(read, mapping, currency),
        **{name: read[name] for name in PLACE},
    )


_CELL, _SHORT, _LONG = "trueup_", "trueup_short_", "trueup_long_"
_CODE = re.compile("[A-Z]{3}")
_INSTANTS = ("billing_period_start", "billing_period_end", "charge_period_start", "charge_period_end")


def currencies(bill: Table, columns: Mapping[str, str]) -> dict[str, str]:
    """The spellings of a currency that occur and can be read, each with its code.

    There are few of them, so they are looked at once instead of in every row.
    """
    spelled = rows_of(bill.select(spelled=text_cell(bill, columns["billing_currency"])).distinct())
    codes = {each["spelled"]: each["spelled"].strip().upper() for each in spelled if each["spelled"] is not None}
    return {each: code for each, code in codes.items() if _CODE.fullmatch(code)}


def _currency(bill: Table, mapping: BillMapping) -> Column:
    """The code of each row's currency; null where it cannot be read."""
    written = text_cell(bill, mapping.columns["billing_currency"])
    as_written = [each for each, code in mapping.currencies.items() if each == code]
    respelled = [(written == each, ibis.literal(code)) for each, code in mapping.currencies.items() if each != code]
    return ibis.cases((written.isin(as_written), written), *respelled)


def _exact(read: Table, mapping: BillMapping, name: str) -> Column:
    written = mapping.columns.get(name)
    return ibis.null(dt.Decimal(MAX_DIGITS, 0)) if written is None else exact_value(read[written])


def _as_written(bill: Table, name: str | None) -> Column:
    """A column in the type the bill has it in: it is told apart line by line, and read once for each charge key."""
    return ibis.null("string") if name is None else bill[name]


def _pairs(bill: Table, name: str | None) -> Column:
    if name is None:
        return ibis.null("string")
    return bill[name] if bill[name].type().is_map() else text_cell(bill, name)


def _charge_period_days(instants: Mapping[str, Column]) -> Column:
    """How many UTC days each row's charge period touches; 1 where its end cannot be read or is not after its start."""
    start, end = instants["charge_period_start"], instants["charge_period_end"]
    last = (end - ibis.interval(microseconds=1)).cast("date")
    return ibis.cases((end > start, last.delta(start.cast("date"), unit="day") + 1), else_=1).cast("int32")


def _unreadable(read: Table, mapping: BillMapping, name: str) -> Column:
    """Whether a number cell says something that cannot be understood. Its text is only looked at where it is null."""
    number = number_in_parts(read, mapping, name)
    if number is None:
        return ibis.literal(value=False)
    says = present(text_cell(read, mapping.columns[name])).notnull()
    return ibis.cases((number.missing, says), else_=False)


def _first_unreadable(read: Table, mapping: BillMapping, names: Sequence[str]) -> Column:
    return ibis.cases(*((_unreadable(read, mapping, name), ibis.literal(name)) for name in names))


def _problem(read: Table, mapping: BillMapping, currency: Column) -> Column:
    native = [(read[UNREADABLE].notnull(), read[UNREADABLE])] if UNREADABLE in read.columns else []
    return ibis.cases(
        *native,
        (_unreadable(read, mapping, "billed_cost"), ibis.literal("billed_cost")),
        (_unreadable(read, mapping, "effective_cost"), ibis.literal("effective_cost")),
        (currency.isnull(), ibis.literal("billing_currency")),
        (read[_CELL + "billing_period_start"].isnull(), ibis.literal("billing_period_start")),
        (read[_CELL + "charge_period_start"].isnull(), ibis.literal("charge_period_start")),
    )
