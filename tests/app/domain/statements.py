"""Costs, shares and lines as tests of statements want them: in a line, or drawn at random."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from app.domain.allocation import PARTS, parts_of
from app.domain.policy import Policy
from app.domain.statement import CostType, LineKey, OwnedCost, Shares, StatementLine

TEAMS = ("search", "speech", "data")
POOLS = ("platform", "support", "nobody's")
CURRENCIES = ("USD", "JPY", "KWD")
OF_CHARGES = (CostType.DIRECT, CostType.UNUSED_COMMITMENT, CostType.CREDIT, CostType.REFUND, CostType.TAX)
POLICY = Policy("drawn")


def a_cost(amount: str, team: str | None = None, pool: str | None = None, **fields: Any) -> OwnedCost:
    """A charge of a machine on invoice `I-1`, with effective and contracted cost alike."""
    known: dict[str, Any] = {
        "billing_currency": "USD",
        "invoice_issuer_name": "AWS",
        "invoice_id": "I-1",
        "team_id": team,
        "pool_id": pool,
        "cost_type": CostType.DIRECT,
        "service_provider_name": "AWS",
        "service_name": "EC2",
        "pricing_category": "Standard",
        "unit": "Hours",
        "amount": Decimal(amount),
        "effective_cost": Decimal(amount),
        "contracted_cost": Decimal(amount),
        "quantity": Decimal(1),
        "row_count": 1,
        "rows_without_value": 0,
    }
    return OwnedCost(**known | fields)


def a_line(amount: str, team: str | None = "search", **fields: Any) -> StatementLine:
    """A line of a statement that is not rounded yet; `fields` are of its key, or its id."""
    line_id = fields.pop("id", None)
    known: dict[str, Any] = {
        "billing_currency": "USD",
        "invoice_issuer_name": "AWS",
        "invoice_id": "I-1",
        "team_id": team,
        "cost_type": CostType.DIRECT,
        "pool_id": None,
        "service_provider_name": "AWS",
        "service_name": "EC2",
        "unit": None,
    }
    return StatementLine(LineKey(**known | fields), None, None, Decimal(amount), Decimal(0), 1, 0, id=line_id)


amounts = st.decimals("-1000", "1000", allow_nan=False, places=4) | st.decimals("-1", "1", places=24)
owners = st.one_of(
    st.sampled_from(TEAMS).map(lambda team: (team, None)),
    st.sampled_from(POOLS).map(lambda pool: (None, pool)),
    st.just((None, None)),
)


@st.composite
def costs(draw: st.DrawFn) -> OwnedCost:
    team, pool = draw(owners)
    return OwnedCost(
        billing_currency=draw(st.sampled_from(CURRENCIES)),
        invoice_issuer_name="AWS",
        invoice_id=draw(st.sampled_from(("I-1", "I-2", None))),
        team_id=team,
        pool_id=pool,
        cost_type=draw(st.sampled_from(OF_CHARGES)),
        service_provider_name="AWS",
        service_name=draw(st.sampled_from(("EC2", "S3", None))),
        pricing_category=draw(st.sampled_from(("Standard", "Committed", "Dynamic", None))),
        unit=draw(st.sampled_from(("Hours", None))),
        amount=draw(amounts),
        effective_cost=draw(amounts),
        contracted_cost=draw(amounts),
        quantity=draw(st.none() | amounts),
        row_count=draw(st.integers(0, 9)),
        rows_without_value=draw(st.integers(0, 3)),
    )


@st.composite
def shares(draw: st.DrawFn) -> Shares:
    """Of every pool but the last, which nobody can pay."""
    weights = st.dictionaries(st.sampled_from(TEAMS), st.fractions(0, 10), min_size=1)
    return {(currency, pool): parts_of(draw(weights)) for currency in CURRENCIES for pool in POOLS[:-1]}


def halves(*teams: str, pool: str = "platform") -> Shares:
    """A pool in dollars that `teams` pay alike."""
    return {("USD", pool): dict.fromkeys(teams, PARTS // len(teams))}


MARCH = date(2026, 3, 1)
