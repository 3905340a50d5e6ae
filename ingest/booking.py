"""Booking: a bill into Postgres and live, in one transaction.

Whatever goes wrong before the commit, the live loads stay as they were.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import now

from app.chargeback.policies import assign_new_keys, policy_in_force
from app.chargeback.posting import lock_posting, post
from app.chargeback.restatement import record_difference
from app.db.findings import replace_findings
from app.db.gpu_prices import carry_prices, untied_price
from app.db.invoices import record_invoices
from app.db.load import (
    LoadedTotals,
    attach,
    billing_accounts,
    copy_charges,
    create_load_table,
    index_charges,
    loaded_totals,
    sum_by_currency,
    upsert_keys,
)
from app.db.load_addition import carry_charges, carry_deliveries, carry_drivers
from app.db.load_driver import copy_drivers, count_drivers
from app.db.queries.gpu_prices import moves_gpu_prices
from app.db.queries.loads import Overlap, accepted, live_load, overlapping
from app.db.tables.bills import Delivery, Load, LoadDelivery, QuarantinedRow
from app.domain.charge import COSTS
from app.domain.money import plain
from app.errors import BadInput, Conflict
from ingest.bill import Bill, ControlTotal, charges, map_keys
from ingest.files import Progress
from ingest.gpu_prices import find_gpu_charges, keep_gpu_prices


@dataclass(frozen=True)
class Terms:
    """On what terms a delivery is booked."""

    adds: bool = False  # it comes on top of what is live (FOCUS 1.4: Append with Delta or Ledger)
    estimates: bool = False  # it is no bill: it is never live beside a source that bills the same account
    replace_accounts: bool = False  # billing accounts that it lacks may leave the live load
    allow_overlap: bool = False  # another source may bill the same account in the same period
    billed_elsewhere: bool = False  # its cost is on another source's bill: it may not add to charges


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
    drivers: int = 0  # rows of daily quantities
    counted_in: str | None = None  # the source that bills this account, where this load is only a cross-check


class DoesNotTie(BadInput):
    """What Postgres holds differs from what the files say; nothing was booked."""

    def __init__(self, what: str, *, handed_over: object, loaded: object) -> None:
        super().__init__(
            f"{what}: the files say {handed_over}, the load holds {loaded}. Nothing was booked."
            " This is a fault in Trueup; please report it with the delivery."
        )
        self.handed_over, self.loaded = handed_over, loaded


class CountedTwice(Conflict):
    """Another source bills the same account in the same period."""

    def __init__(self, load: Load, other: Overlap) -> None:
        super().__init__(
            f"The source {other.source} bills account {', '.join(other.billing_account_ids)} in"
            f" {load.billing_period_start:%Y-%m} already, so the cost would count twice. Feed one source only; if the"
            " two bills really hold different charges, add --allow-overlap (`trueup sources set` makes it last)."
        )
        self.source, self.billing_account_ids = other.source, other.billing_account_ids


def book(
    session: Session, bill: Bill, delivery: Delivery, progress: Progress, *, key_map: Path, terms: Terms
) -> list[BookedLoad]:
    """Books every billing period of `bill` and makes it live in place of what the source had there.

    The charge keys of its lines go to the Parquet file `key_map`. Raises Conflict when the same cost would count twice.
    """
    keys = {line.key.digest: line.key for line in bill.lines}
    ids = upsert_keys(session, ((k.digest, k.values, k.tags, k.extras) for k in keys.values()))
    map_keys(bill, ids, key_map)
    gpu_keys = find_gpu_charges(bill, ids)
    progress("keys", len(keys))
    staged = [_stage(session, bill, period, delivery, gpu_keys, progress, terms=terms) for period in bill.periods]
    lock_posting(session)
    applied = policy_in_force(session)
    if applied:
        assign_new_keys(session, applied)
    version = applied.version if applied else None
    booked = [_swap(session, load, version, terms) for load in staged]
    post(session, bill.periods, gpus=moves_gpu_prices(session, [load.load_id for load in booked]))
    progress("post", len(booked))
    _record(session, bill, delivery)
    return booked


def _stage(  # noqa: PLR0917  (what a load is made of, in order)
    session: Session,
    bill: Bill,
    period: date,
    delivery: Delivery,
    gpu_keys: Collection[int],
    progress: Progress,
    *,
    terms: Terms,
) -> Load:
    """A load with its charges in a table of its own, tied to the control totals, superseding nothing yet."""
    handed_over = [total for total in bill.booked if total.billing_period_start == period]
    first_day, last_day = bill.days(period)
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
    session.add(LoadDelivery(load_id=load.id, delivery_id=delivery.id))
    table = create_load_table(session, load.id, period)
    with charges(bill, period) as rows:
        copy_charges(session, table, rows)
    copy_drivers(session, load.id, bill.drivers.get(period, ()))
    _tie(session, table, handed_over)
    if gpu_keys:
        keep_gpu_prices(session, bill, load)
        _tie_prices(session, load, table, gpu_keys)
    earlier = live_load(session, delivery.source_id, period) if terms.adds else None
    if earlier:
        _check_adding(earlier, terms)
        _add_to(session, earlier, load, table)
    index_charges(session, table)
    load.billing_account_ids = billing_accounts(session, table)
    progress("copy", load.rows_loaded)
    return load


def _check_adding(earlier: Load, terms: Terms) -> None:
    if terms.billed_elsewhere and earlier.totals:
        raise Conflict(
            f"The live load of {earlier.billing_period_start:%Y-%m} holds charges, and this delivery would add to them"
            " although its source is set to be billed elsewhere. Replace the month once: `trueup sources set NAME"
            " --delivery-handling Overwrite`, ingest all of it, and set Append again."
        )


def _add_to(session: Session, earlier: Load, load: Load, table: str) -> None:
    """Makes `load` hold the rows of `earlier` too, tied again to what both were said to hold."""
    parts = [LoadedTotals(**_from_text(each)) for each in (*earlier.totals, *load.totals)]
    if earlier.totals:  # a load of posted quantities has no table of charges
        carry_charges(session, before=earlier, table=table)
    carry_drivers(session, before=earlier.id, after=load.id)
    carry_deliveries(session, before=earlier.id, after=load.id)
    carry_prices(session, before=earlier.id, after=load.id)
    together = sum_by_currency(parts)
    found = {each.currency: each for each in loaded_totals(session, table)}
    if found != together:
        raise DoesNotTie(f"{load.billing_period_start:%Y-%m} with what was there", handed_over=together, loaded=found)
    load.rows_loaded += earlier.rows_loaded
    load.totals = [
        {"billing_currency": currency, "rows": each.rows, **_sums_as_text(each.sums)}
        for currency, each in sorted(found.items())
    ]
    load.first_charge_day = min(load.first_charge_day, earlier.first_charge_day)
    load.last_charge_day = max(load.last_charge_day, earlier.last_charge_day)


def _as_text(total: ControlTotal) -> dict[str, Any]:
    return {"billing_currency": total.billing_currency, "rows": total.rows, **_sums_as_text(total.sums)}


def _sums_as_text(sums: Mapping[str, Decimal | None]) -> dict[str, str | None]:
    return {cost: None if value is None else plain(value) for cost, value in sums.items()}


def _from_text(total: Mapping[str, Any]) -> dict[str, Any]:
    sums = {cost: None if total[cost] is None else Decimal(total[cost]) for cost in COSTS}
    return {"currency": total["billing_currency"], "rows": total["rows"], "sums": sums}


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


def _tie_prices(session: Session, load: Load, table: str, gpu_keys: Collection[int]) -> None:
    """Raises DoesNotTie unless the prices of GPUs add up to their charges, to the last digit."""
    if found := untied_price(session, load.id, table, gpu_keys):
        day, charged, priced = found
        raise DoesNotTie(f"Σ effective_cost of a GPU's charges on {day}", handed_over=charged, loaded=priced)


def _swap(session: Session, load: Load, version: int | None, terms: Terms) -> BookedLoad:
    """Puts `load` in the place of the live one, and records what that changed."""
    period = load.billing_period_start
    live = live_load(session, load.source_id, period)
    if live and not terms.replace_accounts:
        _check_accounts(live, load)
    attach(session, f"charge_p{period:%Y%m}_l{load.id}", load.id, period)
    overlap = overlapping(session, load)
    billing = next((each for each in overlap if not each.estimates), None)
    differences = 0
    if billing and terms.estimates:
        load.superseded_by = billing.load_id
    else:
        if billing and not terms.allow_overlap and not (live and billing.load_id in accepted(session, live)):
            raise CountedTwice(load, billing)
        # A bill takes the place of the estimates of the same account, whichever source they came from.
        gone = [*([live.id] if live else []), *(each.load_id for each in overlap if each.estimates)]
        if gone:
            differences = record_difference(session, before=gone, after=load.id, policy_version=version)
            replaced = {"state": "superseded", "superseded_by": load.id, "superseded_at": now()}
            session.execute(update(Load).where(Load.id.in_(gone)).values(replaced))
            session.flush()  # one load is live at a time
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
        drivers=count_drivers(session, load.id),
        counted_in=billing.source if billing and terms.estimates else None,
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
            format_version=bill.delivery.version,
            rows_in=bill.rows_in,
            rows_quarantined=bill.rows_quarantined,
            control_totals=totals,
            finished_at=now(),
            message=None,
        )
    )
    record_invoices(session, bill.delivery.invoices, delivery.id)
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
    replace_findings(session, delivery.id, bill.delivery.notes)
