"""How laws are tried: how often, what is posted for them, and what is read of it."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from sqlalchemy.orm import Session

from app.actions.policy import apply_policy
from app.domain.money import EXACT, ZERO
from app.domain.period import Period
from app.domain.viewer import Viewer, operator
from app.reports.cost_query import CostQuery, Granularity
from app.reports.costs import costs
from app.reports.statement_lines import statement_lines
from tests.app.chargeback.drawn import MARCH
from tests.app.chargeback.drawn_policies import written
from tests.app.chargeback.loaded import add_load, add_source
from tests.app.chargeback.reference_allocator import Amount, Line, Statement
from tests.app.chargeback.reference_policy import Charge
from tests.app.chargeback.reference_pools import Quantity

EXAMPLES = int(os.environ.get("TRUEUP_LAWS_EXAMPLES", "0"))  # for each law; set by `bench.laws`
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]  # to shrink what is in a database takes minutes


def quick(examples: int) -> settings:
    """So many examples of a law, or as many as `bench.laws` wants."""
    return settings(
        max_examples=EXAMPLES or examples, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES
    )


EVER = (date(2000, 1, 1), date(2100, 1, 1))


@contextmanager
def posted(
    session: Session, policy: dict[str, Any], charges: Sequence[Charge], used: Sequence[Quantity]
) -> Iterator[None]:
    """March's bill and drivers, live and posted by a policy, in a transaction that is rolled back."""
    with session.begin_nested() as apart:
        add_load(session, add_source(session, "aws"), MARCH, charges, used)
        apply_policy(session, operator(), written(policy))
        yield
        apart.rollback()


def draft_of(session: Session, period: date = MARCH) -> Statement:
    """The lines of a period's draft as the report tells them."""
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


def sums(amounts: Iterable[tuple[Any, Decimal | None]]) -> dict[Any, Decimal]:
    """Sums by key; what comes to zero is left out, as nothing and zero are the same here."""
    found: defaultdict[Any, Decimal] = defaultdict(Decimal)
    for key, amount in amounts:
        found[key] = EXACT.add(found[key], amount or ZERO)
    return {key: amount for key, amount in found.items() if amount}


def asked(
    session: Session, group_by: Sequence[str], viewer: Viewer | None = None, **question: Any
) -> dict[Any, Decimal]:
    """The costs report, by currency, day (if it is by day) and what it is grouped by."""
    report = costs(
        session,
        viewer or operator(),
        CostQuery(*EVER, group_by=tuple(group_by), **{"granularity": Granularity.TOTAL, **question}),
    )
    return sums(
        ((block.currency, *([row.period_start] if row.period_start else []), *row.keys), row.amount)
        for block in report.blocks
        for row in block.rows
    )
