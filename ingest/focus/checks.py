"""FOCUS rules that a bill breaks: they warn, they never stop a row from being booked.

Each rule is judged on rolled-up rows, so counts are of the bill's own lines.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.charge import COSTS, KEY_COLUMNS
from ingest.focus.cells import ABSENT
from ingest.focus.spec import ALLOWED_VALUES
from ingest.keys import tags_of

NOT_NULL = (
    "billing_account_id",
    "billing_currency",
    "charge_category",
    "invoice_issuer_name",
    "service_category",
    "service_name",
    "service_provider_name",
)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """A rule, how many lines break it, and an example of a cell that does."""

    rule: str  # the kind of rule: not-null, allowed-values, …
    column: str
    message: str
    rows: int
    example: str | None
    requirement: str | None = None  # its id in the official FOCUS 1.2 model, where it has one there
    file: str | None = None  # where the example stands, as its reader counts rows
    row_number: int | None = None


@dataclass(frozen=True)
class _Rule:
    rule: str
    column: str
    message: str
    broken: Callable[[Row], int]
    example: Callable[[Row], str | None] = lambda _row: None


@dataclass(frozen=True)
class _Counted:
    """A rule that only a whole row shows; `ingest.rollup.control_totals` counts the rows under `counter`."""

    rule: str
    column: str
    message: str
    counter: str


def findings(rows: Iterable[Row], counters: Mapping[str, int]) -> list[Finding]:
    """What a bill breaks: its distinct dimension rows (with `row_count`), and the counters of its bookable rows."""
    counts: dict[int, int] = {}
    examples: dict[int, str | None] = {}
    for row in rows:
        for number, rule in enumerate(RULES):
            broken = rule.broken(row)
            if broken:
                counts[number] = counts.get(number, 0) + broken
                examples.setdefault(number, rule.example(row))
    shown = [
        Finding(RULES[n].rule, RULES[n].column, RULES[n].message, count, examples[n])
        for n, count in sorted(counts.items())
    ]
    counted = [Finding(each.rule, each.column, each.message, counters[each.counter], None) for each in COUNTED]
    return shown + [each for each in counted if each.rows]


def _absent(row: Row, column: str) -> bool:
    return row[column] is None or row[column].strip() in ABSENT


def _allowed(column: str, values: tuple[str, ...]) -> list[_Rule]:
    folded = {value.casefold() for value in values}

    def unknown(row: Row) -> int:
        return 0 if _absent(row, column) or row[column].strip().casefold() in folded else row["row_count"]

    def miscased(row: Row) -> int:
        text = "" if _absent(row, column) else row[column].strip()
        return row["row_count"] if text.casefold() in folded and text not in values else 0

    def example(row: Row) -> str | None:
        return row[column]  # type: ignore[no-any-return]

    choices = ", ".join(values)
    return [
        _Rule("allowed-values", column, f"is none of the values FOCUS allows ({choices})", unknown, example),
        _Rule(
            "casing", column, "is spelled in another case than FOCUS has it; booked in FOCUS' case", miscased, example
        ),
    ]


def _not_null(column: str) -> _Rule:
    return _Rule("not-null", column, "must not be null", lambda row: row["row_count"] if _absent(row, column) else 0)


RULES: tuple[_Rule, ...] = (
    *(rule for column, values in ALLOWED_VALUES.items() if column in KEY_COLUMNS for rule in _allowed(column, values)),
    *(_not_null(column) for column in NOT_NULL),
    _Rule(
        "json",
        "tags",
        "is not a flat JSON object; read as no tags",
        lambda row: row["row_count"] if tags_of(row["tags"]) is None else 0,
        lambda row: str(row["tags"]),
    ),
)

COUNTED = (
    *(
        _Counted(
            "not-null",
            cost,
            "must not be null; such rows add nothing to this cost and are counted as rows without value",
            f"{cost}_missing",
        )
        for cost in COSTS
    ),
    _Counted(
        "whole-month",
        "billing_period_start",
        "is not the first day of a month; booked in its month",
        "odd_billing_period",
    ),
    _Counted(
        "half-open-period",
        "charge_period_end",
        "is not after charge_period_start; booked on the day it starts",
        "odd_charge_period",
    ),
    _Counted(
        "date-time",
        "charge_period_start",
        "is not written as YYYY-MM-DDTHH:MM:SSZ; read as month/day/year",
        "slashed_date",
    ),
    _Counted(
        "numeric",
        "list_cost",
        "or contracted_cost, a quantity or pricing_currency_effective_cost is not a number; read as null",
        "unread_number",
    ),
)
