"""Sums of waste for a finding: what it comes to, day by day, in the currency that most of it is in."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.gpu.findings.rule import WasteOfDay
from app.domain.money import EXACT, ZERO, plain, total


@dataclass(frozen=True)
class Amounts:
    """What waste comes to. Amounts are of `currency` alone: those of different currencies cannot be added."""

    currency: str | None
    hours: Decimal
    cost: Decimal
    capacity: Decimal
    bill: Decimal
    days: tuple[Mapping[str, str], ...]  # for a chart: day, gpu_hours, effective_cost
    first: date
    last: date


def amounts(waste: Iterable[WasteOfDay]) -> Amounts:
    """The sums of `waste`, of which there must be some."""
    rows = tuple(waste)
    costs: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        costs[row.currency] = EXACT.add(costs[row.currency], row.cost)
    currency = max(costs, key=lambda each: (costs[each], each))
    of_currency = [row for row in rows if row.currency == currency]
    return Amounts(
        currency=currency,
        hours=total(row.hours for row in of_currency),
        cost=total(row.cost for row in of_currency),
        capacity=total(row.capacity for row in of_currency),
        bill=total(row.bill for row in of_currency),
        days=tuple(_days(of_currency)),
        first=min(row.day for row in rows),
        last=max(row.day for row in rows),
    )


def _days(rows: Iterable[WasteOfDay]) -> Iterable[Mapping[str, str]]:
    by_day: dict[date, tuple[Decimal, Decimal]] = {}
    for row in rows:
        hours, cost = by_day.get(row.day, (ZERO, ZERO))
        by_day[row.day] = EXACT.add(hours, row.hours), EXACT.add(cost, row.cost)
    for day, (hours, cost) in sorted(by_day.items()):
        yield {"day": str(day), "gpu_hours": plain(hours), "effective_cost": plain(cost)}


def share_of(part: Decimal, whole: Decimal) -> float:
    """How much of `whole` hours `part` is, 0-1, to hold against a threshold; 0 of nothing. No cost passes here."""
    return float(part / whole) if whole else 0.0
