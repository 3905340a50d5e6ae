"""`make bench`, the formats: a CUR 2.0 month, a gzipped CSV, a month that has not changed, and lines of a resource."""

import gzip
import shutil
import time
from pathlib import Path

import duckdb
import numpy as np

from app.actions.ingest import ingest_paths
from app.db.session import read_session
from app.domain.charge import Axis, Metric
from app.domain.period import next_month
from app.domain.viewer import operator
from app.reports.cost_query import CostQuery, Filter, Granularity
from app.reports.line_items import line_items
from bench.bill import write_month
from bench.cur import write_cur_month
from bench.measure import in_process, in_turn
from bench.place import ROOT, Place
from bench.questions import MONTH

GIB = 1024**3
CUR_AIM, CUR_WHOLE_AIM, CSV_AIM, UNCHANGED_AIM_SECONDS, LINES_AIM_SECONDS = 2.5, 3.5, 1.5, 1.0, 1.0
CSV_LINES = 1_000_000


def format_figures(lines: int, pairs: int) -> list[str]:
    """(d) CUR 2.0, (e) CSV.gz, (f) the same month again, (g) the lines of one resource in it."""
    cur = ROOT / f"cur-{lines}"
    write_cur_month(cur, MONTH, rows=lines, resources=min(20_000, lines // 100 // 20 * 20))
    return [*_cur_figures(cur, pairs), *_csv_figures(pairs), _unchanged_figure(cur), _line_figure()]


def _cur_figures(cur: Path, pairs: int) -> list[str]:
    runs: list[dict[str, float]] = []

    def ours() -> float:
        runs.append(in_process("bench.ours", str(cur), "bench_cur", "fresh", "aws-cur"))
        return runs[-1]["live"]

    ratio = in_turn(
        "(d) CUR 2.0 Parquet -> live, its detail written",
        CUR_AIM,
        lambda: in_process("bench.limit", str(cur), "cur")["seconds"],
        ours,
        times=pairs,
    )
    peak = max(run["peak_bytes"] for run in runs)
    whole = min(run["seconds"] for run in runs) / min(pair.limit for pair in ratio.pairs)
    best = min(runs, key=lambda run: run["live"])
    stages = ", ".join(f"{stage} {best[stage]:.1f}" for stage in ("hash", "read", "keys", "copy", "post", "live"))
    met = "met" if whole <= CUR_WHOLE_AIM else "MISSED"
    return [
        str(ratio),
        f"    with the rules of FOCUS judged {whole:.2f}x (aim {CUR_WHOLE_AIM:g}x: {met}); seconds: {stages}",
        f"    peak memory {peak / GIB:.2f} GiB (aim 1.5 GiB: {'met' if peak <= 1.5 * GIB else 'MISSED'})",
    ]


def _csv_figures(pairs: int) -> list[str]:
    file = _packed_csv()
    ratio = in_turn(
        "(e) CSV.gz -> live, with its detail",
        CSV_AIM,
        lambda: in_process("bench.unpacked", str(file))["seconds"],
        lambda: in_process("bench.ours", str(file), "bench_gz", "fresh")["live"],
        times=pairs,
    )
    return [str(ratio)]


def _packed_csv() -> Path:
    target = ROOT / f"bill-gz-{CSV_LINES}" / "bill.csv.gz"
    if not target.exists():
        source = ROOT / f"bill-{CSV_LINES}"
        write_month(source, MONTH, rows=CSV_LINES)
        target.parent.mkdir(exist_ok=True)
        plain = target.with_suffix("")
        duckdb.execute(
            f'COPY (SELECT * REPLACE (to_json("Tags") AS "Tags") FROM read_parquet(\'{source}/*.parquet\'))'
            f" TO '{plain}' (FORMAT csv)"
        )
        partial = target.with_suffix(".partial")
        with plain.open("rb") as data, gzip.open(partial, "wb", compresslevel=6) as packed:
            shutil.copyfileobj(data, packed)
        plain.unlink()
        partial.rename(target)
    return target


def _unchanged_figure(cur: Path) -> str:
    place = Place("bench_cur")
    began = time.perf_counter()
    outcome = ingest_paths(place.engine, operator("bench"), place.config, [cur], source_name="bench")
    seconds = time.perf_counter() - began
    assert outcome.unchanged
    met = "met" if seconds <= UNCHANGED_AIM_SECONDS else "MISSED"
    return f"(f) the same month again: {seconds:.2f} s (aim {UNCHANGED_AIM_SECONDS:g} s: {met})"


def _line_figure() -> str:
    """The 95th of a hundred questions for the lines of a resource in the month, as the API answers them."""
    place = Place("bench_cur")
    place.use()
    with read_session(place.engine) as session:
        found = session.connection().exec_driver_sql(
            "SELECT DISTINCT resource_id FROM charge_key WHERE resource_id IS NOT NULL ORDER BY 1 LIMIT 100"
        )
        resources = [str(resource) for (resource,) in found]
    seconds = []
    for resource in resources[:30]:
        only = Filter("resource_id", (resource,))
        query = CostQuery(MONTH, next_month(MONTH), Metric.EFFECTIVE, Axis.BILLING, Granularity.TOTAL, (), (only,))
        began = time.perf_counter()
        with read_session(place.engine) as session:
            assert line_items(session, operator("bench"), query, limit=100, offset=0).items
        seconds.append(time.perf_counter() - began)
    p95 = float(np.percentile(seconds, 95))
    met = "met" if p95 <= LINES_AIM_SECONDS else "MISSED"
    return (
        f"(g) lines of one resource in the month: p50 {float(np.percentile(seconds, 50)):.2f} s, p95 {p95:.2f} s"
        f" (aim {LINES_AIM_SECONDS:g} s: {met})"
    )
