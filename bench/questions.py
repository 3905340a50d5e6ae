"""The dashboard's five typical questions over twelve months, on roll-ups and on the facts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from sqlalchemy import text

from app.actions.ingest import ingest_paths
from app.chargeback.posting import lock_posting, post
from app.db.load import attach, create_load_table, index_charges
from app.db.queries import cubes
from app.db.session import read_session, write_session
from app.domain.period import months_back, next_month
from app.domain.viewer import operator
from app.reports.cost_query import CostQuery, Filter, Granularity
from app.reports.costs import costs
from bench.place import Place

MONTH = date(2026, 10, 1)
TEAM = Filter("team", ("team-7",))
YEAR = CostQuery(months_back(MONTH, 11), next_month(MONTH))
QUESTIONS = {
    "team x service, one month": CostQuery(MONTH, next_month(MONTH), group_by=("team", "service_name")),
    "92-day trend of a team": CostQuery(
        date(2026, 8, 1), next_month(MONTH), granularity=Granularity.DAY, filters=(TEAM,)
    ),
    "resources of a team, one month": CostQuery(
        MONTH, next_month(MONTH), group_by=("resource_id",), granularity=Granularity.TOTAL, filters=(TEAM,)
    ),
    "month over month, team x service": CostQuery(
        months_back(MONTH, 1), next_month(MONTH), group_by=("team", "service_name")
    ),
    "twelve months by service": CostQuery(YEAR.start, YEAR.end, group_by=("service_name",)),
}


class Timing(NamedTuple):
    """Milliseconds of an answer."""

    p50: float
    p95: float


def twelve_months(folder: Path) -> Place:
    """A Trueup with the generated month ingested, and eleven copies of its load posted as the months before."""
    place = Place("bench_year").make()
    ingest_paths(place.engine, operator("bench"), place.config, [folder], source_name="bench")
    for count in range(1, 12):
        _copy_load(place, months_back(MONTH, count))
    with place.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    return place


def _copy_load(place: Place, month: date) -> None:
    """The load of MONTH once more, moved to `month`; days that it lacks fall on its last."""
    with write_session(place.engine) as session:
        first = session.execute(text("SELECT id, source_id, delivery_id FROM load ORDER BY id LIMIT 1")).one()
        load_id = session.scalar(
            text(
                "INSERT INTO load (source_id, delivery_id, billing_period_start, rows_loaded, first_charge_day,"
                " last_charge_day, totals, billing_account_ids) SELECT source_id, delivery_id, :month, rows_loaded,"
                " :month, CAST(:end AS date) - 1, totals, billing_account_ids FROM load WHERE id = :id RETURNING id"
            ),
            {"month": month, "end": next_month(month), "id": first.id},
        )
        assert isinstance(load_id, int)
        table = create_load_table(session, load_id, month)
        columns = "charge_key_id, row_count, billed_cost, effective_cost, list_cost, contracted_cost"
        session.execute(
            text(
                f"INSERT INTO {table} (billing_period_start, load_id, charge_day, {columns}) SELECT :month, :load,"
                f" least(CAST(:month AS date) + (charge_day - CAST(:first AS date)), CAST(:end AS date) - 1), {columns}"
                " FROM charge WHERE load_id = :id AND billing_period_start = :first"
            ),
            {"month": month, "load": load_id, "first": MONTH, "end": next_month(month), "id": first.id},
        )
        index_charges(session, table)
        lock_posting(session)
        attach(session, table, load_id, month)
        post(session, [month])


@contextmanager
def facts_only() -> Iterator[None]:
    """Answers every question from the facts, as if there were no roll-ups."""
    kept = cubes.CUBES
    cubes.CUBES = ()  # type: ignore[assignment]
    try:
        yield
    finally:
        cubes.CUBES = kept


def timing(place: Place, question: CostQuery, *, times: int) -> Timing:
    """How long the report takes, in one connection, warm."""
    taken = []
    with read_session(place.engine) as session:
        costs(session, operator("bench"), question)
        for _ in range(times):
            began = time.perf_counter()
            costs(session, operator("bench"), question)
            taken.append((time.perf_counter() - began) * 1000)
    return Timing(median(taken), quantiles(taken, n=20)[-1])
