"""Lines rolled up to UTC day × dimensions: what Postgres keeps of a bill."""

import functools
import operator
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from app.domain.charge import COSTS, DETERMINED, KEY_COLUMNS
from ingest.engine.duckdb import FILE, KEY, PARTS, POSITION, rows_of
from ingest.focus.lines import NUMBERS, BillMapping, number_in_parts

LINE_KEY = ("key_hash", "resource_hash")
COUNTERS = (
    *(f"{cost}_missing" for cost in COSTS),
    "odd_billing_period",
    "odd_charge_period",
    "slashed_date",
    "unread_number",
)


def key_columns(lines: Table, determined: Collection[str]) -> tuple[str, ...]:
    """The columns of `lines` that tell charge keys apart: not those `determined` by the others."""
    telling = (name for name in KEY_COLUMNS if name not in determined)
    return (*telling, "tags", *(name for name in lines.columns if name.startswith("extra_")))


# Some bills write these anew on every line. They would make each line a charge key of its own.
_FREE = ("charge_description", "list_unit_price")
_LOOKED_AT = 50_000
_MANY = 1_000


def determined_by_others(lines: Table) -> frozenset[str]:
    """The key columns that are taken from the first line of a charge key instead of telling keys apart.

    Those that FOCUS fixes for a SKU price, and those that would multiply the keys, going by the first rows.
    """
    first = lines.limit(_LOOKED_AT)
    without = {name: _mapped_hash(first, {*DETERMINED, name}).nunique() for name in _FREE}
    (found,) = rows_of(first.aggregate(every=_mapped_hash(first, DETERMINED).nunique(), **without))
    return frozenset((*DETERMINED, *(name for name in _FREE if found["every"] > 1.5 * found[name] + _MANY)))


def tells_no_more(lines: Table, determined: Collection[str]) -> bool:
    """Whether the bill's own columns make about as many keys as what is worked out from them, going by the first rows.

    A mapping that looks at the sign of a cost, say, would make as many as there are lines.
    """
    first = lines.limit(_LOOKED_AT)
    own, mapped = _own_hash(first).nunique(), _mapped_hash(first, determined).nunique()
    (found,) = rows_of(first.aggregate(own=own, mapped=mapped))
    return int(found["own"]) <= 2 * int(found["mapped"]) + _MANY


# DuckDB's hash as it is: Ibis' own goes by way of a bit string to make it signed, which takes longer.
@ibis.udf.scalar.builtin(name="hash")
def hash_of(value) -> dt.uint64:  # type: ignore[no-untyped-def]  # noqa: ANN001  (Ibis: any type)
    """A 64-bit hash of a value of any type; null has one too."""


@ibis.udf.scalar.builtin(name="hash")
def hash_of_three(first: int, second: int, third: int) -> dt.uint64:
    """A 64-bit hash of three numbers."""


def _own_hash(lines: Table) -> Column:
    """A hash of what the bill says, of which of a row's lines it is, and of the length of its charge period."""
    return hash_of_three(lines[KEY], lines[POSITION] & (PARTS - 1), lines.charge_period_days)


def _mapped_hash(lines: Table, determined: Collection[str]) -> Column:
    names = key_columns(lines, determined)
    return hash_of(ibis.struct({name: lines[name] for name in names if name != "resource_id"}))


def unusual(lines: Table, mapping: BillMapping) -> frozenset[str]:
    """Those of COUNTERS that count something among the first rows."""
    first = lines.limit(_LOOKED_AT)
    (found,) = rows_of(first.aggregate(**{name: counted.sum() for name, counted in _counted(first, mapping).items()}))
    return frozenset(name for name in COUNTERS if found[name])


@dataclass(frozen=True)
class Telling:
    """How the lines of a delivery are told apart."""

    determined: frozenset[str]  # key columns that the others determine
    keyed: bool  # KEY does it, a hash of the bill's own columns


def rollup(lines: Table, mapping: BillMapping, telling: Telling, *, count: Collection[str] = COUNTERS) -> Table:
    """All `lines` summed by what keeps them from being booked (null: nothing), currency, periods and line key.

    A line key stands for the dimensions as written: a 64-bit hash of the resource itself and one of everything else,
    because grouping by forty texts takes several times as long (docs/decisions/0005 has the odds of two keys falling
    together). It is of no use beyond this process. Everything that is known of a bill comes from this one
    scan. Of COUNTERS only those in `count` are counted, the others are 0: `uncounted` tells whether they should be.
    """
    currencies = sorted(set(mapping.currencies.values()))
    counted = _counted(lines, mapping)
    rest = [condition for name, condition in counted.items() if name not in count]
    numbered = [(lines.billing_currency == code, number) for number, code in enumerate(currencies)]
    hashed = lines.mutate(
        **line_hashes(lines, telling),
        currency=ibis.cases(*numbered) if numbered else ibis.null("int64"),  # a gateway's delivery has no charges
        odd=functools.reduce(operator.or_, rest) if rest else ibis.literal(value=False),
    )
    summed = hashed.aggregate(
        by=["problem", "currency", "billing_period_start", "charge_day", *LINE_KEY],
        first_position=hashed[POSITION].min(),
        row_count=hashed.count(),
        **{name: sum_of(hashed, mapping, name) for name in NUMBERS if name in mapping.columns},
        **{name: _counted(hashed, mapping)[name].sum() for name in count},
        uncounted=hashed.odd.sum(),
    )
    codes = [(summed.currency == number, ibis.literal(code)) for number, code in enumerate(currencies)]
    return summed.mutate(
        billing_currency=ibis.cases(*codes) if codes else ibis.null("string"),
        **{name: ibis.null(lines[name].type()) for name in NUMBERS if name not in mapping.columns},
        **{name: ibis.literal(0, "int64") for name in COUNTERS if name not in count},
    )


def line_hashes(lines: Table, telling: Telling) -> dict[str, Column]:
    """The LINE_KEY of `lines`."""
    rest = _own_hash(lines) if telling.keyed else _mapped_hash(lines, telling.determined)
    return {"key_hash": rest, "resource_hash": hash_of(lines.resource_id)}


def sum_of(lines: Table, mapping: BillMapping, name: str) -> Column:
    """The exact sum of a number over `lines`; null where none has it."""
    number = number_in_parts(lines, mapping, name)
    return lines[name].sum() if number is None else number.total


def _missing(lines: Table, mapping: BillMapping, name: str) -> Column:
    number = number_in_parts(lines, mapping, name)
    return lines[name].isnull() if number is None else number.missing


def _counted(lines: Table, mapping: BillMapping) -> dict[str, Column]:
    """The condition behind each of COUNTERS, never null."""
    missing = {f"{cost}_missing": _missing(lines, mapping, cost) for cost in COSTS}
    flags = ("odd_billing_period", "odd_charge_period", "slashed_date")
    return {
        **missing,
        **{name: ibis.coalesce(lines[name], ibis.literal(value=False)) for name in flags},
        "unread_number": lines.unread_number.notnull(),
    }


def digested(lines: Table, determined: Collection[str]) -> Table:
    """`lines` with a digest of their dimensions as written, by which drill-down finds their charge key for ever."""
    texts = [_text(lines[name]) for name in key_columns(lines, determined)]
    return lines.mutate(line_digest=ibis.literal("").join(texts).hexdigest("md5"))


def keyed_lines(lines: Table, determined: Collection[str]) -> Table:
    """`digested` lines as their dimensions, with their digest and their place."""
    return lines.select(*key_columns(lines, determined), *determined, FILE, POSITION, "line_digest")


def _text(column: Column) -> Column:
    text = column if column.type().is_string() else column.cast("string")
    # With its length, so that no text can pass for two.
    return (text.length().cast("string") + ":" + text).fill_null("-")


def control_totals(rolled: Table) -> Table:
    """What went in: rows and exact sums by billing period, currency and whether they can be booked, with COUNTERS."""
    return rolled.aggregate(
        by=["billing_period_start", "billing_currency", "problem"],
        row_count=rolled.row_count.sum().cast("int64"),
        **{name: rolled[name].sum() for name in COSTS},
        **{name: rolled[name].sum().cast("int64") for name in COUNTERS},
    )


def keyed_by(columns: Collection[str], determined: Collection[str]) -> Iterable[str]:
    """Which of a bill's `columns` (by our names) tell charge keys apart, besides the length of the charge period."""
    names = (*(name for name in KEY_COLUMNS if name not in {*determined, "charge_period_days"}), "tags")
    return (name for name in names if name in columns)
