"""Whether a billing period's chargeback ties to its invoices, as three sums of named lines for each currency.

    what teams owe + unallocated                         = effective cost of the charges
    effective cost + prepayments bought − amortised      = billed cost of the charges
    billed cost + what invoices add or lack              = the invoices

Each line has its amount to the last digit, and each sum says how much it is off: nothing, or somebody has to look.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.charge import Metric
from app.domain.money import ZERO, total
from app.domain.period_equations import Equation, Item, NamedLine, amount_of, invoiced, prepaid, statements
from app.domain.period_facts import PeriodFacts
from app.domain.prepayments import Prepayment
from app.domain.statement import CostType, StatementLine


@dataclass(frozen=True)
class AdjustedPeriod:
    """What a statement corrects of a closed billing period: not a cost of its own period, so told apart."""

    billing_period_start: date
    amount: Decimal


@dataclass(frozen=True)
class CurrencyReconciliation:
    """The sums of a billing period in one currency, what it corrects of closed periods, and its prepayments."""

    billing_currency: str
    equations: tuple[Equation, ...]
    adjustments: tuple[AdjustedPeriod, ...]
    prepayments: tuple[Prepayment, ...]
    rows_without_value: int  # rows of the bills that lack a billed or an effective cost, which count as zero

    @property
    def off(self) -> Decimal:
        """The sum of what the equations are off, whatever its sign: zero when everything ties."""
        return total(each.off.copy_abs() for each in self.equations)

    @property
    def adjusted(self) -> Decimal:
        """What the statement corrects of closed periods altogether."""
        return total(each.amount for each in self.adjustments)

    @property
    def to_look_at(self) -> tuple[NamedLine, ...]:
        """The lines with something to do."""
        return tuple(line for each in self.equations for line in each.lines if line.advice)


def reconciled(facts: PeriodFacts) -> tuple[CurrencyReconciliation, ...]:
    """The reconciliation of a billing period, by currency."""
    return tuple(_of_currency(currency, facts.of(currency)) for currency in facts.currencies)


def _of_currency(currency: str, facts: PeriodFacts) -> CurrencyReconciliation:
    # Billed cost comes from the reconciliation of invoices: another sum over the same charges, so that a wrong one of
    # the two shows.
    billed = NamedLine(Item.BILLED_COST, "Billed cost", total(each.billed_cost or ZERO for each in facts.invoices))
    effective = NamedLine(Item.EFFECTIVE_COST, "Effective cost", total(each.effective_cost for each in facts.charges))
    on_billed = facts.metric is Metric.BILLED
    own = [line for line in facts.lines if line.key.cost_type is not CostType.ADJUSTMENT]
    return CurrencyReconciliation(
        billing_currency=currency,
        equations=(
            statements(own, billed if on_billed else effective),
            prepaid(effective, facts.charges, billed, information=on_billed),
            invoiced(billed, facts.invoices),
        ),
        adjustments=_adjusted(facts.lines),
        prepayments=facts.drawn().prepayments,
        rows_without_value=sum(each.rows_without_value for each in facts.charges),
    )


def _adjusted(lines: Sequence[StatementLine]) -> tuple[AdjustedPeriod, ...]:
    periods = sorted({line.key.adjusts_period for line in lines if line.key.adjusts_period is not None})
    return tuple(
        AdjustedPeriod(period, amount_of(line for line in lines if line.key.adjusts_period == period))
        for period in periods
    )
