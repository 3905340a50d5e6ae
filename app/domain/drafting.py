"""A draft: the lines of a statement, from the costs that teams and pools own."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.allocation import share
from app.domain.commitment_benefit import benefit_lines
from app.domain.markup import markup_lines
from app.domain.money import EXACT, ZERO
from app.domain.policy import Policy
from app.domain.rounding import rounded
from app.domain.statement import CostType, LineKey, OwnedCost, Shares, StatementLine

# Of the rules by which costs become lines and lines are rounded. A statement keeps the one it was drawn by; whoever
# changes a figure here raises it and keeps the old rules for replaying.
ALLOCATION_VERSION = 1


def statement_lines(owned: Iterable[OwnedCost], shares: Shares, policy: Policy | None) -> tuple[StatementLine, ...]:
    """The lines of a statement, rounded, in its order; adjustments come on top.

    What a team owns is direct, what a pool owns is shared by exact factors, and what nobody owns or can pay is
    unallocated. Commitment benefit and markup add up to zero. So the exact amounts add up to the costs: in each
    currency, and for every invoice.
    """
    costs = tuple(owned)
    lines = [line for key, sums in _by_owner(costs).items() for line in _paid(key, sums, shares)]
    if policy and policy.commitment_benefit:
        lines += benefit_lines(costs, policy.commitment_benefit)
    if policy and policy.markup:
        lines += markup_lines(lines, policy.markup)
    return rounded(lines)


@dataclass
class _Sums:
    amount: Decimal = ZERO
    quantity: Decimal | None = None
    row_count: int = 0
    rows_without_value: int = 0

    def add(self, cost: OwnedCost) -> None:
        self.amount = EXACT.add(self.amount, cost.amount)
        if cost.quantity is not None:
            self.quantity = EXACT.add(self.quantity or ZERO, cost.quantity)
        self.row_count += cost.row_count
        self.rows_without_value += cost.rows_without_value


def _by_owner(costs: Iterable[OwnedCost]) -> Mapping[LineKey, _Sums]:
    sums: dict[LineKey, _Sums] = {}
    for cost in costs:
        sums.setdefault(_key(cost), _Sums()).add(cost)
    return sums


def _key(cost: OwnedCost) -> LineKey:
    """Of the line that a cost would be without sharing. What a pool shares stays tax, credit, … if it is one."""
    shared = cost.pool_id is not None and cost.cost_type is CostType.DIRECT
    return LineKey(
        cost.billing_currency,
        cost.invoice_issuer_name,
        cost.invoice_id,
        cost.team_id,
        CostType.SHARED if shared else cost.cost_type,
        cost.pool_id,
        cost.service_provider_name,
        cost.service_name,
        cost.unit,
    )


def _paid(key: LineKey, sums: _Sums, shares: Shares) -> Iterator[StatementLine]:
    """The lines of those who pay. Each says how many charges stand behind it: a pool's, all of the pool's."""
    whole = StatementLine(key, None, sums.quantity, sums.amount, ZERO, sums.row_count, sums.rows_without_value)
    parts = shares.get((key.billing_currency, key.pool_id)) if key.pool_id is not None else None
    if not parts:
        yield whole
        return
    for team, count in parts.items():
        if count:
            yield replace(
                whole,
                key=replace(key, team_id=team),
                share=share(Decimal(1), count),
                quantity=None if sums.quantity is None else share(sums.quantity, count),
                exact_amount=share(sums.amount, count),
            )
