"""What speaks against closing a billing period, looked up in the database."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.chargeback.closing_rates import closing_rates
from app.chargeback.policies import policy_in_force
from app.db.invoices import as_total
from app.db.queries.deliveries import source_rows
from app.db.queries.invoices import billed_sums, current_invoices, known_issuers
from app.db.queries.source_facts import delivered
from app.db.queries.statements import statement_lines, statements_in
from app.db.tables.statements import Statement
from app.domain.closing import Blocker
from app.domain.closing_blockers import (
    SourceFacts,
    invoice_blockers,
    period_blockers,
    rate_blockers,
    source_blockers,
    unallocated_blockers,
    value_blockers,
)
from app.domain.period import Period
from app.domain.policy import Policy
from app.domain.reconciliation import tied_lines
from app.domain.reconciliation_advice import advised
from app.domain.source_status import SourceStatus
from app.domain.statement import StatementLine, StatementState


def blockers(session: Session, statement: Statement, now: datetime) -> tuple[Blocker, ...]:
    """Everything that speaks against closing `statement` at `now`, in the order of a bill's way."""
    period = Period.month_of(statement.billing_period_start)
    lines = statement_lines(session, statement.id)
    return (
        *period_blockers(period, now, _open_before(session, period.start)),
        *_of_sources(session, period, now),
        *_of_invoices(session, period),
        *_of_lines(session, period, statement.metric, lines),
    )


def _open_before(session: Session, start: date) -> Iterable[date]:
    drafted, closed = (
        {each.billing_period_start for each in statements_in(session, state)}
        for state in (StatementState.DRAFT, StatementState.CLOSED)
    )
    return {each for each in drafted - closed if each < start}


def _of_sources(session: Session, period: Period, now: datetime) -> Iterator[Blocker]:
    """Of every source but those whose first bill is of a later period."""
    known = delivered(session, period)
    for status in (SourceStatus(*row) for row in source_rows(session)):
        facts = known[status.name]
        if facts.first_period is None or facts.first_period <= period.start:
            yield from source_blockers(
                SourceFacts(status, facts.before, facts.now, facts.estimates, facts.refused), period, now
            )


def _of_invoices(session: Session, period: Period) -> Iterator[Blocker]:
    invoices = [as_total(row) for row in current_invoices(session, period)]
    lines = advised(tied_lines(invoices, billed_sums(session, period)), invoices)
    return invoice_blockers(lines, known_issuers(session))


def _of_lines(session: Session, period: Period, metric: str, lines: list[StatementLine]) -> Iterator[Blocker]:
    applied = policy_in_force(session)
    policy = applied.policy if applied else Policy("")
    yield from unallocated_blockers(period, lines, policy.close.unallocated_percent)
    yield from value_blockers(lines, metric)
    yield from rate_blockers(closing_rates(session, period, lines).missing)
