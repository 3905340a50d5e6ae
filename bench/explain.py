"""`python -m bench.explain`: how long explaining a figure takes, against the limit of a second.

Prints figures; it fails only if something breaks, because machines are noisy. `--lines` makes a larger bill: the limit
is meant for ten million a month. `--times` says how often each figure is explained.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from statistics import median, quantiles

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.actions.ingest import ingest_paths
from app.db.session import read_session
from app.domain.figure import Figure
from app.domain.period import Period
from app.domain.viewer import operator
from app.reports.cost_query import CostQuery, Filter
from app.reports.explain import explain
from app.reports.explain_rows import source_rows
from app.reports.figure_ground import Asked, CostFigure
from bench.bill import RESOURCES, write_month
from bench.measure import ForeignLoad
from bench.place import ROOT, Place
from bench.questions import MONTH

LIMIT = 1.0  # seconds, for 95 of 100
MONTH_PERIOD = Period.month_of(MONTH)
_DAYS = CostQuery(MONTH.replace(day=5), MONTH.replace(day=6), filters=(Filter("service_name", ("Service 7",)),))
FIGURES: Mapping[str, Asked] = {
    "the month's total": Figure(MONTH_PERIOD, {}),
    "a team": Figure(MONTH_PERIOD, {"team": "team-7"}),
    "a team's part of a pool": Figure(MONTH_PERIOD, {"team": "team-7", "pool": "shared"}),
    "a team × service": Figure(MONTH_PERIOD, {"team": "team-7", "service_name": "Service 7"}),
    "the unallocated": Figure(MONTH_PERIOD, {"team": None}),
    "a service on a day": CostFigure(_DAYS, "USD"),
}
_KEYS = 5  # charge keys whose rows are read


def main() -> None:
    """Ingests a generated month unless it is there, then explains each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    place = ingested(options.lines)
    load = ForeignLoad()
    with read_session(place.engine) as session:
        for name, asked in FIGURES.items():
            print(figure_line(session, name, asked, options.times), flush=True)
        print(rows_line(session, options.times), flush=True)
    print(f"    {options.lines:,} lines a month; {load}")


def ingested(lines: int) -> Place:
    """A Trueup with the month of `lines` lines, made anew."""
    folder = ROOT / f"bill-{lines}"
    write_month(folder, MONTH, rows=lines, resources=min(RESOURCES, lines // 100))
    place = Place("bench_explain").make()
    place.use()
    ingest_paths(place.engine, operator("bench"), place.config, [folder], source_name="bench")
    with place.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    return place


def figure_line(session: Session, name: str, asked: Asked, times: int) -> str:
    """How long explaining a figure takes, its first page of leaves with it."""
    leaves = explain(session, operator("bench"), asked).leaf_count
    return f"{name} ({leaves:,} leaves): {_timed(lambda _: explain(session, operator('bench'), asked), times)}"


def rows_line(session: Session, times: int) -> str:
    """How long reading the rows of a leaf takes: the files are the archived bill."""
    asked = FIGURES["a team"]
    leaves = explain(session, operator("bench"), asked).leaves[:_KEYS]
    source_rows(session, operator("bench"), asked, leaves[0].charge_key)  # imports DuckDB, Arrow and pandas

    def read(count: int) -> object:
        return source_rows(session, operator("bench"), asked, leaves[count % len(leaves)].charge_key)

    return f"the rows of a leaf ({leaves[0].row_count:,} of them): {_timed(read, times)}"


def _timed(run: Callable[[int], object], times: int) -> str:
    taken = []
    for count in range(times):
        began = time.perf_counter()
        run(count)
        taken.append(time.perf_counter() - began)
    p95 = quantiles(taken, n=20)[-1]
    met = "met" if p95 <= LIMIT else "MISSED"
    return f"p50 {median(taken) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms (limit {LIMIT * 1000:.0f} ms: {met})"


if __name__ == "__main__":
    main()
