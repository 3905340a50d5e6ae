"""Booking: a bill into Postgres and live, in one transaction.

Whatever goes wrong before the commit, the live loads stay as they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import now

from app.chargeback.policies import assign_new_keys, policy_in_force
from app.chargeback.posting import lock_posting, post
from app.chargeback.restatement import record_difference
from app.db.load import (
    attach,
    billing_accounts,
    copy_charges,
    create_load_table,
    index_charges,
    loaded_totals,
    upsert_keys,
)
from app.db.tables import Delivery, Finding, Load, QuarantinedRow
from app.domain.charge import COSTS
from app.domain.money import plain
from app.errors import BadInput, Conflict
from ingest.bill import Bill, ControlTotal, charges, map_keys
from ingest.files import Progress


@dataclass(frozen=True)
class BookedLoad:
    """A billing period of a delivery, booked: what it holds and what it replaced."""

    load_id: int
    period: date
    rows: int
    totals: Sequence[dict[str, Any]]  # currency and the four sums, as text
    replaced: int | None  # the load that was live before
    replaced_totals: Sequence[dict[str, Any]]
    differences: int


class DoesNotTie(BadInput):
    """What Postgres holds differs from what the files say; nothing was booked."""

    def __init__(self, what: str, *, handed_over: object, loaded: object) -> None:
        super().__init__(
            f"{what}: the files say {handed_over}, the load holds {loaded}. Nothing was booked."
            " This is a fault in Trueup; please report it with the delivery."
        )
        self.handed_over, self.loaded = handed_over, loaded


def book(
    session: Session,
    bill: Bill,
    delivery: Delivery,
    progress: Progress,
    *,
    key_map: Path,
    replace_accounts: bool = False,
) -> list[BookedLoad]:
    """Books every billing period of `bill` and makes it live in place of what the source had there.

    The charge keys of its lines go to the Parquet file `key_map`.
    """
    keys = {line.key.digest: line.key for line in bill.lines}
    map_keys(bill, upsert_keys(session, ((k.digest, k.values, k.tags, k.extras) for k in keys.values())), key_map)
    progress("keys", len(keys))
    staged = [(_copy(session, bill, period, delivery, progress), period) for period in bill.periods]
    lock_posting(session)
    applied = policy_in_force(session)
    if applied:
        assign_new_keys(session, applied)
    version = applied.version if applied else None
    booked = [_swap(session, load, period, version, replace_accounts=replace_accounts) for load, period in staged]
    post(session, bill.periods)
    progress("post", len(booked))
    _record(session, bill, delivery)
    return booked


def _copy(session: Session, bill: Bill, period: date, delivery: Delivery, progress: Progress) -> Load:
    """A load with its charges in a table of its own, tied to the control totals, superseding nothing yet."""
    handed_over = [total for total in bill.booked if total.billing_period_start == period]
    first_day, last_day = _days(bill, period)
    load = Load(
        source_id=delivery.source_id,
        delivery_id=delivery.id,
        billing_period_start=period,
        state="superseded",  # until the swap; the row is not visible before the commit anyway
        rows_loaded=sum(total.rows for total in handed_over),
        totals=[_as_text(total) for total in handed_over],
        first_charge_day=first_day,
        last_charge_day=last_day,
        billing_account_ids=[],
    )
    session.add(load)
    session.flush()
    table = create_load_table(session, load.id, period)
    with charges(bill, period) as rows:
        copy_charges(session, table, rows)
    index_charges(session, table)
    _tie(session, table, handed_over)
    load.billing_account_ids = billing_accounts(session, table)
    progress("copy", load.rows_loaded)
    return load


def _days(bill: Bill, period: date) -> tuple[date, date]:
    """The first and the last charge day of a billing period."""
    query = f"SELECT min(charge_day), max(charge_day) FROM rolled WHERE billing_period_start = DATE '{period}'"
    first, last = bill.backend.raw_sql(query).fetchone()
    return first, last


def _as_text(total: ControlTotal) -> dict[str, Any]:
    sums = {cost: None if value is None else plain(value) for cost, value in total.sums.items()}
    return {"billing_currency": total.billing_currency, "rows": total.rows, **sums}


def _tie(session: Session, table: str, handed_over: Sequence[ControlTotal]) -> None:
    """Raises DoesNotTie unless Postgres adds up to the files, to the last digit."""
    loaded = {total.currency: total for total in loaded_totals(session, table)}
    for total in handed_over:
        found = loaded.pop(str(total.billing_currency), None)
        where = f"{total.billing_period_start:%Y-%m} {total.billing_currency}"
        if found is None or found.rows != total.rows:
            raise DoesNotTie(f"Rows of {where}", handed_over=total.rows, loaded=found.rows if found else 0)
        for cost in COSTS:
            if found.sums[cost] != total.sums[cost]:
                raise DoesNotTie(f"Σ {cost} of {where}", handed_over=total.sums[cost], loaded=found.sums[cost])
    if loaded:
        raise DoesNotTie("Currencies", handed_over="none", loaded=sorted(loaded))


def _swap(session: Session, load: Load, period: date, version: int | None, *, replace_accounts: bool) -> BookedLoad:
    """Puts `load` in the place of the live one, and records what that changed."""
    live = session.scalars(
        select(Load).where(Load.source_id == load.source_id, Load.billing_period_start == period, Load.state == "live")
    ).first()
    if live and not replace_accounts:
        _check_accounts(live, load)
    attach(session, f"charge_p{period:%Y%m}_l{load.id}", load.id, period)
    differences = 0
    if live:
        differences = record_difference(session, before=live.id, after=load.id, policy_version=version)
        live.state, live.superseded_by = "superseded", load.id
        session.execute(update(Load).where(Load.id == live.id).values(superseded_at=now()))
        session.flush()
    load.state = "live"
    session.flush()
    return BookedLoad(
        load_id=load.id,
        period=period,
        rows=load.rows_loaded,
        totals=load.totals,
        replaced=live.id if live else None,
        replaced_totals=live.totals if live else (),
        differences=differences,
    )


def _check_accounts(live: Load, load: Load) -> None:
    gone = sorted(set(live.billing_account_ids) - set(load.billing_account_ids))
    if gone:
        raise Conflict(
            f"The live load of {live.billing_period_start:%Y-%m} holds billing account {', '.join(gone)}, which this"
            f" delivery lacks (it holds {', '.join(load.billing_account_ids) or 'none'}). If it is another bill, ingest"
            " it under a source of its own (--source NAME); if the account really left the bill, add"
            " --replace-accounts."
        )


def _record(session: Session, bill: Bill, delivery: Delivery) -> None:
    totals = [
        _as_text(t) | {"billing_period_start": str(t.billing_period_start), "problem": t.problem} for t in bill.totals
    ]
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id)
        .values(
            state="loaded",
            focus_version=bill.delivery.version,
            rows_in=bill.rows_in,
            rows_quarantined=bill.rows_quarantined,
            control_totals=totals,
            finished_at=now(),
            message=None,
        )
    )
    if bill.quarantined:
        session.execute(
            insert(QuarantinedRow),
            [
                {
                    "delivery_id": delivery.id,
                    "file": row.file,
                    "row_number": row.row_number,
                    "column_name": row.column,
                    "value": row.value,
                    "reason": f"{row.column} cannot be read" if row.value else f"{row.column} is missing",
                    "billed_cost": row.billed_cost,
                    "effective_cost": row.effective_cost,
                }
                for row in bill.quarantined
            ],
        )
    if bill.findings:
        session.execute(
            insert(Finding),
            [
                {
                    "delivery_id": delivery.id,
                    "rule": each.rule,
                    "column_name": each.column,
                    "message": each.message,
                    "rows": each.rows,
                    "example": each.example,
                }
                for each in bill.findings
            ],
        )
