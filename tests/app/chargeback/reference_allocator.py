"""A month's statement line by line, as docs/policy.md and the glossary say it: slow, plain, and nothing of `app`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, Inexact
from fractions import Fraction
from typing import NamedTuple

from tests.app.chargeback.reference_policy import Charge, Node, kind, owner
from tests.app.chargeback.reference_pools import PARTS, POOL, Month, Quantity, exists, pools_of, shares

EXACT = Context(prec=500, traps=[Inexact])
MINOR_DIGITS = {"JPY": 0, "KWD": 3}  # ISO 4217; every other currency of the tests has two
ZERO = Decimal(0)
Share = Mapping[tuple[str, str], Mapping[str, int]]


class Line(NamedTuple):
    """What tells the lines of a statement apart."""

    currency: str
    issuer: str | None
    invoice: str | None
    team: str | None
    cost_type: str
    pool: str | None
    provider: str | None
    service: str | None
    unit: str | None


@dataclass(frozen=True)
class Amount:
    """What a line comes to: exactly, and in whole minor units."""

    exact: Decimal
    charged: Decimal
    share: Decimal | None
    quantity: Decimal | None
    rows: int
    rows_without_value: int


def statement(
    policy: Node, period: date, charges: Iterable[Charge], quantities: Iterable[Quantity] = ()
) -> dict[Line, Amount]:
    """The statement of a billing period under a policy."""
    owned = [(charge, *owner(policy, charge)) for charge in charges if charge.period == period]
    split = {
        (currency, pool): parts
        for currency in {charge.columns["billing_currency"] for charge, _, _ in owned}
        for pool, parts in shares(policy, _month(period, currency, owned, tuple(quantities))).items()
    }
    metric = policy.get("statement_metric", "effective_cost")
    found: defaultdict[tuple[Line, Decimal | None], list[tuple[Charge, Fraction]]] = defaultdict(list)
    for charge, team, pool in owned:
        for line, share in _lines(charge, team, pool, split):
            found[line, share].append((charge, Fraction(share) if share is not None else Fraction(1)))
    ...
