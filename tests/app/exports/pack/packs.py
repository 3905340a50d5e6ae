"""Finance packs that tests write, made without a database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from app.domain.ledger import Ledger, Payer
from app.domain.period import Period
from app.domain.policy import JournalAccounts, Split
from app.domain.split_record import SplitRecord
from app.domain.statement import CostType, LineKey, StatementLine, StatementState
from app.reports.finance_pack import FinancePack, StatementFacts
from app.reports.team_pages import Previous, team_pages

MARCH = Period.month(2026, 3)
NASTY = 'Lab "A", <b>\n=1+1 🚀 👩🏽\u200d🔬 שלום עולם فريق البحث 日本語 #emph[x] $y$'
DRAFT = StatementFacts(
    id=12,
    period=MARCH,
    state=StatementState.DRAFT,
    metric="effective_cost",
    sha256=None,
    allocation_version=1,
    policy_version=3,
    policy_name="house rules",
    policy_sha256="ab" * 32,
    drawn_at=datetime(2026, 4, 2, 8, 30, tzinfo=UTC),
    issued_at=None,
    issued_by=None,
    closed_at=None,
    closed_by=None,
    override_reason=None,
)
CLOSED = replace(
    DRAFT,
    state=StatementState.CLOSED,
    sha256="0123456789abcdef" * 4,
    issued_at=datetime(2026, 4, 3, 9, 0, tzinfo=UTC),
    issued_by="ann",
    closed_at=datetime(2026, 4, 5, 16, 45, 10, tzinfo=UTC),
    closed_by="bea",
)
PLATFORM = SplitRecord(
    pool_id="platform",
    pool_name="Platform",
    currency="USD",
    used=Split.DRIVER,
    words="by tokens",
    weights={"search": Decimal(120), "speech": Decimal(360)},
    pool_weights={},
    shares={"search": Decimal("0.25"), "speech": Decimal("0.75")},
    driver="tokens",
    unit="tokens",
)


def a_line(
    amount: str,
    *,
    exact: str | None = None,
    team: str | None = "search",
    kind: CostType = CostType.DIRECT,
    currency: str = "USD",
    **fields: Any,
) -> StatementLine:
    """A line; `fields` are those of its key or its own."""
    own: dict[str, Any] = {
        name: fields.pop(name) for name in ("share", "quantity", "id", "adjusts_line_id", "causes") if name in fields
    }
    named: dict[str, Any] = {
        "invoice_issuer_name": "AWS",
        "invoice_id": "INV-7",
        "pool_id": None,
        "service_provider_name": "AWS",
        "service_name": "Amazon EC2",
        "unit": None,
    }
    key = LineKey(billing_currency=currency, team_id=team, cost_type=kind, **{**named, **fields})
    figures: dict[str, Any] = {"share": None, "quantity": None, **own}
    return StatementLine(
        key=key,
        exact_amount=Decimal(exact or amount),
        amount=Decimal(amount),
        row_count=3,
        rows_without_value=0,
        **figures,
    )


def a_pack(
    lines: Sequence[StatementLine],
    *,
    names: dict[str, str] | None = None,
    statement: StatementFacts = CLOSED,
    splits: Sequence[SplitRecord] = (PLATFORM,),
    previous: Previous | None = None,
) -> FinancePack:
    """A pack of `lines`; `names` are those of teams, which are called by their ids otherwise."""
    teams = {each.key.team_id for each in lines if each.key.team_id is not None}
    payers = {team: Payer((names or {}).get(team, team), "6100", f"CC-{team}") for team in teams}
    ledger = Ledger(JournalAccounts(), payers, "2026-03")
    records = {(each.currency, each.pool_id): each for each in splits}
    pages = team_pages(lines, ledger, records, previous or {})
    return FinancePack(statement, tuple(lines), pages, tuple(splits), (), ())


def some_lines() -> list[StatementLine]:
    """Lines of two teams and of nobody, of every cost type that a reader meets."""
    return [
        a_line("1234.50", exact="1234.500000001", quantity=Decimal("744.25"), unit="Hours", id=1),
        a_line("-20.25", kind=CostType.CREDIT, service_name="Credits", id=2),
        a_line(
            "250.00",
            kind=CostType.SHARED,
            pool_id="platform",
            share=Decimal("0.25"),
            quantity=Decimal(10),
            unit="Requests",
            service_name="Amazon EKS",
            id=3,
        ),
        a_line(
            "-3.10",
            kind=CostType.ADJUSTMENT,
            adjusts_period=date(2026, 2, 1),
            adjusts_cost_type=CostType.DIRECT,
            adjusts_line_id=77,
            causes={"loads": {"before": [1], "after": [4]}},
            id=4,
        ),
        a_line("750.00", kind=CostType.SHARED, pool_id="platform", share=Decimal("0.75"), team="speech", id=5),
        a_line("99", currency="JPY", team="speech", service_name=None, id=6),
        a_line("5.01", team=None, id=7),
    ]
