"""What must hold of every bill under every policy: two ways to the same cent, nothing lost, order does not matter."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.actions.policy import apply_policy
from app.domain.period import Period
from app.domain.policy import PolicyError
from app.domain.viewer import operator
from app.reports.statement_lines import statement_lines
from tests.app.chargeback import drawn
from tests.app.chargeback.drawn import MARCH, written
from tests.app.chargeback.loaded import add_load, add_source
from tests.app.chargeback.reference_allocator import Amount, Line, Statement, statement
from tests.app.chargeback.reference_policy import Charge, read
from tests.app.chargeback.reference_pools import Quantity

QUICK = settings(phases=[__import__("hypothesis").Phase.generate],max_examples=int(__import__("os").environ.get("LAWS","40")), deadline=None, suppress_health_check=list(HealthCheck))

bills = st.lists(drawn.charges(), min_size=1, max_size=10)
uses = st.lists(drawn.quantities, max_size=6)


def posted(session: Session, document: str, charges: list[Charge], used: list[Quantity]) -> Statement:
    """The draft of March as the product draws it, in a transaction that is rolled back."""
    with session.begin_nested() as apart:
        add_load(session, add_source(session, "aws"), MARCH, charges, used)
        apply_policy(session, operator(), document)
        found = drafted(session)
        apart.rollback()
    return found


def drafted(session: Session, period: date = MARCH) -> Statement:
    report = statement_lines(session, operator(), Period.month(period.year, period.month))
    lines = {
        Line(
            each.billing_currency,
            each.invoice_issuer_name,
            each.invoice_id,
            each.team_id,
            str(each.cost_type),
            each.pool_id,
            each.service_provider_name,
            each.service_name,
            each.unit,
        ): Amount(each.exact_amount, each.amount, each.share, each.quantity, each.row_count, each.rows_without_value)
        for each in report.lines
    }
    assert len(lines) == len(report.lines), "two lines with the same key"
    return lines


@given(policy=drawn.policies(), charges=bills, used=uses)
@QUICK
def test_the_statement_is_that_of_the_reference_allocator(
    session: Session, policy: dict[str, Any], charges: list[Charge], used: list[Quantity]
) -> None:
    document = written(policy)
    found = posted(session, document, charges, used)
    assert found == statement(read(document), MARCH, charges, used)
