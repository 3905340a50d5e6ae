"""An account's bill beside what a source of estimates says of it, service by service.

The two spell services differently, so names are matched plainly. What matches nothing is a line of its own: every
amount of both is in exactly one line.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.money import EXACT, ZERO, percent, total

# Cost Explorer splits Amazon EC2 in two: "Amazon Elastic Compute Cloud - Compute" and "EC2 - Other" (Cost Management
# user guide). A bill has one service.
_EC2 = "elasticcomputecloud"
_SPLIT = {"elasticcomputecloudcompute": _EC2, "ec2other": _EC2, "ec2": _EC2}
_MAKER = re.compile(r"^(amazon|aws)\s*")
_IN_PARENTHESES = re.compile(r"\([^)]*\)")
_NO_LETTER = re.compile(r"[^0-9a-z]+")


class Match(StrEnum):
    """Where a service is known by name."""

    BOTH = "both"
    ONLY_BILL = "only_bill"
    ONLY_ESTIMATE = "only_estimate"


@dataclass(frozen=True)
class ServiceCost:
    """What one of the two says of a service in a sub account and currency; None where no row has a value."""

    service_name: str | None
    sub_account_id: str | None
    billing_currency: str
    billed_cost: Decimal | None
    effective_cost: Decimal | None


@dataclass(frozen=True)
class Compared:
    """One cost of both. `difference` is the bill less the estimate, and `percent` what it is of the bill."""

    bill: Decimal | None
    estimate: Decimal | None
    difference: Decimal
    percent: Decimal | None


@dataclass(frozen=True)
class CheckedService:
    """A service of a sub account, under the names that the two have for it."""

    sub_account_id: str | None
    billing_currency: str
    match: Match
    bill_services: tuple[str, ...]
    estimate_services: tuple[str, ...]
    billed_cost: Compared
    effective_cost: Compared


@dataclass(frozen=True)
class CheckedTotal:
    """What the lines in one currency add up to."""

    billing_currency: str
    billed_cost: Compared
    effective_cost: Compared


def plain_service(name: str | None) -> str:
    """A service's name in small letters, without its maker, parentheses, blanks and signs.

    `AmazonCloudWatch` and `Amazon CloudWatch` are one service; both halves of EC2 are EC2.
    """
    short = _MAKER.sub("", _IN_PARENTHESES.sub(" ", (name or "").casefold()).strip())
    plain = _NO_LETTER.sub("", short)
    return _SPLIT.get(plain, plain)


def checked_services(bill: Sequence[ServiceCost], estimate: Sequence[ServiceCost]) -> tuple[CheckedService, ...]:
    """Both beside each other by currency, sub account and service; the largest differences of billed cost first."""
    ours, theirs = _by_service(bill), _by_service(estimate)
    lines = [_line(key, ours.get(key, ()), theirs.get(key, ())) for key in {*ours, *theirs}]
    return tuple(sorted(lines, key=_order))


def checked_totals(lines: Sequence[CheckedService]) -> tuple[CheckedTotal, ...]:
    """The sums of `lines` by currency."""
    found = []
    for currency in sorted({line.billing_currency for line in lines}):
        mine = [line for line in lines if line.billing_currency == currency]
        billed = _total([line.billed_cost for line in mine])
        found.append(CheckedTotal(currency, billed, _total([line.effective_cost for line in mine])))
    return tuple(found)


def unmatched(lines: Sequence[CheckedService], match: Match) -> tuple[str, ...]:
    """The names of services that only the bill (or only the estimate) has in any sub account."""
    names = {plain_service(each) for line in lines if line.match is not match for each in _names(line)}
    alone = {each for line in lines if line.match is match for each in _names(line)}
    return tuple(sorted(each for each in alone if plain_service(each) not in names))


def _names(line: CheckedService) -> tuple[str, ...]:
    return (*line.bill_services, *line.estimate_services)


_Key = tuple[str, str | None, str]


def _by_service(costs: Iterable[ServiceCost]) -> dict[_Key, list[ServiceCost]]:
    found: dict[_Key, list[ServiceCost]] = {}
    for each in costs:
        key = (each.billing_currency, each.sub_account_id, plain_service(each.service_name))
        found.setdefault(key, []).append(each)
    return found


def _line(key: _Key, bill: Sequence[ServiceCost], estimate: Sequence[ServiceCost]) -> CheckedService:
    currency, account, _ = key
    match = Match.BOTH if bill and estimate else Match.ONLY_BILL if bill else Match.ONLY_ESTIMATE
    return CheckedService(
        sub_account_id=account,
        billing_currency=currency,
        match=match,
        bill_services=_spelled(bill),
        estimate_services=_spelled(estimate),
        billed_cost=_compared(_sum(c.billed_cost for c in bill), _sum(c.billed_cost for c in estimate)),
        effective_cost=_compared(_sum(c.effective_cost for c in bill), _sum(c.effective_cost for c in estimate)),
    )


def _spelled(costs: Iterable[ServiceCost]) -> tuple[str, ...]:
    return tuple(sorted({each.service_name for each in costs if each.service_name}))


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [each for each in amounts if each is not None]
    return total(known) if known else None


def _compared(bill: Decimal | None, estimate: Decimal | None) -> Compared:
    difference = EXACT.subtract(bill or ZERO, estimate or ZERO)
    return Compared(bill, estimate, difference, None if bill is None else percent(difference, bill))


def _total(parts: Sequence[Compared]) -> Compared:
    found = _compared(_sum(part.bill for part in parts), _sum(part.estimate for part in parts))
    assert found.difference == total(part.difference for part in parts), "the differences do not add up"
    return found


def _order(line: CheckedService) -> tuple[str, Decimal, str, tuple[str, ...]]:
    return (line.billing_currency, -abs(line.billed_cost.difference), line.sub_account_id or "", _names(line))
