"""A vendor's invoice by team, API key and model, in proportion to what a gateway spent on that vendor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from app.domain.allocation import parts_of, positive, share
from app.domain.money import EXACT, ZERO

_NONE = ""  # in the place of a team, key or model that is not said, so that they can be put in order


@dataclass(frozen=True)
class Spend:
    """What a gateway spent on a vendor in a month for a team, an API key and a model."""

    team: str | None
    api_key: str | None
    model: str | None
    amount: Decimal


@dataclass(frozen=True)
class AllocatedSpend:
    """The part of an invoice that a team, key and model answer for. `parts` are per trillion of the invoice."""

    team: str | None
    api_key: str | None
    model: str | None
    gateway_spend: Decimal
    parts: int
    amount: Decimal


def allocated(invoice: Decimal, spends: Iterable[Spend]) -> tuple[AllocatedSpend, ...]:
    """`invoice` in proportion to what was spent, adding up to it exactly; nothing when nothing was spent.

    The parts of the teams are cut first, as for a pool that is split by the gateway's spend, and then each team's
    among its keys and models; so a team's lines add up to what such a pool charges it. Negative spend is no weight.
    """
    spent: dict[tuple[str, ...], Decimal] = {}
    for spend in spends:
        key = tuple(each or _NONE for each in (spend.team, spend.api_key, spend.model))
        spent[key] = EXACT.add(spent.get(key, ZERO), spend.amount)
    weights = {key: positive(amount) for key, amount in spent.items()}
    parts: dict[tuple[str, ...], int] = {}
    for team, of_team in parts_of(_by_team(weights)).items():
        parts |= parts_of({key: weight for key, weight in weights.items() if key[0] == team}, of_team)
    return tuple(
        AllocatedSpend(
            team or None, api_key or None, model or None, spent[team, api_key, model], count, share(invoice, count)
        )
        for (team, api_key, model), count in sorted(parts.items())
    )


def _by_team(weights: Mapping[tuple[str, ...], Fraction]) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for (team, *_), weight in weights.items():
        found[team] = found.get(team, Fraction(0)) + weight
    return found
