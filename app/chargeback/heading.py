"""What heads the canonical form of a statement: what it rests on, named by the SHA-256 of its bytes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.chargeback.basis import Basis
from app.chargeback.policies import policy_of_version
from app.chargeback.summing import statement_metric
from app.db.queries.statements import current_statements
from app.db.tables.bills import Delivery, Load, LoadDelivery, Source
from app.db.tables.policy import PolicyVersion
from app.db.tables.statements import Statement
from app.domain.canonical import Correction, Grounds, Heading, LoadOrigin
from app.domain.statement import StatementLine, StatementState


def heading(
    session: Session, statement: Statement, lines: Iterable[StatementLine], fx: Iterable[Mapping[str, object]]
) -> Heading:
    """The heading of `statement` with the adjustments among `lines` and the rates `fx`."""
    basis, corrected = basis_of(session, statement), corrected_bases(session, lines)
    return Heading(
        billing_period_start=basis.period,
        metric=statement_metric(basis).value,
        allocation_version=statement.allocation_version,
        grounds=_grounds(session, basis),
        fx=tuple(fx),
        corrections=tuple(
            Correction(period, _closed_sha256(session, period), _grounds(session, corrected[period]))
            for period in sorted(corrected)
        ),
    )


def basis_of(session: Session, statement: Statement) -> Basis:
    """What a statement was drawn from."""
    applied = policy_of_version(session, statement.policy_version_id)
    return Basis(statement.billing_period_start, tuple(statement.loads), applied)


def corrected_bases(session: Session, lines: Iterable[StatementLine]) -> dict[date, Basis]:
    """What each closed period that `lines` correct had come to rest on, as their causes say."""
    causes: dict[date, Mapping[str, Any]] = {
        line.key.adjusts_period: line.causes for line in lines if line.key.adjusts_period is not None and line.causes
    }
    return {
        period: Basis(
            period,
            tuple(cause["loads"]["after"]),
            policy_of_version(session, cause["policy_versions"]["after"]),
        )
        for period, cause in causes.items()
    }


def _closed_sha256(session: Session, period: date) -> str:
    closed = current_statements(session, period)[StatementState.CLOSED]
    assert closed.sha256 is not None, f"the closed statement of {period} has no canonical form"
    return closed.sha256


def _grounds(session: Session, basis: Basis) -> Grounds:
    version = session.get_one(PolicyVersion, basis.applied.version) if basis.applied else None
    return Grounds(version.sha256 if version else None, _origins(session, basis.loads))


def _origins(session: Session, loads: Sequence[int]) -> tuple[LoadOrigin, ...]:
    statement = (
        select(Load.id, Source.name, Delivery.sha256)
        .join(Source, Source.id == Load.source_id)
        .join(LoadDelivery, LoadDelivery.load_id == Load.id)
        .join(Delivery, Delivery.id == LoadDelivery.delivery_id)
        .where(Load.id.in_(loads))
    )
    found: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for load, source, sha256 in session.execute(statement):
        found[load, source].append(sha256)
    return tuple(LoadOrigin(source, tuple(sorted(held))) for (_, source), held in sorted(found.items()))
