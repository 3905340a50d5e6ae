"""What a gateway logged and what vendors billed in a month."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.domain.model_names import matched_models, metered


@dataclass(frozen=True)
class Estimated:
    """What a gateway thinks that calls cost, by its own price table. `unit` is a currency.

    Either of a day, or of a month and by team and API key.
    """

    service_provider_name: str | None
    model: str | None
    day: date
    unit: str
    amount: Decimal
    team: str | None = None
    api_key: str | None = None


@dataclass(frozen=True)
class Counted:
    """Tokens that a gateway logged, or that a vendor says it counted."""

    service_provider_name: str | None
    model: str | None
    day: date
    token_class: str | None
    tokens: Decimal


@dataclass(frozen=True)
class Charged:
    """What a vendor bills. `through` is false for accounts that the gateway does not use."""

    service_provider_name: str
    billing_currency: str
    day: date
    days: int  # that the charge covers, at most
    sku_meter: str | None
    model: str | None
    through: bool
    billed_cost: Decimal

    @property
    def metered(self) -> tuple[str | None, str | None]:
        """The model that is charged and the words for what of it, as far as the bill says."""
        return metered(self.sku_meter, self.model)


@dataclass(frozen=True)
class GatewayFacts:
    """All there is to compare in a billing month. What vendors counted is of accounts that the gateway uses."""

    estimated: Sequence[Estimated]
    logged: Sequence[Counted]
    charged: Sequence[Charged]
    counted: Sequence[Counted]

    @property
    def providers(self) -> tuple[str, ...]:
        """The service providers that bill something, by name."""
        return tuple(sorted({each.service_provider_name for each in self.charged}))

    @property
    def logged_models(self) -> frozenset[str | None]:
        """The models that the gateway logged, as it names them; None for requests without one."""
        return frozenset(each.model for each in self.estimated) | frozenset(each.model for each in self.logged)

    @property
    def billed_models(self) -> frozenset[str | None]:
        """The models that are charged, as the bill names them; None for charges without one."""
        return frozenset(each.metered[0] for each in self.charged)

    def of_vendor(self, provider: str) -> "GatewayFacts":
        """The facts about one service provider."""
        return GatewayFacts(
            [each for each in self.estimated if each.service_provider_name == provider],
            [each for each in self.logged if each.service_provider_name == provider],
            [each for each in self.charged if each.service_provider_name == provider],
            [each for each in self.counted if each.service_provider_name == provider],
        )

    def billed_names(self) -> dict[str, str]:
        """The billed name of each logged model that has one; of the facts about one vendor."""
        return matched_models(_named(self.logged_models), _named(self.billed_models))


def with_providers(facts: GatewayFacts) -> GatewayFacts:
    """The facts, with the provider of what the gateway logged without one, where one bill alone names the model."""
    billed = {provider: _named(facts.of_vendor(provider).billed_models) for provider in facts.providers}

    def provider(said: str | None, model: str | None) -> str | None:
        if said is not None or model is None:
            return said
        found = [each for each, names in billed.items() if matched_models([model], names)]
        return found[0] if len(found) == 1 else None

    return replace(
        facts,
        estimated=[
            replace(each, service_provider_name=provider(each.service_provider_name, each.model))
            for each in facts.estimated
        ],
        logged=[
            replace(each, service_provider_name=provider(each.service_provider_name, each.model))
            for each in facts.logged
        ],
    )


def _named(models: Iterable[str | None]) -> set[str]:
    return {model for model in models if model}
