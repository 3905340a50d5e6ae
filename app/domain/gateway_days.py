"""A vendor's month as both sides tell it: by model, and by day where the bill is by day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from app.domain.gateway_facts import Charged, GatewayFacts
from app.domain.gateway_variance import Usage
from app.domain.model_names import INPUT, matched_models, token_class
from app.domain.money import EXACT, ZERO


@dataclass
class _Gathered:
    """A model on a day, while it is being added up."""

    estimate: Decimal = ZERO
    logged: dict[str, Decimal] = field(default_factory=dict)
    cost: dict[str, Decimal] = field(default_factory=dict)
    billed: dict[str, Decimal] = field(default_factory=dict)
    unclassed_cost: Decimal = ZERO
    other_cost: Decimal = ZERO
    outside_cost: Decimal = ZERO

    def charge(self, charge: Charged) -> None:
        """Adds a charge where it belongs."""
        model, words = charge.metered
        if not charge.through:
            self.outside_cost = EXACT.add(self.outside_cost, charge.billed_cost)
        elif model is None or (words and not token_class(words)):
            self.other_cost = EXACT.add(self.other_cost, charge.billed_cost)
        elif words and (name := token_class(words)):
            _add(self.cost, name, charge.billed_cost)
        else:
            self.unclassed_cost = EXACT.add(self.unclassed_cost, charge.billed_cost)

    def usage(self, day: date | None) -> Usage:
        """What was added up."""
        return Usage(
            day=day,
            estimate=self.estimate,
            logged=self.logged or None,
            cost=self.cost or None,
            billed=self.billed or None,
            unclassed_cost=self.unclassed_cost,
            other_cost=self.other_cost,
            outside_cost=self.outside_cost,
        )


class _Month:
    """The models of a vendor, each by day; by month if one of its charges is longer than a day."""

    def __init__(self, charged: Iterable[Charged]) -> None:
        self._monthly = {each.metered[0] for each in charged if each.days > 1}
        self.models: dict[str | None, dict[date | None, _Gathered]] = {}

    def at(self, model: str | None, day: date) -> _Gathered:
        """Where to add what happened on `day`."""
        place = None if model in self._monthly else day
        return self.models.setdefault(model, {}).setdefault(place, _Gathered())


def usages(vendor: GatewayFacts) -> dict[str | None, list[Usage]]:
    """What both sides say of each model that either of them names, by its billed name; None for none."""
    month = _Month(vendor.charged)
    ours = vendor.billed_names()
    theirs = matched_models({each.model for each in vendor.counted if each.model}, _names(vendor.billed_models))
    for estimate in vendor.estimated:
        place = month.at(billed_name(estimate.model, ours), estimate.day)
        place.estimate = EXACT.add(place.estimate, estimate.amount)
    for log in vendor.logged:
        _add(month.at(billed_name(log.model, ours), log.day).logged, _class(log.token_class), log.tokens)
    for charge in vendor.charged:
        month.at(charge.metered[0], charge.day).charge(charge)
    for count in vendor.counted:
        # A model that costs nothing and that the gateway never saw is no news.
        name = billed_name(count.model, theirs)
        if name in month.models:
            _add(month.at(name, count.day).billed, _class(count.token_class), count.tokens)
    return {
        model: [gathered.usage(day) for day, gathered in of_model.items()] for model, of_model in month.models.items()
    }


def billed_name(model: str | None, names: Mapping[str, str]) -> str | None:
    """What the bill calls `model`, or its own name when the bill has no such model."""
    return names.get(model, model) if model else None


def _names(models: Iterable[str | None]) -> set[str]:
    return {model for model in models if model}


def _class(text: str | None) -> str:
    return token_class(text or "") or INPUT


def _add(amounts: dict[str, Decimal], key: str, amount: Decimal) -> None:
    amounts[key] = EXACT.add(amounts.get(key, ZERO), amount)
