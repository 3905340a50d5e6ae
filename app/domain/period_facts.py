"""What a billing period is reconciled and booked by: its statement, the charges it rests on, its invoices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from app.domain.charge import Metric
from app.domain.prepayments import ChargeSum, Prepayment, prepayments
from app.domain.reconciliation import TiedLine
from app.domain.statement import StatementLine


@dataclass(frozen=True)
class PeriodFacts:
    """A billing period's statement beside the facts that it should tie to.

    `corrections` are, for every closed period that the statement corrects, the charges it rested on before, taken
    back, and those it rests on now: their sums are what changed. They and `before` are as the statements of their
    periods were drawn.
    """

    metric: Metric  # what the statement is drawn on
    lines: Sequence[StatementLine]
    charges: Sequence[ChargeSum]  # of the loads that the statement rests on
    invoices: Sequence[TiedLine]  # the reconciliation of the same loads
    before: Sequence[ChargeSum] = ()  # of commitments, in earlier periods
    corrections: Mapping[date, Sequence[ChargeSum]] = field(default_factory=dict)

    @property
    def currencies(self) -> tuple[str, ...]:
        """Every currency that something is in, in order."""
        charges = (self.charges, self.before, *self.corrections.values())
        return tuple(
            sorted(
                {line.key.billing_currency for line in self.lines}
                | {each.billing_currency for sums in charges for each in sums}
                | {each.billing_currency for each in self.invoices}
            )
        )

    def of(self, currency: str) -> "PeriodFacts":
        """The facts in one currency."""
        return replace(
            self,
            lines=[line for line in self.lines if line.key.billing_currency == currency],
            charges=_in(currency, self.charges),
            invoices=[each for each in self.invoices if each.billing_currency == currency],
            before=_in(currency, self.before),
            corrections={period: _in(currency, sums) for period, sums in self.corrections.items()},
        )

    def drawn(self) -> "PeriodFacts":
        """The facts as the statement is drawn: on billed cost, nothing is prepaid, since teams pay what is billed."""
        return replace(self, charges=[each.drawn_on(self.metric) for each in self.charges])

    @property
    def prepayments(self) -> tuple[Prepayment, ...]:
        """The prepayments of the period."""
        corrections = [each for sums in self.corrections.values() for each in sums]
        return prepayments(self.before, self.charges, corrections)


def _in(currency: str, charges: Sequence[ChargeSum]) -> list[ChargeSum]:
    return [each for each in charges if each.billing_currency == currency]
