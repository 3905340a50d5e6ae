"""A statement in the reporting currency: each line beside what it comes to there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from app.domain.fx import PeriodRate
from app.domain.invoice import subunit
from app.domain.largest_remainder import whole_units
from app.domain.statement import StatementLine


@dataclass(frozen=True)
class ReportingRates:
    """The rates into the reporting `currency` by which a billing period's amounts are turned, by billing currency."""

    currency: str
    by_currency: Mapping[str, PeriodRate]

    def value(self, billing_currency: str) -> Fraction:
        """What one unit of `billing_currency` is worth in the reporting currency."""
        return Fraction(1) if billing_currency == self.currency else self.by_currency[billing_currency].value

    def as_json(self) -> list[dict[str, object]]:
        """The rates as a statement keeps them, by billing currency."""
        return [rate.as_json() for _, rate in sorted(self.by_currency.items())]

    @classmethod
    def from_json(cls, currency: str, kept: Iterable[Mapping[str, object]]) -> "ReportingRates":
        """The rates into `currency` among those that a statement keeps."""
        rates = map(PeriodRate.from_json, kept)
        return cls(currency, {rate.base: rate for rate in rates if rate.quote == currency})


@dataclass(frozen=True)
class ReportedLine:
    """A statement line and its amount in the reporting currency, in whole minor units of that."""

    line: StatementLine
    amount: Decimal


def in_reporting_currency(lines: Sequence[StatementLine], rates: ReportingRates) -> tuple[ReportedLine, ...]:
    """`lines`, in their order, with what each comes to in the reporting currency.

    The lines in one billing currency add up to their exact sum × rate, rounded half to even, by largest remainder.
    Those in the reporting currency itself keep the amount they have. Lines of all billing currencies that are turned
    need a rate in `rates` (a KeyError otherwise).
    """
    amounts: dict[int, Decimal] = {}
    for currency in sorted({line.key.billing_currency for line in lines}):
        places = [place for place, line in enumerate(lines) if line.key.billing_currency == currency]
        if currency == rates.currency:
            amounts |= {place: lines[place].amount for place in places}
            continue
        rate = rates.value(currency)
        exact = [Fraction(lines[place].exact_amount) * rate for place in places]
        amounts |= zip(places, whole_units(exact, subunit(rates.currency)), strict=True)
    return tuple(ReportedLine(line, amounts[place]) for place, line in enumerate(lines))
