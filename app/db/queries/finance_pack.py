"""Reads that only a finance pack needs: the files behind its statement, and what was charged a month before."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.tables.bills import Delivery, Load, LoadDelivery, Source
from app.db.tables.policy import PolicyVersion
from app.db.tables.statements import StatementFile, StatementLine
from app.domain.named_file import NamedFile
from app.domain.statement import CostType

_AT_ONCE = 50  # files of some hundred kilobytes


@dataclass(frozen=True)
class PackedFile:
    """A file of a delivery that a load of the statement holds rows of."""

    load_id: int
    source: str
    rows_loaded: int
    delivery_id: int
    received_at: datetime
    format: str
    format_version: str | None
    delivery_sha256: str
    rows_in: int
    rows_quarantined: int
    file: str
    file_sha256: str | None
    bytes: int | None


def files_of_loads(session: Session, loads: Sequence[int]) -> list[PackedFile]:
    """Every file that `loads` were read from, by load, delivery and name."""
    statement = (
        select(Load, Source.name, Delivery)
        .join(Source, Source.id == Load.source_id)
        .join(LoadDelivery, LoadDelivery.load_id == Load.id, isouter=True)
        .join(Delivery, Delivery.id == func.coalesce(LoadDelivery.delivery_id, Load.delivery_id))
        .where(Load.id.in_(loads))
        .order_by(Load.id, Delivery.id)
    )
    return [
        _packed(load, source, delivery, file)
        for load, source, delivery in session.execute(statement)
        for file in sorted(delivery.files, key=lambda file: file["name"])
    ]


def _packed(load: Load, source: str, delivery: Delivery, file: dict[str, object]) -> PackedFile:
    size = file.get("bytes")
    return PackedFile(
        load_id=load.id,
        source=source,
        rows_loaded=load.rows_loaded,
        delivery_id=delivery.id,
        received_at=delivery.received_at,
        format=delivery.format,
        format_version=delivery.format_version,
        delivery_sha256=delivery.sha256,
        rows_in=delivery.rows_in,
        rows_quarantined=delivery.rows_quarantined,
        file=str(file["name"]),
        file_sha256=str(file["sha256"]) if "sha256" in file else None,
        bytes=size if isinstance(size, int) else None,
    )


def sums_by_cost_type(session: Session, statement_id: int) -> dict[tuple[str | None, str], dict[CostType, Decimal]]:
    """What a statement charges, by team and currency and then by cost type."""
    line = StatementLine
    statement = (
        select(line.team_id, line.billing_currency, line.cost_type, func.sum(line.amount))
        .where(line.statement_id == statement_id)
        .group_by(line.team_id, line.billing_currency, line.cost_type)
    )
    sums: defaultdict[tuple[str | None, str], dict[CostType, Decimal]] = defaultdict(dict)
    for team, currency, kind, amount in session.execute(statement):
        sums[team, currency][CostType(kind)] = amount
    return dict(sums)


def kept_files(session: Session, statement_id: int, *, but: str) -> Iterator[NamedFile]:
    """The files that were stored with a closed statement, by name, a few at a time; all but the one called `but`."""
    kept = StatementFile
    statement = (
        select(kept.name, kept.media_type, kept.content)
        .where(kept.statement_id == statement_id, kept.name != but)
        .order_by(kept.name.collate("C"))
    )
    for row in session.execute(statement, execution_options={"yield_per": _AT_ONCE}):
        yield NamedFile(*row)


def policy_sha256(session: Session, version: int | None) -> str | None:
    """The SHA-256 of the policy document that was applied as `version`."""
    return session.scalar(select(PolicyVersion.sha256).where(PolicyVersion.id == version))
