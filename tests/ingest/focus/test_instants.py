"""An instant reads the same whichever way it is looked at: the usual spellings at one glance, the others with care."""

import itertools
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from app.settings import Settings
from ingest.engine.duckdb import engine, rows_of
from ingest.focus.cells import instant, present, unusual_instant

DAYS = ("1999-12-31", "2000-01-01", "2026-02-28", "2026-02-30", "2189-12-31", "2199-12-31", "2200-01-01", "2026-1-1")
TIMES = ("", "T00:00:00Z", " 23:59:59", "T12:30:00", "T12:30", " 00:00:00.5", "T24:00:00", "T25:00:00", "T12:30:61Z")
ZONES = ("", "Z", " UTC", "+00:00", "+02:00", " ")
OTHERS = ("1/2/26", " 01/02/2026", "13/13/2026", "epoch", "infinity", "20260101", "x", "", "NULL", None)


def test_the_usual_spellings_are_no_special_case(tmp_path: Path) -> None:
    texts = [*map("".join, itertools.product(DAYS, TIMES, ZONES)), *OTHERS]
    pq.write_table(pa.table({"written": pa.array(texts, pa.string())}), tmp_path / "texts.parquet")
    with engine(Settings(data_dir=tmp_path, threads=1), tmp_path) as backend:
        table = backend.read_parquet(str(tmp_path / "texts.parquet"))
        careful = unusual_instant(present(table.written))
        rows = rows_of(table.select("written", quick=instant(table.written), careful=careful))
    assert [row["quick"] for row in rows] == [row["careful"] for row in rows]
    assert sum(row["quick"] is not None for row in rows) > 100
