"""A Trueup with a database and an archive of its own, and what tests ask of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select, text

from app.actions.ingest import ingest_paths
from app.actions.policy import apply_policy
from app.db.queries.dataset import dataset_version
from app.db.session import read_session, write_session
from app.db.tables.base import Base
from app.db.tables.bills import Delivery, Load, LoadDifference, QuarantinedRow
from app.domain.charge import Axis, Metric
from app.domain.viewer import operator
from app.reports.cost_query import CostQuery, Filter, Granularity
from app.reports.costs import costs
from app.reports.line_items import LineItemReport, line_items
from app.settings import Settings
from ingest.pipeline import Outcome

EVER = (date(2000, 1, 1), date(2100, 1, 1))
Amounts = dict[Any, Decimal | None]


@dataclass(frozen=True)
class Trueup:
    """Ingests bills and answers in plain values."""

    engine: Engine
    config: Settings

    def ingest(self, *paths: Path, source: str = "aws", **options: Any) -> Outcome:
        return ingest_paths(self.engine, operator(), self.config, paths, source_name=source, **options)

    def policy(self, document: str) -> None:
        with write_session(self.engine) as session:
            apply_policy(session, operator(), document)

    def costs(
        self,
        *group_by: str,
        metric: Metric = Metric.BILLED,
        axis: Axis = Axis.BILLING,
        granularity: Granularity = Granularity.TOTAL,
        filters: Sequence[str] = (),
        span: tuple[date, date] = EVER,
    ) -> dict[str, Amounts]:
        """The amounts by currency, and by key: the bucket, if there are buckets, and what it is grouped by."""
        query = _query(group_by, metric, axis, granularity, filters, span)
        with read_session(self.engine) as session:
            report = costs(session, operator(), query)
        buckets = granularity is not Granularity.TOTAL
        return {
            block.currency: {
                _key((str(row.period_start), *row.keys) if buckets else row.keys): row.amount for row in block.rows
            }
            for block in report.blocks
        }

    def total(self, metric: Metric = Metric.BILLED, *, currency: str = "USD", **question: Any) -> Decimal | None:
        return self.costs(metric=metric, **question).get(currency, {}).get(())

    def rows_without_value(self, metric: Metric, *, currency: str = "USD") -> int:
        query = _query((), metric, Axis.BILLING, Granularity.TOTAL, (), EVER)
        with read_session(self.engine) as session:
            blocks = costs(session, operator(), query).blocks
        return next(block.rows_without_value for block in blocks if block.currency == currency)

    def lines(
        self, *, metric: Metric = Metric.BILLED, axis: Axis = Axis.BILLING, filters: Sequence[str] = (), **page: int
    ) -> LineItemReport:
        query = _query((), metric, axis, Granularity.TOTAL, filters, EVER)
        with read_session(self.engine) as session:
            return line_items(session, operator(), query, **page)

    def version(self) -> int:
        with read_session(self.engine) as session:
            return dataset_version(session)

    def deliveries(self, source: str = "aws") -> list[tuple[str, str | None]]:
        """State and message of each delivery of a source, oldest first."""
        query = text(
            "SELECT state, message FROM delivery JOIN source ON source.id = source_id WHERE source.name = :source"
            " ORDER BY delivery.id"
        )
        with read_session(self.engine) as session:
            return [(state, message) for state, message in session.execute(query, {"source": source})]

    def live(self) -> list[tuple[str, int]]:
        """Billing period and rows of each live load."""
        return [
            (f"{each.billing_period_start:%Y-%m}", each.rows_loaded) for each in self.all(Load) if each.state == "live"
        ]

    def differences(self, load_id: int) -> list[tuple[str | None, str | None, Decimal, Decimal]]:
        """Team, service, billed cost before and after of what a load changed."""
        return [
            (each.team_id or each.pool_id, each.service_name, each.billed_cost_before, each.billed_cost_after)
            for each in self.all(LoadDifference)
            if each.load_id == load_id
        ]

    def quarantined(self) -> list[tuple[str, int, str, str | None]]:
        """File, row, column and value of the rows that could not be booked."""
        return [(each.file, each.row_number, each.column_name, each.value) for each in self.all(QuarantinedRow)]

    def all(self, table: type[Base]) -> list[Any]:
        """Every row of a table, by its primary key."""
        with read_session(self.engine) as session:
            found = list(session.scalars(select(table).order_by(*table.__table__.primary_key)))
            session.expunge_all()
            return found

    def scalar(self, query: str, **values: Any) -> Any:
        with read_session(self.engine) as session:
            return session.scalar(text(query), values)

    def figures(self) -> Mapping[str, Any]:
        """All that must stay as it was when a delivery is refused."""
        charges = "SELECT count(*)::text || ' ' || coalesce(sum(billed_cost), 0) FROM charge"
        return {
            "version": self.version(),
            "live": self.live(),
            "billed": self.costs("service_name", granularity=Granularity.MONTH),
            "effective": self.costs(metric=Metric.EFFECTIVE, axis=Axis.CHARGE, granularity=Granularity.DAY),
            "charges": self.scalar(charges),
        }


def _query(  # noqa: PLR0917  (as `CostQuery` has them)
    group_by: tuple[str, ...],
    metric: Metric,
    axis: Axis,
    granularity: Granularity,
    filters: Sequence[str],
    span: tuple[date, date],
) -> CostQuery:
    start, end = span
    return CostQuery(start, end, metric, axis, granularity, group_by, tuple(map(Filter.parse, filters)))


def _key(parts: tuple[str | None, ...]) -> Any:
    return parts[0] if len(parts) == 1 else parts


def last_delivery(trueup: Trueup) -> Delivery:
    """The delivery that was handed over last."""
    found: Delivery = trueup.all(Delivery)[-1]
    return found
