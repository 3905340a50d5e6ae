"""What a vendor bills against what a gateway estimated for the same model: the difference in named lines.

For a model and day, let the gateway estimate S and log n_c tokens of class c, and let the vendor bill B_c for N_c of
them, which makes a unit price p_c = B_c / N_c. The classes form two families: input (uncached, read from cache, written
to cache) and output. In a family, some classes are billed more tokens than were logged, U in all and worth V at billed
prices, and others fewer, u in all and worth v. Of these, m = min(U, u) were billed in another class than logged:

    missing logs    B, where the gateway logged nothing: the model, the day, or the vendor's account
    other charges   what is billed and metered in no tokens: credits, tools, images
    cache class     m · V/U - m · v/u               the tokens billed in another class
    quantity        (U - m) · V/U - (u - m) · v/u   the tokens billed and not logged, or logged and not billed
    price           Σ n_c · p_c - S                 the tokens logged, at billed prices less at the gateway's
    unexplained     what is left of B - S where a price is not known

They add up to B - S exactly: cache class and quantity are rounded to 10^-12, and the last of them is what is left.
A class that was billed no tokens on the day has the price of the model's month; without one, price and cache class
cannot be told apart and stay unexplained. What was logged and not billed at all is quantity.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.domain.model_names import FAMILIES
from app.domain.money import EXACT, ZERO, total

DIGITS = 12  # after the point, of what has to be rounded
Tokens = Mapping[str, Decimal]  # by class
Prices = Mapping[str, Fraction]


class Match(StrEnum):
    """Which side knows a model."""

    BOTH = "both"
    GATEWAY = "gateway"  # the invoice names no such model
    INVOICE = "invoice"  # the gateway never saw it
    NO_MODEL = "no_model"  # charges and requests that name none


MATCHES = {
    Match.BOTH: "On both sides",
    Match.GATEWAY: "Only in the gateway",
    Match.INVOICE: "Only on the invoice",
    Match.NO_MODEL: "No model",
}


@dataclass(frozen=True)
class VarianceLines:
    """What a variance is made of; its lines add up to it exactly."""

    price: Decimal = ZERO
    quantity: Decimal = ZERO
    cache_class: Decimal = ZERO
    missing_logs: Decimal = ZERO
    other_charges: Decimal = ZERO
    unexplained: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The variance."""
        return total(getattr(self, line) for line in LINES)


LINES = tuple(field.name for field in fields(VarianceLines))
LINE_WORDS = {
    "price": "Price",
    "quantity": "Quantity",
    "cache_class": "Cache class",
    "missing_logs": "Missing logs",
    "other_charges": "Other charges",
    "unexplained": "Unexplained",
}


@dataclass(frozen=True)
class Usage:
    """What both sides say of a model on a day: the gateway's estimate and tokens, the vendor's cost and tokens.

    `cost` is by class of tokens, `unclassed_cost` says no class. `other_cost` is metered in no tokens, `outside_cost`
    of accounts that the gateway does not use. Tokens are of the gateway's accounts alone.
    """

    day: date | None  # None: the whole month
    estimate: Decimal = ZERO
    logged: Tokens | None = None  # None: the gateway logged nothing
    cost: Mapping[str, Decimal] | None = None  # None: nothing was billed by class
    billed: Tokens | None = None
    unclassed_cost: Decimal = ZERO
    other_cost: Decimal = ZERO
    outside_cost: Decimal = ZERO

    @property
    def billed_cost(self) -> Decimal:
        """All that the vendor bills."""
        return total([self.token_cost, self.other_cost, self.outside_cost])

    @property
    def token_cost(self) -> Decimal:
        """What the vendor bills for tokens of the gateway's accounts."""
        return total([*(self.cost or {}).values(), self.unclassed_cost])


@dataclass(frozen=True)
class Variance:
    """An estimate, what was billed, and the lines between them: `estimate` + the lines = `billed`."""

    estimate: Decimal
    billed: Decimal
    variance: Decimal
    lines: VarianceLines
    logged_tokens: Decimal
    billed_tokens: Decimal


@dataclass(frozen=True)
class DayVariance:
    """A model's variance on a day; without a day, of the whole month, where the invoice is not by day."""

    day: date | None
    amounts: Variance


@dataclass(frozen=True)
class ModelVariance:
    """A model's variance. `gateway_models` are the names under which the gateway logged it."""

    model: str | None
    gateway_models: tuple[str, ...]
    match: Match
    amounts: Variance
    days: tuple[DayVariance, ...]


def model_variance(
    model: str | None, gateway_models: tuple[str, ...], match: Match, usages: Iterable[Usage]
) -> ModelVariance:
    """The variance of a model, day by day and altogether."""
    rows = sorted(usages, key=lambda usage: usage.day or date.min)
    prices = _prices(rows)
    days = tuple(DayVariance(usage.day, _variance(usage, prices)) for usage in rows)
    return ModelVariance(model, gateway_models, match, summed(day.amounts for day in days), days)


def summed(parts: Iterable[Variance]) -> Variance:
    """The variance of several things together."""
    rows = tuple(parts)
    return Variance(
        estimate=total(row.estimate for row in rows),
        billed=total(row.billed for row in rows),
        variance=total(row.variance for row in rows),
        lines=VarianceLines(**{line: total(getattr(row.lines, line) for row in rows) for line in LINES}),
        logged_tokens=total(row.logged_tokens for row in rows),
        billed_tokens=total(row.billed_tokens for row in rows),
    )


def _variance(usage: Usage, prices: Prices) -> Variance:
    billed = usage.billed_cost
    lines = _lines(usage, prices)
    variance = EXACT.subtract(billed, usage.estimate)
    assert lines.total == variance, f"the lines of {usage} do not add up"
    return Variance(
        estimate=usage.estimate,
        billed=billed,
        variance=variance,
        lines=lines,
        logged_tokens=total((usage.logged or {}).values()),
        billed_tokens=total((usage.billed or {}).values()),
    )


def _lines(usage: Usage, prices: Prices) -> VarianceLines:
    if usage.logged is None and not usage.estimate:
        missing = EXACT.add(usage.token_cost, usage.outside_cost)
        return VarianceLines(missing_logs=missing, other_charges=usage.other_cost)
    apart = {"missing_logs": usage.outside_cost, "other_charges": usage.other_cost}
    rest = EXACT.subtract(usage.token_cost, usage.estimate)
    if not (usage.cost or usage.billed or usage.unclassed_cost):
        return VarianceLines(quantity=rest, **apart)
    families = [_family(family, usage, prices) for family in sorted({*FAMILIES.values()})]
    quantity = _rounded(sum((family.quantity for family in families), Fraction(0)))
    rest = EXACT.subtract(rest, quantity)
    if not all(family.complete for family in families) or usage.unclassed_cost:
        return VarianceLines(quantity=quantity, unexplained=rest, **apart)
    cache_class = _rounded(sum((family.cache_class for family in families), Fraction(0)))
    return VarianceLines(price=EXACT.subtract(rest, cache_class), quantity=quantity, cache_class=cache_class, **apart)


@dataclass(frozen=True)
class _Family:
    """A family's lines; not `complete` where a price is missing that price and cache class need."""

    quantity: Fraction
    cache_class: Fraction
    complete: bool


def _family(family: str, usage: Usage, prices: Prices) -> _Family:
    classes = [name for name, of in FAMILIES.items() if of == family]
    logged = {name: Fraction((usage.logged or {}).get(name, ZERO)) for name in classes}
    billed = {name: Fraction((usage.billed or {}).get(name, ZERO)) for name in classes}
    own = {name: price for name in classes if (price := _price(usage, name)) is not None}
    known = {**prices, **own}
    over = {name: count - logged[name] for name, count in billed.items() if count > logged[name]}
    under = {name: logged[name] - count for name, count in billed.items() if count < logged[name]}
    more, fewer = sum(over.values(), Fraction(0)), sum(under.values(), Fraction(0))
    moved = min(more, fewer)
    over_price = _average(over, known)
    unpriced = any(count and name not in known for name, count in logged.items())
    uncounted = any(cost and not billed[name] for name, cost in (usage.cost or {}).items() if name in classes)
    if unpriced or uncounted:
        return _Family((more - moved) * over_price, Fraction(0), complete=False)
    under_price = _average(under, known)
    return _Family(
        quantity=(more - moved) * over_price - (fewer - moved) * under_price,
        cache_class=moved * (over_price - under_price),
        complete=True,
    )


def _average(tokens: Mapping[str, Fraction], prices: Prices) -> Fraction:
    """The price of the tokens on average; nothing costs nothing."""
    count = sum(tokens.values(), Fraction(0))
    worth = sum((prices.get(name, Fraction(0)) * each for name, each in tokens.items()), Fraction(0))
    return worth / count if count else Fraction(0)


def _prices(usages: Iterable[Usage]) -> dict[str, Fraction]:
    """The model's price of each class over the month."""
    cost: dict[str, Fraction] = {}
    tokens: dict[str, Fraction] = {}
    for usage in usages:
        for name in FAMILIES:
            cost[name] = cost.get(name, Fraction(0)) + Fraction((usage.cost or {}).get(name, ZERO))
            tokens[name] = tokens.get(name, Fraction(0)) + Fraction((usage.billed or {}).get(name, ZERO))
    return {name: cost[name] / count for name, count in tokens.items() if count > 0}


def _price(usage: Usage, name: str) -> Fraction | None:
    tokens = Fraction((usage.billed or {}).get(name, ZERO))
    return Fraction((usage.cost or {}).get(name, ZERO)) / tokens if tokens > 0 else None


def _rounded(amount: Fraction) -> Decimal:
    return EXACT.scaleb(Decimal(round(amount * 10**DIGITS)), -DIGITS)
