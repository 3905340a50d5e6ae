"""A billing period's statement beside the charges, prepayments and invoices that it should tie to."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.chargeback.policies import policy_of_version
from app.db.queries.journal import Correction, binding_before, corrections_in, live_loads_before
from app.db.queries.prepayments import charge_sums
from app.db.queries.statements import binding_statement, statement_lines
from app.db.tables.statements import Statement
from app.domain.charge import Metric
from app.domain.period import Period
from app.domain.period_facts import PeriodFacts
from app.domain.prepayments import ChargeSum
from app.domain.statement import StatementState
from app.domain.viewer import Scope, Viewer
from app.errors import NotFound
from app.reports.invoices import reconciliation_of


@dataclass(frozen=True)
class StatementHead:
    """Which statement a report is about: the closed one of its period, else the issued one, else the draft."""

    id: int
    state: StatementState
    metric: Metric
    policy: str | None
    drawn_at: datetime
    issued_at: datetime | None
    closed_at: datetime | None


def binding(session: Session, viewer: Viewer, period: Period) -> Statement:
    """The statement that counts for a billing period.

    Raises NotFound when there is none, and NotAllowed for a viewer of some teams: it is about whole bills.
    """
    viewer.require_everything(Scope.READ_COSTS)
    found = binding_statement(session, period.start)
    if found is None:
        raise NotFound(
            f"{period.label} has no statement: no bill of that billing period has been taken in. `trueup loads` lists"
            " the periods that have one."
        )
    return found


def statement_head(session: Session, statement: Statement) -> StatementHead:
    """What a report says of the statement it is about."""
    applied = policy_of_version(session, statement.policy_version_id)
    return StatementHead(
        id=statement.id,
        state=StatementState(statement.state),
        metric=Metric(statement.metric),
        policy=applied.policy.name if applied else None,
        drawn_at=statement.drawn_at,
        issued_at=statement.issued_at,
        closed_at=statement.closed_at,
    )


def statement_facts(session: Session, statement: Statement) -> PeriodFacts:
    """The facts of a statement: of a closed one, its own loads and the invoices that were known when it was closed."""
    period = statement.billing_period_start
    corrections = corrections_in(session, [statement.id])
    return PeriodFacts(
        metric=Metric(statement.metric),
        lines=statement_lines(session, statement.id),
        charges=charge_sums(session, statement.loads),
        invoices=reconciliation_of(session, Period.month_of(period), statement.loads, _settled_at(statement)),
        before=_before(session, period),
        corrections={
            corrected: _changes(session, [each for each in corrections if each.period == corrected])
            for corrected in sorted({each.period for each in corrections})
        },
    )


def _settled_at(statement: Statement) -> datetime | None:
    """When a closed statement was closed, by the later of two clocks: invoices and issuing go by the database's."""
    if statement.closed_at is None:
        return None
    return max(statement.closed_at, statement.issued_at or statement.closed_at)


_Basis = tuple[int, Metric]  # a load, and what a statement that rests on it is drawn on


def _before(session: Session, period: date) -> list[ChargeSum]:
    """What commitments moved in the statements of earlier periods, and in bills that no statement was drawn of."""
    statements = binding_before(session, period)
    resting: Counter[_Basis] = Counter()
    for each in statements:
        resting.update((load, Metric(each.metric)) for load in each.loads)
    for correction in corrections_in(session, [each.id for each in statements]):
        _apply(session, correction, resting)
    drawn = {each.billing_period_start for each in statements}
    for start, loads in live_loads_before(session, period).items():
        if start not in drawn:
            resting.update((load, Metric.EFFECTIVE) for load in loads)
    return _sums(session, resting, of_commitments=True)


def _changes(session: Session, corrections: Iterable[Correction]) -> list[ChargeSum]:
    """What a closed period rests on now, less what it rested on before."""
    resting: Counter[_Basis] = Counter()
    for each in corrections:
        _apply(session, each, resting)
    return _sums(session, resting)


def _apply(session: Session, correction: Correction, resting: Counter[_Basis]) -> None:
    loads, versions = correction.causes["loads"], correction.causes["policy_versions"]
    resting.update(_bases(session, loads["after"], versions["after"]))
    resting.subtract(_bases(session, loads["before"], versions["before"]))


def _bases(session: Session, loads: Sequence[int], version: int | None) -> Mapping[_Basis, int]:
    applied = policy_of_version(session, version)
    metric = applied.policy.statement_metric if applied else Metric.EFFECTIVE
    return Counter((load, metric) for load in loads)


def _sums(session: Session, resting: Mapping[_Basis, int], **which: Any) -> list[ChargeSum]:
    """The charges of loads, each as often as it counts: once, or once taken back; drawn on the cost it is drawn on."""
    found: list[ChargeSum] = []
    for metric in Metric:
        for times in (1, -1):
            loads = [load for (load, drawn_on), count in resting.items() if drawn_on is metric and count == times]
            sums = [each.drawn_on(metric) for each in charge_sums(session, loads, **which)]
            found += sums if times > 0 else [each.reversed() for each in sums]
    assert all(abs(count) <= 1 for count in resting.values()), "a load counts in two statements"
    return found
