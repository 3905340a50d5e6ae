"""What a figure is made of: charges, the rules that own them and the shares of pools, and lines worked out from others.

Leaves and workings add up to the figure, to the last digit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.money import EXACT, total
from app.domain.statement import CostType


@dataclass(frozen=True)
class RuleUsed:
    """The rule that gave charges their owner: its name, its line in the document of that policy version."""

    name: str
    line: int | None
    policy_version: int


@dataclass(frozen=True)
class Leaf:
    """The charges of one charge key while one rule owns them.

    `amount` is `cost` × `share`, exactly. The share is 1 unless a pool owns the charges; then it is the part that the
    teams of the figure pay together. `cost` is zero where no source row has one; `rows_without_value` tells.
    """

    billing_period_start: date
    charge_key: int
    dimensions: Mapping[str, str]  # its FOCUS columns that have a value, and its tags as `tag:KEY`
    first_day: date
    last_day: date
    rule: RuleUsed | None
    team_id: str | None
    pool_id: str | None
    cost_type: CostType
    cost: Decimal
    share: Decimal
    amount: Decimal
    row_count: int
    rows_without_value: int


@dataclass(frozen=True)
class RuleSum:
    """What the charges that one rule owns add to a figure."""

    rule: RuleUsed | None
    team_id: str | None
    pool_id: str | None
    charge_keys: int
    amount: Decimal


@dataclass(frozen=True)
class Rest:
    """The leaves that are not on the page, so that every page adds up."""

    leaves: int
    amount: Decimal


@dataclass(frozen=True)
class Term:
    """A number in the working of a line, and what it is."""

    words: str
    amount: Decimal
    unit: str


@dataclass(frozen=True)
class Working:
    """A line that no charge stands for itself: how its amount comes about.

    `from_figures` are the figures it was worked out from, in words and as URLs have them, to be explained in turn.
    """

    cost_type: CostType
    team_id: str | None
    service_name: str | None
    formula: str
    terms: tuple[Term, ...]
    amount: Decimal
    from_figures: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    causes: Mapping[str, object] | None = None  # of an adjustment: loads and policy versions, before and after


@dataclass(frozen=True)
class Weight:
    """What a payer's part of a pool goes by. No team and no pool: payers that the viewer may not see, together."""

    team_id: str | None
    pool_id: str | None
    weight: Decimal | None  # in the working's unit; None where the split goes by shares alone
    share: Decimal  # of the pool's whole cost; zero for a pool, whose own teams pay it in turn
    in_figure: bool


@dataclass(frozen=True)
class PoolWorking:
    """How a pool was split in a billing period and currency, and where its weights are from.

    Without weights, only the shares are known. `share` is what the teams of the figure pay together.
    """

    billing_period_start: date
    pool_id: str
    name: str
    line: int | None  # of the policy document that declares it
    policy_version: int | None
    split: str  # in words: `evenly`, `by gateway_spend`
    source: str  # what the weights were taken from
    unit: str | None
    loads: tuple[int, ...]  # that the weights are from
    share: Decimal
    weights: tuple[Weight, ...]
    left_out: Decimal  # of the driver's quantity: it stands for no team that pays


def rest_of(figure: Decimal, count: int, page: tuple[Leaf, ...]) -> Rest:
    """What is left of `figure`, which `count` leaves make up, beside those on the page."""
    return Rest(count - len(page), EXACT.subtract(figure, total(leaf.amount for leaf in page)))
