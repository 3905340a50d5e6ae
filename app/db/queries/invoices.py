"""Reads of invoices, and of the charges that they should add up to."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Numeric, Row, Select, and_, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db.tables.bills import Delivery, Load, Source
from app.db.tables.charges import Charge, ChargeKey
from app.db.tables.invoices import Invoice
from app.domain.money import ZERO
from app.domain.period import Period
from app.domain.reconciliation import BilledSum

_TAX = "Tax"


def invoice_rows(
    session: Session, span: Period | None, *, superseded: bool, before: int | None, limit: int
) -> Sequence[Row[Invoice, str | None]]:
    """Invoices of the billing periods in `span` with the source whose delivery told of them, the newest first."""
    statement = (
        select(Invoice, Source.name)
        .outerjoin(Delivery, Delivery.id == Invoice.delivery_id)
        .outerjoin(Source, Source.id == Delivery.source_id)
        .where(*_within(span, Invoice.billing_period_start))
        .order_by(Invoice.id.desc())
        .limit(limit)
    )
    if not superseded:
        statement = statement.where(Invoice.superseded_at.is_(None))
    if before is not None:
        statement = statement.where(Invoice.id < before)
    return session.execute(statement).all()


def current_invoices(session: Session, span: Period | None, *, at: datetime | None = None) -> Sequence[Invoice]:
    """What is known of every invoice of the billing periods in `span`, or what was known `at` an instant."""
    statement = select(Invoice).where(_standing(at), *_within(span, Invoice.billing_period_start))
    return session.scalars(statement.order_by(Invoice.id)).all()


def known_issuers(session: Session) -> frozenset[str]:
    """Who has an invoice on record, of whatever period."""
    return frozenset(session.scalars(select(Invoice.invoice_issuer_name).where(Invoice.superseded_at.is_(None))))


def _standing(at: datetime | None) -> ColumnElement[bool]:
    if at is None:
        return Invoice.superseded_at.is_(None)
    return and_(Invoice.imported_at <= at, or_(Invoice.superseded_at.is_(None), Invoice.superseded_at > at))


def billed_sums(session: Session, span: Period | None) -> list[BilledSum]:
    """The billed cost of live charges by what an invoice is known by."""
    live = select(Load.id, Load.billing_period_start).where(
        Load.state == "live", *_within(span, Load.billing_period_start)
    )
    return _billed(session, live)


def billed_sums_of(session: Session, loads: Sequence[int]) -> list[BilledSum]:
    """The billed cost of the charges of `loads`, superseded ones too, by what an invoice is known by."""
    return _billed(session, select(Load.id, Load.billing_period_start).where(Load.id.in_(loads)))


def _billed(session: Session, chosen: Select[int, date]) -> list[BilledSum]:
    loads = session.execute(chosen).all()
    statement = _sums([load for load, _ in loads], sorted({period for _, period in loads}))
    return [
        BilledSum(
            invoice_id=invoice,
            invoice_issuer_name=issuer,
            billing_account_id=account,
            billing_period_start=period,
            billing_currency=currency,
            billed_cost=ZERO if billed is None else billed,
            tax=ZERO if tax is None else tax,
            rows=rows,
            rows_without_value=missing or 0,
        )
        for invoice, issuer, account, period, currency, billed, tax, rows, missing in session.execute(statement)
    ]


def _sums(loads: Sequence[int], periods: Sequence[date]) -> Select[Any]:
    charge, key = Charge.__table__.c, ChargeKey.__table__.c
    # By key first: the charges are many, and their keys carry long rows.
    of_keys = (
        select(
            charge.billing_period_start,
            charge.charge_key_id,
            func.sum(charge.billed_cost).label("billed_cost"),
            func.sum(charge.row_count).label("row_count"),
            func.sum(charge.billed_cost_missing).label("missing"),
        )
        # By value, so that Postgres opens only the partitions of these loads.
        .where(charge.load_id.in_(loads), charge.billing_period_start.in_(periods))
        .group_by(charge.billing_period_start, charge.charge_key_id)
        .subquery("of_keys")
    )
    billed = of_keys.c.billed_cost
    groups = (
        key.invoice_id,
        key.invoice_issuer_name,
        key.billing_account_id,
        of_keys.c.billing_period_start,
        key.billing_currency,
    )
    return (
        select(
            *groups,
            func.trim_scale(func.sum(billed), type_=Numeric),
            func.trim_scale(func.sum(billed).filter(key.charge_category == _TAX), type_=Numeric),
            cast(func.sum(of_keys.c.row_count), BigInteger),
            cast(func.sum(of_keys.c.missing), BigInteger),
        )
        .join(ChargeKey, key.id == of_keys.c.charge_key_id)
        .group_by(*groups)
    )


def _within(span: Period | None, start: InstrumentedAttribute[date]) -> tuple[ColumnElement[bool], ...]:
    return () if span is None else (start >= span.start, start < span.end)
