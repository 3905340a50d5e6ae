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

from app.domain.charge import COSTS, KEY_COLUMNS, QUANTITIES
from app.errors import BadInput
from ingest.engine.duckdb import FILE, POSITION, ROW, rows_of
from ingest.focus.cells import (
    MAX_DIGITS,
    SLASHED,
    Cell,
    instant_cell,
    is_exact,
    number_cell,
    significant_digits,
    text_cell,
)
from ingest.focus.spec import Layout, snake

NUMBERS = (*COSTS, *QUANTITIES)
DIMENSIONS = tuple(name for name in KEY_COLUMNS if name != "billing_currency")
# What a line says about itself besides dimensions and numbers.
PLACE = (FILE, ROW, POSITION)


@dataclass(frozen=True)
class BillMapping:
    """Where each of our columns comes from in a particular bill."""

    columns: Mapping[str, str]  # ours -> as the file writes it
    scales: Mapping[str, int]
    currencies: Mapping[str, str]  # each readable spelling that occurs -> its ISO 4217 code
    key_extras: tuple[str, ...] = ()
    extras: tuple[str, ...] = field(default=())


def our_columns(layout: Layout) -> dict[str, str]:
    """Our names for the columns of `layout`; ProviderName serves as service_provider_name before FOCUS 1.3."""
    ours = {snake(name): written for name, written in layout.columns.items()}
    provider = ours.pop("provider_name", None)
    if provider is not None:
        ours.setdefault("service_provider_name", provider)
    return ours


def scales(bill: Table, columns: Mapping[str, str]) -> dict[str, int]:
    """The fractional digits each number column needs. Raises BadInput for a value too long to keep exactly."""
    found = {name: bill[columns[name]].type().scale or 0 for name in NUMBERS if _is_decimal(bill, columns.get(name))}
    texts = [name for name in NUMBERS if name in columns and not is_exact(bill[columns[name]])]
    if not texts:
        return found
    digits = {name: significant_digits(bill, columns[name]) for name in texts}
    longest = bill.aggregate(
        **{f"{name}_whole": whole.max() for name, (whole, _) in digits.items()},
        **{f"{name}_fraction": fraction.max() for name, (_, fraction) in digits.items()},
    )
    (row,) = rows_of(longest)
    for name in texts:
        fraction = max(int(row[f"{name}_fraction"] or 0), 0)
        if fraction + max(int(row[f"{name}_whole"] or 0), 1) > MAX_DIGITS:
            raise BadInput(
                f"{columns[name]} holds a value with more digits than can be kept exactly ({MAX_DIGITS} in all)."
                " Look for a broken number in that column; Trueup never rounds one."
            )
        found[name] = fraction
    return found


def _is_decimal(bill: Table, name: str | None) -> bool:
    return name is not None and bool(bill[name].type().is_decimal())


def lines(bill: Table, mapping: BillMapping) -> Table:
    """The rows of `bill` as lines; `problem` names the column that keeps a row from being booked, or is null."""
    numbers = {name: _number(bill, mapping, name) for name in NUMBERS}
    instants = {name: instant_cell(bill, mapping.columns[name]) for name in _INSTANTS}
    currency = _currency(bill, mapping)
    return bill.select(
        **{name: text_cell(bill, mapping.columns.get(name)) for name in DIMENSIONS},
        billing_currency=currency,
        tags=_tags(bill, mapping.columns.get("tags")),
        **{f"extra_{i}": text_cell(bill, name) for i, name in enumerate(mapping.key_extras)},
        billing_period_start=instants["billing_period_start"].value.truncate("M").cast("date"),
        charge_day=instants["charge_period_start"].value.cast("date"),
        **{name: cell.value for name, cell in numbers.items()},
        odd_billing_period=_odd_billing_period(instants),
        odd_charge_period=instants["charge_period_start"].value >= instants["charge_period_end"].value,
        slashed_date=instants["charge_period_start"].text.re_search(SLASHED),
        unread_number=_first_unreadable(numbers, ("list_cost", "contracted_cost", *QUANTITIES)),
        problem=_problem(numbers, instants, currency),
        **{name: bill[name] for name in PLACE},
    )


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


def _number(bill: Table, mapping: BillMapping, name: str) -> Cell:
    written = mapping.columns.get(name)
    if written is None:
        return Cell(ibis.null(dt.Decimal(MAX_DIGITS, 0)), ibis.null("string"))
    return number_cell(bill, written, mapping.scales.get(name, 0))


def _tags(bill: Table, name: str | None) -> Column:
    if name is None:
        return ibis.null("string")
    return bill[name] if bill[name].type().is_map() else text_cell(bill, name)


def _odd_billing_period(instants: Mapping[str, Cell]) -> Column:
    start = instants["billing_period_start"].value
    return start != start.truncate("M")


def _first_unreadable(numbers: Mapping[str, Cell], names: Sequence[str]) -> Column:
    return ibis.cases(*((numbers[name].unreadable, ibis.literal(name)) for name in names))


def _problem(numbers: Mapping[str, Cell], instants: Mapping[str, Cell], currency: Column) -> Column:
    return ibis.cases(
        (numbers["billed_cost"].unreadable, ibis.literal("billed_cost")),
        (numbers["effective_cost"].unreadable, ibis.literal("effective_cost")),
        (currency.isnull(), ibis.literal("billing_currency")),
        (instants["billing_period_start"].value.isnull(), ibis.literal("billing_period_start")),
        (instants["charge_period_start"].value.isnull(), ibis.literal("charge_period_start")),
    )
