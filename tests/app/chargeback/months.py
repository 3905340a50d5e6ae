"""Months of small bills under a policy, to issue, close, restate and replay."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.actions.chargeback import ClosedStatement, IssuedStatement, close_statement, issue_statement
from app.db.queries.statements import binding_statement, current_statements, statement_lines
from app.db.session import read_session, write_session
from app.db.tables.statements import Statement
from app.domain.closing import Against
from app.domain.money import total
from app.domain.period import Period
from app.domain.replay import Replay
from app.domain.statement import StatementLine, StatementState
from app.domain.viewer import Viewer, operator
from app.reports.closing import ClosingStatus, closing_status, replayed
from tests.ingest.bills import Row, focus_row, write_csv
from tests.trueup import Trueup

MARCH, APRIL, MAY = (Period.month(2026, month) for month in (3, 4, 5))
JUNE_3 = datetime(2026, 6, 3, 9, tzinfo=UTC)  # when all of them are over
POLICY = """
name: house rules
teams: [{id: search}, {id: speech}]
pools: [{id: platform, name: Platform, split: even}]
rules:
  - {name: search, when: {column: SubAccountId, equals: search}, team: search}
  - {name: speech, when: {column: SubAccountId, equals: speech}, team: speech}
  - {name: platform, when: {column: SubAccountId, equals: platform}, pool: platform}
"""


def usage(account: str | None, cost: str | None, *, day: str, **cells: Any) -> Row:
    """A row of usage in a sub-account, which is what the policy goes by."""
    return focus_row(cost, day=day, SubAccountId=account, ResourceId=f"i-{account}", InvoiceId=None, **cells)


@dataclass
class Months:
    """A Trueup of a test's own, month by month."""

    trueup: Trueup
    folder: Path
    bills: int = field(default=0)

    def bill(self, *rows: Row, source: str = "aws") -> None:
        self.bills += 1
        self.trueup.ingest(write_csv(self.folder / f"bill-{self.bills}.csv", rows), source=source)

    def issue(self, period: Period, viewer: Viewer | None = None) -> IssuedStatement:
        with write_session(self.trueup.engine) as session:
            return issue_statement(session, viewer or operator(), period)

    def close(
        self, period: Period, reason: str | None = None, *, now: datetime = JUNE_3, viewer: Viewer | None = None
    ) -> ClosedStatement:
        with write_session(self.trueup.engine) as session:
            return close_statement(session, viewer or operator("ada"), period, now, reason)

    def close_all(self, *periods: Period) -> None:
        for period in periods:
            self.issue(period)
            self.close(period)

    def replay(self, period: Period) -> Replay:
        with read_session(self.trueup.engine) as session:
            return replayed(session, operator(), period)

    def status(self, period: Period, now: datetime = JUNE_3) -> ClosingStatus:
        with read_session(self.trueup.engine) as session:
            return closing_status(session, operator(), period, now)

    def against(self, period: Period, now: datetime = JUNE_3) -> list[Against]:
        return [each.code for each in self.status(period, now).blockers]

    def statement(self, period: Period, state: StatementState | None = None) -> tuple[Statement, list[StatementLine]]:
        """The statement that counts, or the one in `state`, with its lines."""
        with read_session(self.trueup.engine) as session:
            current = current_statements(session, period.start)
            found = current[state] if state else binding_statement(session, period.start)
            assert found is not None
            lines = statement_lines(session, found.id)
            session.expunge_all()
            return found, lines

    def owed(self, period: Period, state: StatementState | None = None) -> dict[str | None, Decimal]:
        """What each team owes, in whole minor units."""
        return owed_by(self.statement(period, state)[1])


def owed_by(lines: Sequence[StatementLine]) -> dict[str | None, Decimal]:
    teams = {line.key.team_id for line in lines}
    return {team: total(line.amount for line in lines if line.key.team_id == team) for team in teams}
