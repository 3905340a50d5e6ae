"""The benefit of commitments, pooled: covered and uncovered usage of a service is priced alike."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from app.domain.allocation import parts_of, positive, share
from app.domain.money import EXACT, ZERO
from app.domain.policy import CommitmentBenefit
from app.domain.statement import CostType, LineKey, OwnedCost, StatementLine

# FOCUS 1.4, PricingCategory. Dynamic prices (spot) and others are never covered by a commitment.
_COVERED, COVERABLE = "Committed", ("Standard", "Committed")
_Service = tuple[str, str | None, str | None]  # currency, provider, service


def benefit_lines(costs: Iterable[OwnedCost], benefit: CommitmentBenefit) -> Iterator[StatementLine]:
    """What each team pays more, or less, than it was billed when usage that could be committed has one price.

    In each currency and service the cost of that usage which teams own directly is shared in proportion to the
    contracted cost of their own, and a line is what comes to a team less what it was billed. The shares are whole
    parts per trillion of the cost, so the lines of a service add up to zero, exactly.
    """
    usage: defaultdict[_Service, list[OwnedCost]] = defaultdict(list)
    for cost in costs:
        if cost.team_id and cost.cost_type is CostType.DIRECT and cost.pricing_category in COVERABLE:
            usage[cost.billing_currency, cost.service_provider_name, cost.service_name].append(cost)
    for service, found in usage.items():
        if _is_pooled(service, found, benefit):
            yield from _of_service(service, found)


def _is_pooled(service: _Service, found: Iterable[OwnedCost], benefit: CommitmentBenefit) -> bool:
    if benefit.services:
        return service[2] in benefit.services
    return any(cost.pricing_category == _COVERED for cost in found)


def _of_service(service: _Service, found: Iterable[OwnedCost]) -> Iterator[StatementLine]:
    billed: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    contracted: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    pooled = ZERO
    for cost in found:
        assert cost.team_id is not None
        billed[cost.team_id] = EXACT.add(billed[cost.team_id], cost.amount)
        contracted[cost.team_id] = EXACT.add(contracted[cost.team_id], cost.contracted_cost)
        pooled = EXACT.add(pooled, cost.amount)
    weights: dict[str, Fraction] = {team: positive(cost) for team, cost in contracted.items()}
    parts = parts_of(weights)
    if not parts:  # nobody used anything at a positive price: there is nothing to go by
        return
    for team in billed:
        moved = EXACT.subtract(share(pooled, parts.get(team, 0)), billed[team])
        if moved:
            yield _line(service, team, moved)


def _line(service: _Service, team: str, moved: Decimal) -> StatementLine:
    currency, provider, name = service
    key = LineKey(currency, None, None, team, CostType.COMMITMENT_BENEFIT, None, provider, name, None)
    return StatementLine(key, None, None, moved, ZERO, 0, 0)
