"""Figures that tests stand on, written straight into the tables that reports read."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, insert, text, update
from sqlalchemy.orm import Session

from app.db.load import attach, create_load_table
from app.db.tables.base import Base
from app.db.tables.bills import Delivery, Load, Source
from app.db.tables.charges import Charge, ChargeKey
from app.db.tables.policy import PolicyVersion, PoolShare, Team
from app.db.tables.rollups import DailyCost, MonthlyCost, MonthlyResourceCost

POLICY = """
name: house rules
statement_metric: {metric}
pools:
  - {{id: platform, name: Platform, split: even}}
"""


def a_team(team_id: str, **fields: Any) -> dict[str, Any]:
    """A team whose name is its id, capitalised."""
    return {"team_id": team_id, "name": team_id.title(), **fields}


class Books:
    """Writes charges as posting would: facts, and every roll-up that holds them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._loads: dict[date, int] = {}
        self._policy: int | None = None
        self._source: int | None = None
        self._keys = 0

    def policy(self, *teams: dict[str, Any], statement_metric: str = "effective_cost") -> None:
        """Puts `teams` and one pool, the platform, in force."""
        policy = PolicyVersion(
            name="house rules",
            document=POLICY.format(metric=statement_metric),
            sha256="",
            statement_metric=statement_metric,
            applied_by="test",
        )
        self.session.add(policy)
        self.session.flush()
        for team in teams:
            self.session.execute(insert(Team).values(policy_version_id=policy.id, **team))
        self._policy = policy.id

    def share(self, period: date, pool_id: str, *, currency: str = "USD", **shares: str) -> None:
        for team_id, share in shares.items():
            self.session.add(
                PoolShare(
                    billing_period_start=period,
                    billing_currency=currency,
                    pool_id=pool_id,
                    team_id=team_id,
                    share=Decimal(share),
                )
            )
        self.session.flush()

    def charge(
        self,
        day: date,
        cost: str | None,
        *,
        team: str | None = None,
        pool: str | None = None,
        currency: str = "USD",
        period: date | None = None,
        metric: str = "effective_cost",
        tags: dict[str, str] | None = None,
        **dimensions: str,
    ) -> None:
        assert self._policy is not None, "apply a policy first"
        start = period or day.replace(day=1)
        amounts = {metric: None if cost is None else Decimal(cost), f"{metric}_missing": 1 if cost is None else None}
        self._keys += 1
        key = self.session.scalars(
            insert(ChargeKey).returning(ChargeKey.id),
            [
                {
                    "digest": self._keys.to_bytes(8, "big"),
                    "tags": tags or {},
                    "extras": {},
                    "billing_currency": currency,
                    **dimensions,
                }
            ],
        ).one()
        self.session.execute(
            text("INSERT INTO assignment VALUES (:policy, :key, '-infinity', 'infinity', NULL, :team, :pool)"),
            {"policy": self._policy, "key": key, "team": team, "pool": pool},
        )
        self._insert(
            Charge,
            billing_period_start=start,
            load_id=self._load(start),
            charge_day=day,
            charge_key_id=key,
            row_count=1,
            **amounts,
        )
        of_roll_up = {"billing_period_start": start, "team_id": team, "pool_id": pool, "billing_currency": currency}
        for table, time in (
            (DailyCost, {"charge_day": day}),
            (MonthlyCost, {"charge_month": day.replace(day=1)}),
            (MonthlyResourceCost, {"charge_month": day.replace(day=1)}),
        ):
            kept = {name: value for name, value in dimensions.items() if name in table.__table__.c}
            self._insert(table, **time, **of_roll_up, row_count=1, **amounts, **kept)

    def _insert(self, table: type[Base], **values: Any) -> None:
        self.session.execute(insert(table.__table__).values(**values))  # type: ignore[arg-type]

    def supersede(self, period: date) -> None:
        """Ends the live load of `period`, as a restated bill does, and empties its roll-ups."""
        self.session.execute(update(Load).where(Load.id == self._loads.pop(period)).values(state="superseded"))
        for table in (DailyCost, MonthlyCost, MonthlyResourceCost):
            self.session.execute(delete(table).where(table.billing_period_start == period))

    def _load(self, period: date) -> int:
        if period not in self._loads:
            self._loads[period] = self.load(period)
        return self._loads[period]

    def load(self, period: date, *, state: str = "live", **values: Any) -> int:
        if self._source is None:
            source = Source(name="aws", kind="focus", config={})
            self.session.add(source)
            self.session.flush()
            self._source = source.id
        delivery = Delivery(source_id=self._source, sha256="", format="focus", files=[], state="loaded")
        self.session.add(delivery)
        self.session.flush()
        load = Load(
            source_id=self._source,
            delivery_id=delivery.id,
            billing_period_start=period,
            state=state,
            rows_loaded=1,
            first_charge_day=date(2000, 1, 1),
            last_charge_day=date(2100, 1, 1),
            billing_account_ids=[],
            **{"totals": [], **values},
        )
        self.session.add(load)
        self.session.flush()
        attach(self.session, create_load_table(self.session, load.id, period), load.id, period)
        return load.id
