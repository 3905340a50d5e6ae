"""What is done twice is done once, for everything that changes a figure; and bills that really come in as files."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.actions.chargeback import close_statement, issue_statement
from app.actions.drivers import post_drivers
from app.actions.fx import import_rates
from app.actions.policy import apply_policy
from app.actions.teams import import_teams
from app.db.session import read_session, write_session
from app.db.tables.base import Base
from app.domain.money import plain
from app.domain.period import Period
from app.domain.posted_quantity import Item
from app.domain.viewer import operator
from app.errors import TrueupError
from tests.app.chargeback import drawn
from tests.app.chargeback.drawn import MARCH
from tests.app.chargeback.drawn_policies import policies, written
from tests.app.chargeback.law import draft_of, quick
from tests.app.chargeback.reference_allocator import statement
from tests.app.chargeback.reference_policy import Charge, read
from tests.ingest.bills import Row, focus_row, write_csv
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
MARCH_2026 = Period.month(2026, 3)
POLICY = """
name: by driver
teams: [{id: search}, {id: speech}]
pools: [{id: cluster, split: {driver: gpu_hours, fallback: even}}]
rules: [{name: search, when: {column: sub_account_id, equals: search}, team: search}, {name: all, pool: cluster}]
"""
TEAMS = "team_id,name,parent\nsearch,Search,\nspeech,Speech,search\n"
RATES = "Date,USD\n2026-03-31,1.25\n"
USED = Item("jobs", "1", MARCH, "gpu_hours", "GPU-hours", "3", None, {"team": "search"})
NOT_OVER = datetime(2026, 3, 20, tzinfo=UTC)


def contents(trueup: Trueup) -> dict[str, str]:
    """A fingerprint of every table but the audit log, which may tell of an attempt."""
    with read_session(trueup.engine) as session:
        rows = "coalesce(string_agg(t::text, ',' ORDER BY t::text), '')"
        return {
            name: str(session.scalar(text(f"SELECT md5({rows}) FROM {name} t")))
            for name in sorted(Base.metadata.tables)
            if "audit" not in name
        }


def test_twice_is_once(trueup: Trueup, tmp_path: Path) -> None:
    bill = write_csv(
        tmp_path / "march.csv", [focus_row(str(cost), SubAccountId=each) for cost, each in ((10, "search"), (5, "x"))]
    )

    def written_by(action: Callable[[Session], object]) -> Callable[[], object]:
        def run() -> object:
            with write_session(trueup.engine) as session:
                return action(session)

        return run

    actions: dict[str, Callable[[], object]] = {
        "apply": written_by(lambda session: apply_policy(session, operator(), POLICY)),
        "ingest": lambda: trueup.ingest(bill),
        "drivers": written_by(lambda session: post_drivers(session, operator(), trueup.config, [USED])),
        "teams": written_by(lambda session: import_teams(session, operator(), TEAMS, "teams.csv")),
        "rates": written_by(lambda session: import_rates(session, operator(), RATES, "ecb.csv")),
        "issue": written_by(lambda session: issue_statement(session, operator(), MARCH_2026)),
        "close": written_by(lambda session: close_statement(session, operator(), MARCH_2026, NOT_OVER)),
        "close all the same": written_by(
            lambda session: close_statement(session, operator(), MARCH_2026, NOT_OVER, "agreed")
        ),
    }
    for name, action in actions.items():
        before = contents(trueup)
        refused = is_refused(action)
        once = contents(trueup)
        assert (once == before) is refused, name
        is_refused(action)
        twice = contents(trueup)
        assert {table for table in once if once[table] != twice[table]} == set(), name


def is_refused(action: Callable[[], object]) -> bool:
    try:
        action()
    except TrueupError:
        return True
    return False


NOTHING = Charge(
    period=MARCH,
    day=MARCH,
    columns={
        "billing_currency": "USD",
        "service_name": "EC2",
        "service_provider_name": "AWS",
        "charge_category": "Usage",
    },
    costs=dict.fromkeys(("billed_cost", "effective_cost", "contracted_cost"), Decimal(0)),
)


def a_row(charge: Charge) -> Row:
    """A drawn charge as a row of a FOCUS bill."""
    said: dict[str, Any] = {_focus_name(name): value for name, value in charge.columns.items()}
    optional = ("InvoiceIssuerName", "InvoiceId", "SubAccountId", "PricingUnit", "PricingCategory")
    unsaid: dict[str, Any] = dict.fromkeys(optional)
    row = focus_row(
        **{**unsaid, "ProviderName": said.pop("ServiceProviderName"), **said},
        Tags=json.dumps(dict(charge.tags)) if charge.tags else None,
        PricingQuantity=_text(charge.pricing_quantity),
        ConsumedQuantity=_text(charge.consumed_quantity),
        ChargePeriodStart=f"{charge.day}T00:00:00Z",
        ChargePeriodEnd=f"{charge.day}T01:00:00Z",
    )
    for name in ("billed_cost", "effective_cost", "contracted_cost"):
        row[_focus_name(name)] = _text(charge.costs[name])
    return row


def _focus_name(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)


deliveries = st.tuples(st.lists(drawn.charges(), min_size=1, max_size=8), st.integers(1, 3), st.booleans())


@given(policy=policies(), delivery=deliveries)
@quick(3)
def test_a_bill_in_files_comes_to_what_the_reference_allocator_says(
    trueup: Trueup, tmp_path: Path, policy: dict[str, Any], delivery: tuple[list[Charge], int, bool]
) -> None:
    """However its rows are spread over files, and in whatever order they are handed over."""
    drawn_bill, parts, backwards = delivery
    # The source keeps no column of the provider's own; and each bill has a row, to replace the one before.
    bill = [NOTHING, *(each for each in drawn_bill if not each.extras)]
    trueup.policy(written(policy))
    cut = [[a_row(each) for each in bill[part::parts]] for part in range(parts)]
    files = [write_csv(tmp_path / f"{number}.csv", rows) for number, rows in enumerate(cut) if rows]
    trueup.ingest(*(reversed(files) if backwards else files))
    with read_session(trueup.engine) as session:
        assert draft_of(session) == statement(read(written(policy)), MARCH, bill)
