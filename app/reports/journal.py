"""The journal of a billing period, for the general ledger."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.chargeback.policies import policy_of_version
from app.db.queries.journal import closed_ids
from app.db.tables.statements import Statement
from app.domain.journal import Journal, journals
from app.domain.ledger import Ledger, payers
from app.domain.period import Period
from app.domain.policy import JournalAccounts
from app.domain.viewer import Viewer
from app.reports.owed import names_in
from app.reports.statement_facts import StatementHead, binding, statement_facts, statement_head


@dataclass(frozen=True)
class JournalReport:
    """A billing period's journals, one for each currency, dated on its last day."""

    period: Period
    date: date
    statement: StatementHead
    journals: tuple[Journal, ...]


def journal(session: Session, viewer: Viewer, period: Period) -> JournalReport:
    """The double entry of a billing period's statement: the closed one if there is one, else the issued or the draft.

    Raises NotFound for a period without bills, NotAllowed for a viewer of some teams, and DoesNotBalance when the
    statement is not the sum of the charges it rests on.
    """
    statement = binding(session, viewer, period)
    facts = statement_facts(session, statement)
    adjusted = {line.key.adjusts_period for line in facts.lines if line.key.adjusts_period}
    ledger = _ledger(session, statement, period, closed_ids(session, adjusted))
    found = journals(period.start, facts, ledger)
    return JournalReport(period, period.end - timedelta(days=1), statement_head(session, statement), found)


def _ledger(session: Session, statement: Statement, period: Period, closed: dict[date, int]) -> Ledger:
    references = {start: _reference(start, number) for start, number in closed.items()}
    reference = _reference(period.start, statement.id)
    applied = policy_of_version(session, statement.policy_version_id)
    if applied is None:
        return Ledger(JournalAccounts(), {}, reference, references)
    policy = applied.policy
    teams = names_in(period, policy.teams, {}).teams.values()
    return Ledger(policy.accounts, payers(teams, policy.cost_centers, policy.accounts), reference, references)


def _reference(start: date, statement: int) -> str:
    return f"S-{start:%Y-%m}-{statement}"
