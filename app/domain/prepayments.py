"""Commitments that were paid before they are used: what was bought, what of it was used up, and what is left.

A commitment is billed when it is bought, and counts as effective cost while it is used or left unused (FOCUS 1.2,
EffectiveCost and BilledCost of a Purchase and of the usage that it covers). In between it is an asset: a prepayment.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from app.domain.charge import Metric
from app.domain.money import EXACT, total


class Movement(StrEnum):
    """What the difference between a charge's billed and effective cost is."""

    BOUGHT = "bought"
    AMORTISED = "amortised"
    OTHER = "other"  # of no commitment, or on a charge that neither buys nor uses one


@dataclass(frozen=True)
class ChargeSum:
    """Charges of a billing period that have all of these in common. A cost without value counts as zero."""

    billing_currency: str
    invoice_issuer_name: str | None
    invoice_id: str | None
    commitment_discount_id: str | None
    commitment_discount_name: str | None
    service_name: str | None
    charge_category: str | None
    billed_cost: Decimal
    effective_cost: Decimal
    rows_without_value: int = 0  # rows that lack one of the two costs

    @property
    def difference(self) -> Decimal:
        """Billed less effective: what is paid for and not used yet, or negative: used and paid for before."""
        return EXACT.subtract(self.billed_cost, self.effective_cost)

    @property
    def movement(self) -> Movement:
        """What the difference is, by the charge's own facts: its category, and whether it is of a commitment."""
        if self.commitment_discount_id is None:
            return Movement.OTHER
        return {"Purchase": Movement.BOUGHT, "Usage": Movement.AMORTISED}.get(
            self.charge_category or "", Movement.OTHER
        )

    def drawn_on(self, metric: Metric) -> "ChargeSum":
        """The same charges for a statement that is drawn on `metric`: billed cost counts when it is billed."""
        return replace(self, effective_cost=self.billed_cost) if metric is Metric.BILLED else self

    def reversed(self) -> "ChargeSum":
        """The same charges, taken back."""
        return replace(self, billed_cost=EXACT.minus(self.billed_cost), effective_cost=EXACT.minus(self.effective_cost))


@dataclass(frozen=True)
class Prepayment:
    """What is paid for a commitment and not used, at both ends of a billing period.

    `opening` + `bought` − `amortised` + `adjusted` = `closing`. `adjusted` is what the period corrects of closed ones.
    A negative balance means that it was bought before the first bill on record.
    """

    billing_currency: str
    commitment_discount_id: str
    commitment_discount_name: str | None
    opening: Decimal
    bought: Decimal
    amortised: Decimal
    adjusted: Decimal
    closing: Decimal

    @property
    def bought_before_records(self) -> bool:
        """Whether more was used than any bill on record has paid for."""
        return self.closing < 0


def prepayments(
    before: Iterable[ChargeSum], now: Iterable[ChargeSum], corrections: Iterable[ChargeSum] = ()
) -> tuple[Prepayment, ...]:
    """The prepayments of a billing period, by currency and commitment.

    `before` are the charges of the earlier periods, `now` those of the period, `corrections` what it corrects of closed
    ones. A commitment that has no balance and does not move is left out.
    """
    movements: defaultdict[tuple[str, str], _Account] = defaultdict(_Account)
    for name, sums in (("before", before), ("now", now), ("corrections", corrections)):
        for each in sums:
            if each.commitment_discount_id is not None and each.movement is not Movement.OTHER:
                account = movements[each.billing_currency, each.commitment_discount_id]
                account.parts[name].append(each)
    found = (_prepayment(currency, commitment, movements[currency, commitment]) for currency, commitment in movements)
    moving = (each for each in found if any((each.opening, each.bought, each.amortised, each.adjusted)))
    return tuple(sorted(moving, key=lambda each: (each.billing_currency, each.commitment_discount_id)))


class _Account:
    def __init__(self) -> None:
        self.parts: defaultdict[str, list[ChargeSum]] = defaultdict(list)

    def paid(self, name: str) -> Decimal:
        """Bought less amortised, since amortisation is a negative difference."""
        return total(each.difference for each in self.parts[name])

    def of(self, movement: Movement) -> Decimal:
        return total(each.difference for each in self.parts["now"] if each.movement is movement)

    @property
    def name(self) -> str | None:
        sums = [*self.parts["now"], *self.parts["corrections"], *self.parts["before"]]
        return next((each.commitment_discount_name for each in sums if each.commitment_discount_name), None)


def _prepayment(currency: str, commitment: str, account: _Account) -> Prepayment:
    opening, adjusted = account.paid("before"), account.paid("corrections")
    bought, used = account.of(Movement.BOUGHT), account.of(Movement.AMORTISED)
    return Prepayment(
        billing_currency=currency,
        commitment_discount_id=commitment,
        commitment_discount_name=account.name,
        opening=opening,
        bought=bought,
        amortised=EXACT.minus(used),
        adjusted=adjusted,
        closing=total([opening, bought, used, adjusted]),
    )
