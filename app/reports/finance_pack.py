"""What a billing period's finance pack holds: its statement by team, and what that rests on, read in one moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from sqlalchemy.orm import Session

from app.chargeback.heading import heading
from app.chargeback.policies import AppliedPolicy, policy_of_version
from app.db.queries.finance_pack import PackedFile, files_of_loads, kept_files, policy_sha256, sums_by_cost_type
from app.db.queries.statements import binding_statement, statement_lines
from app.db.statement_files import kept_file
from app.db.tables.statements import Statement
from app.domain.canonical import CSV_NAME, JSON_NAME, canonical_files
from app.domain.ledger import Ledger, payers
from app.domain.money import total
from app.domain.named_file import NamedFile
from app.domain.ownership import Team
from app.domain.period import Period
from app.domain.policy import JournalAccounts
from app.domain.split_record import SplitRecord, from_json
from app.domain.statement import StatementLine, StatementState
from app.domain.viewer import Viewer
from app.reports.owed import names_in
from app.reports.statement_facts import binding
from app.reports.team_pages import Previous, TeamPages, team_pages


@dataclass(frozen=True)
class StatementFacts:
    """A statement as the pack names it on every page."""

    id: int
    period: Period
    state: StatementState
    metric: str
    sha256: str | None  # of its canonical form, once it is closed
    allocation_version: int
    policy_version: int | None
    policy_name: str | None
    policy_sha256: str | None
    drawn_at: datetime
    issued_at: datetime | None
    issued_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    override_reason: str | None

    @property
    def dated(self) -> datetime:
        """The moment the statement became what it is, which its files are dated by."""
        return self.closed_at or self.issued_at or self.drawn_at


@dataclass(frozen=True)
class Owed:
    """What is charged in a currency: to how many teams how much, and what to nobody."""

    teams: int
    charged: Decimal
    unallocated: Decimal

    @property
    def total(self) -> Decimal:
        """The sum of the statement."""
        return total((self.charged, self.unallocated))


@dataclass(frozen=True)
class FinancePack:
    """A billing period's statement as it is handed to finance, with what it rests on."""

    statement: StatementFacts
    lines: tuple[StatementLine, ...]
    teams: tuple[TeamPages, ...]  # the unallocated last, if there is any
    splits: tuple[SplitRecord, ...]
    sources: tuple[PackedFile, ...]
    canonical: tuple[NamedFile, ...]

    @cached_property
    def owed(self) -> Mapping[str, Owed]:
        """What is charged, by currency."""
        pages = [(team.team_id, page) for team in self.teams for page in team.pages]
        return {
            currency: Owed(
                teams=sum(1 for team, page in pages if team is not None and page.currency == currency and page.amount),
                charged=total(page.amount for team, page in pages if team is not None and page.currency == currency),
                unallocated=total(page.amount for team, page in pages if team is None and page.currency == currency),
            )
            for currency in sorted({page.currency for _, page in pages})
        }


@dataclass(frozen=True)
class KeptPack:
    """The pack of a closed period as it was kept: its manifest, and every other file, read as it is asked for."""

    manifest: NamedFile
    files: Iterator[NamedFile]


def finance_pack(session: Session, viewer: Viewer, period: Period) -> FinancePack:
    """The pack of the statement that counts for the billing month `period`: closed, else issued, else the draft.

    Raises NotFound when there is no statement, NotAllowed for a viewer who does not see every team.
    """
    statement = binding(session, viewer, period)
    applied = policy_of_version(session, statement.policy_version_id)
    lines = statement_lines(session, statement.id)
    splits = from_json(statement.splits)
    return FinancePack(
        statement=_facts(session, statement, applied),
        lines=tuple(lines),
        teams=_teams(lines, applied, splits, period, previous_sums(session, period)),
        splits=splits,
        sources=tuple(files_of_loads(session, statement.loads)),
        canonical=_canonical(session, statement, lines),
    )


def pack_statement(session: Session, viewer: Viewer, period: Period) -> StatementFacts:
    """The statement that a pack of the billing month `period` is of. Raises as `finance_pack` does."""
    statement = binding(session, viewer, period)
    return _facts(session, statement, policy_of_version(session, statement.policy_version_id))


def kept_pack(session: Session, viewer: Viewer, period: Period, manifest: str) -> KeptPack | None:
    """The pack that was kept, with a file called `manifest`, when a billing month was closed; None if none was.

    Raises as `finance_pack` does.
    """
    statement = binding(session, viewer, period)
    found = kept_file(session, statement.id, manifest)
    return KeptPack(found, kept_files(session, statement.id, but=manifest)) if found else None


def previous_sums(session: Session, period: Period) -> Previous:
    """What was charged in the month before, by team, currency and cost type; empty when it has no statement."""
    before = binding_statement(session, period.previous_month().start)
    return sums_by_cost_type(session, before.id) if before else {}


def _canonical(session: Session, statement: Statement, lines: Sequence[StatementLine]) -> tuple[NamedFile, ...]:
    """The canonical form: of a closed statement as it was kept."""
    kept = [kept_file(session, statement.id, name) for name in (CSV_NAME, JSON_NAME)]
    found = tuple(file for file in kept if file is not None)
    return found or canonical_files(heading(session, statement, lines, statement.fx), lines)


def _facts(session: Session, statement: Statement, applied: AppliedPolicy | None) -> StatementFacts:
    return StatementFacts(
        id=statement.id,
        period=Period.month_of(statement.billing_period_start),
        state=StatementState(statement.state),
        metric=statement.metric,
        sha256=statement.sha256,
        allocation_version=statement.allocation_version,
        policy_version=statement.policy_version_id,
        policy_name=applied.policy.name if applied else None,
        policy_sha256=policy_sha256(session, statement.policy_version_id),
        drawn_at=statement.drawn_at,
        issued_at=statement.issued_at,
        issued_by=statement.issued_by,
        closed_at=statement.closed_at,
        closed_by=statement.closed_by,
        override_reason=statement.override_reason,
    )


def _teams(
    lines: Sequence[StatementLine],
    applied: AppliedPolicy | None,
    splits: Sequence[SplitRecord],
    period: Period,
    previous: Previous,
) -> tuple[TeamPages, ...]:
    """The pages of every team, named as the policy that the statement rests on names them in its period."""
    records = {(each.currency, each.pool_id): each for each in splits}
    if applied is None:
        return team_pages(lines, Ledger(JournalAccounts(), {}, period.label), records, previous)
    policy = applied.policy
    teams = names_in(period, sorted(policy.teams, key=_since), {}).teams.values()
    ledger = Ledger(policy.accounts, payers(teams, policy.cost_centers, policy.accounts), period.label)
    return team_pages(lines, ledger, records, previous)


def _since(team: Team) -> date:
    """From when a team is as it is: of one that was renamed or moved, `names_in` takes the last."""
    return team.valid_from or date.min
