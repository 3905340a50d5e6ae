"""GPU-hours as a driver: measured quantities, kept as a load of their source, so that a closed month can be replayed.

Hourly facts are corrected in place. What a statement rests on must not be: so the quantities that pools were split by
are copied, by day, beside the loads that statements name.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.orm import Session

from app.chargeback.gpu_slices import slices_of
from app.db.load_driver import copy_drivers
from app.db.posted_drivers import swap_load
from app.db.queries.gpu_hours import has_gpu_hours, metered_hours
from app.db.queries.loads import live_load
from app.db.tables import statements as tables
from app.db.tables.bills import Delivery, Load, LoadDelivery
from app.db.tables.charges import Driver
from app.db.tables.statements import Statement
from app.domain.gpu.hour import Owner
from app.domain.gpu.metered import DRIVER, FORMAT, UNIT, content, dimensions, quantities
from app.domain.gpu.settings import GpuPolicy
from app.domain.gpu.workload_team import workload_team
from app.domain.ownership import teams_on
from app.domain.period import Period
from app.domain.policy import Policy
from app.domain.statement import StatementState

Quantity = tuple[date, str, Decimal]


def keep_gpu_hours(session: Session, period: date, policy: Policy | None) -> None:
    """Makes the measured GPU-hours of a billing period live, as the driver `gpu_hours`, where they have changed.

    Only a month that has a bill keeps them: without one there is nothing to share. The caller holds `lock_posting`.
    """
    month = Period.month_of(period)
    if not _has_bill(session, period):
        return
    kept = _kept(session, period)
    if not kept and not has_gpu_hours(session, month):
        return
    by_source: defaultdict[int, list[tuple[date, str, Fraction]]] = defaultdict(list)
    teams = WorkloadTeams(policy)
    for metered in metered_hours(session, month, slices_of):
        said = dimensions(metered, teams.team(metered.owner, metered.day))
        by_source[metered.source_id].append((metered.day, said, metered.hours))
    for source_id in sorted(kept | by_source.keys()):
        _keep(session, source_id, period, quantities(by_source.get(source_id, ())))


class WorkloadTeams:
    """The team of each workload on a day by a policy, worked out once."""

    def __init__(self, policy: Policy | None) -> None:
        self._policy = policy or Policy("")
        self._gpu = self._policy.gpu or GpuPolicy()
        self._on_day = lru_cache(self._teams_on)
        self._team = lru_cache(maxsize=None)(self._team_on)

    def team(self, owner: Owner | None, day: date) -> str | None:
        """The team of an owner on `day`; None if it is nobody's."""
        return None if owner is None else self._team(owner, day)

    def _team_on(self, owner: Owner, day: date) -> str | None:
        return workload_team(owner, self._gpu, self._on_day(day))

    def _teams_on(self, day: date) -> frozenset[str]:
        return frozenset(team.id for team in teams_on(self._policy.teams, day))


def _has_bill(session: Session, period: date) -> bool:
    of_bill = (Load.billing_period_start == period, Load.state == "live", func.jsonb_array_length(Load.totals) > 0)
    return session.scalars(select(Load.id).where(*of_bill).limit(1)).first() is not None


def _kept(session: Session, period: date) -> set[int]:
    """The sources whose GPU-hours of the period are live."""
    statement = (
        select(Load.source_id)
        .join(Delivery, Delivery.id == Load.delivery_id)
        .where(Load.billing_period_start == period, Load.state == "live", Delivery.format == FORMAT)
    )
    return set(session.scalars(statement))


def _keep(session: Session, source_id: int, period: date, rows: list[Quantity]) -> None:
    sha256 = hashlib.sha256(content(rows)).hexdigest()
    live = live_load(session, source_id, period)
    delivery = session.get_one(Delivery, live.delivery_id) if live else None
    if delivery and delivery.sha256 == sha256:
        return
    if live and delivery and delivery.format == FORMAT and not _is_referred_to(session, live.id):
        session.execute(delete(Driver).where(Driver.load_id == live.id))
        delivery.sha256, delivery.rows_in = sha256, len(rows)
        _fill(session, live, rows)
        return
    load = _new_load(session, source_id, period, sha256, len(rows))
    _fill(session, load, rows)
    swap_load(session, live, load)


def _is_referred_to(session: Session, load_id: int) -> bool:
    """Whether a statement that was issued or closed rests on a load, itself or by what it adjusts.

    A draft does not hold on to it: posting draws it anew.
    """
    line = tables.StatementLine
    causes = line.causes["loads"]
    adjusts = exists().where(
        line.statement_id == Statement.id,
        or_(*(causes[side].contains(json.loads(f"[{load_id}]")) for side in ("before", "after"))),
    )
    statement = select(Statement.id).where(
        Statement.state != StatementState.DRAFT.value, or_(Statement.loads.contains([load_id]), adjusts)
    )
    return session.scalars(statement.limit(1)).first() is not None


def _new_load(session: Session, source_id: int, period: date, sha256: str, rows: int) -> Load:
    delivery = Delivery(
        source_id=source_id,
        sha256=sha256,
        format=FORMAT,
        files=[],
        rows_in=rows,
        state="loaded",
        message=f"GPU-hours of {period:%Y-%m}, as measured",
        finished_at=func.now(),
    )
    session.add(delivery)
    session.flush()
    load = Load(
        source_id=source_id,
        delivery_id=delivery.id,
        billing_period_start=period,
        state="superseded",  # until the one before is
        rows_loaded=0,
        totals=[],
        first_charge_day=period,
        last_charge_day=period,
        billing_account_ids=[],
    )
    session.add(load)
    session.flush()
    session.add(LoadDelivery(load_id=load.id, delivery_id=delivery.id))
    session.flush()
    return load


def _fill(session: Session, load: Load, rows: Iterable[Quantity]) -> None:
    copy_drivers(session, load.id, ((day, DRIVER, UNIT, None, said, quantity) for day, said, quantity in rows))
