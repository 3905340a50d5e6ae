"""Loads: what became of each delivery, and what a restated bill moved."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db.queries import deliveries
from app.db.tables.bills import Delivery, Load
from app.domain.viewer import Viewer
from app.errors import NotFound
from app.reports.visibility import sees_everything, visible_teams

_QUARANTINED_SHOWN = 1_000
_SHARE_DIGITS = Decimal("0.000001")


@dataclass(frozen=True)
class LoadTotal:
    """The sums of a load in one currency; None where no row has a value."""

    currency: str
    billed_cost: Decimal | None
    effective_cost: Decimal | None
    list_cost: Decimal | None
    contracted_cost: Decimal | None


@dataclass(frozen=True)
class LoadRow:
    """A load. A viewer limited to teams sees no totals: they are of the whole bill."""

    id: int
    source: str
    delivery_id: int
    billing_period_start: date
    state: str
    rows_loaded: int
    first_charge_day: date
    last_charge_day: date
    totals: tuple[LoadTotal, ...]
    created_at: datetime
    superseded_by: int | None
    superseded_at: datetime | None


@dataclass(frozen=True)
class LoadChange:
    """What a load changed against the one it replaced, for one owner, service and currency.

    The owner is a team, or a pool that teams share, or neither: unallocated.
    """

    team_id: str | None
    pool_id: str | None
    service_name: str | None
    currency: str
    billed_cost_before: Decimal
    billed_cost_after: Decimal
    effective_cost_before: Decimal
    effective_cost_after: Decimal


@dataclass(frozen=True)
class BrokenRule:
    """A FOCUS rule that a delivery breaks without stopping it from being booked."""

    rule: str  # the kind of rule
    requirement: str | None  # its id in the official FOCUS 1.2 model, where it has one there
    column_name: str
    message: str
    rows: int
    share_of_rows: Decimal | None  # of the delivery, from 0 to 1; None where it has none
    example: str | None
    file: str | None  # where the example stands
    row_number: int | None


@dataclass(frozen=True)
class SetAside:
    """A row that could not be booked, and the cell that made it so."""

    file: str
    row_number: int
    column_name: str
    value: str | None
    reason: str


@dataclass(frozen=True)
class LoadReport:
    """A load with what it changed, and what was wrong with its delivery; the first thousand rows set aside."""

    load: LoadRow
    format: str
    format_version: str | None
    sha256: str
    rows_in: int
    rows_quarantined: int
    changes: tuple[LoadChange, ...]
    findings: tuple[BrokenRule, ...]
    quarantined: tuple[SetAside, ...]


def loads(
    session: Session, viewer: Viewer, source: str | None = None, *, before: int | None = None, limit: int = 100
) -> tuple[LoadRow, ...]:
    """Loads, newest first; of one source, or older than load `before`, when asked."""
    whole = sees_everything(viewer)
    found = deliveries.load_rows(session, source=source, before=before, limit=limit)
    return tuple(_load_row(name, load, whole=whole) for name, load in found)


def load_report(session: Session, viewer: Viewer, load_id: int) -> LoadReport:
    """One load in full. Raises NotFound when there is none of that number.

    A viewer limited to teams sees the changes of its teams alone, and no cells of the bill.
    """
    visible = visible_teams(session, viewer)
    found = deliveries.load_row(session, load_id)
    if found is None:
        raise NotFound(f"There is no load {load_id}. `trueup loads` and GET /api/v1/loads list them.")
    name, load = found
    whole = sees_everything(viewer)
    delivery = deliveries.delivery(session, load.delivery_id)
    changes = _changes(session, load_id)
    return LoadReport(
        load=_load_row(name, load, whole=whole),
        format=delivery.format,
        format_version=delivery.format_version,
        sha256=delivery.sha256,
        rows_in=delivery.rows_in,
        rows_quarantined=delivery.rows_quarantined,
        changes=tuple(each for each in changes if visible is None or each.team_id in visible),
        findings=_findings(session, delivery) if whole else (),
        quarantined=_quarantined(session, delivery.id) if whole else (),
    )


def _load_row(source: str, load: Load, *, whole: bool) -> LoadRow:
    return LoadRow(
        id=load.id,
        source=source,
        delivery_id=load.delivery_id,
        billing_period_start=load.billing_period_start,
        state=load.state,
        rows_loaded=load.rows_loaded,
        first_charge_day=load.first_charge_day,
        last_charge_day=load.last_charge_day,
        totals=tuple(_total(each) for each in load.totals) if whole else (),
        created_at=load.created_at,
        superseded_by=load.superseded_by,
        superseded_at=load.superseded_at,
    )


def _total(total: dict[str, str | None]) -> LoadTotal:
    def amount(name: str) -> Decimal | None:
        text = total.get(name)
        return None if text is None else Decimal(text)

    return LoadTotal(
        currency=total["billing_currency"] or "",
        billed_cost=amount("billed_cost"),
        effective_cost=amount("effective_cost"),
        list_cost=amount("list_cost"),
        contracted_cost=amount("contracted_cost"),
    )


def _changes(session: Session, load_id: int) -> list[LoadChange]:
    return [
        LoadChange(
            team_id=line.team_id,
            pool_id=line.pool_id,
            service_name=line.service_name,
            currency=line.billing_currency,
            billed_cost_before=line.billed_cost_before,
            billed_cost_after=line.billed_cost_after,
            effective_cost_before=line.effective_cost_before,
            effective_cost_after=line.effective_cost_after,
        )
        for line in deliveries.differences(session, load_id)
    ]


def _findings(session: Session, delivery: Delivery) -> tuple[BrokenRule, ...]:
    return tuple(
        BrokenRule(
            rule=each.rule,
            requirement=each.requirement,
            column_name=each.column_name,
            message=each.message,
            rows=each.rows,
            share_of_rows=_share(each.rows, delivery.rows_in),
            example=each.example,
            file=each.file,
            row_number=each.row_number,
        )
        for each in deliveries.findings(session, delivery.id)
    )


def _share(rows: int, of: int) -> Decimal | None:
    return (Decimal(rows) / of).quantize(_SHARE_DIGITS) if of else None


def _quarantined(session: Session, delivery_id: int) -> tuple[SetAside, ...]:
    return tuple(
        SetAside(each.file, each.row_number, each.column_name, each.value, each.reason)
        for each in deliveries.quarantined_rows(session, delivery_id, limit=_QUARANTINED_SHOWN)
    )
