"""A full disk refuses the delivery, says what is full and what to do, and leaves the figures and no half files."""

from collections.abc import Callable
from errno import EDQUOT, ENOSPC
from pathlib import Path

import duckdb
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.errors import BadInput
from app.settings import Settings
from ingest.disk import FullDisk, full_disk
from tests.ingest.bills import focus_row, write_csv, write_parquet
from tests.ingest.filling import FULL, ingest_on_a_full_disk
from tests.trueup import Trueup

ROWS = [focus_row(f"{number}", ResourceId=f"i-{number}") for number in range(300)]


def a_csv(folder: Path) -> Path:
    return write_csv(folder / "new.csv", ROWS)


def a_gzip(folder: Path) -> Path:
    return write_csv(folder / "new.csv.gz", ROWS)


def a_parquet(folder: Path) -> Path:
    return write_parquet(folder / "new.parquet", ROWS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("full_from", "bill"),
    [
        ("hash", a_csv),  # staging: DuckDB rewrites it
        pytest.param("hash", a_gzip, marks=pytest.mark.long),  # staging: it is unpacked
        pytest.param("read", a_csv, marks=pytest.mark.long),  # the copy in the archive
        pytest.param("read", a_parquet, marks=pytest.mark.long),
        pytest.param("keys", a_csv, marks=pytest.mark.long),  # the charge keys, as DuckDB writes them
        ("post", a_csv),  # the detail beside the archive
    ],
    ids=["staging", "unpacking", "archive of CSV", "archive of Parquet", "keys", "detail"],
)
def test_a_disk_that_fills_up_refuses_the_delivery_and_leaves_no_half_files(
    trueup: Trueup, tmp_path: Path, full_from: str, bill: Callable[[Path], Path]
) -> None:
    trueup.ingest(write_csv(tmp_path / "old.csv", [focus_row("11")]))
    before, lines = trueup.figures(), trueup.lines().totals
    new = bill(tmp_path)

    assert ingest_on_a_full_disk(full_from, trueup.config, new) == FULL

    assert (trueup.figures(), trueup.lines().totals) == (before, lines)
    state, message = trueup.deliveries()[-1]
    assert state == "refused"
    assert message == (
        f"{trueup.config.data_dir} is full: a file there may not grow any further (`ulimit -f`)."
        " Nothing was booked, the figures are as they were. Make room there, or point TRUEUP_DATA_DIR at a folder with"
        " more room and copy the archive to it, then run this again."
    )
    assert not list(trueup.config.data_dir.rglob("*.partial"))
    assert not list(trueup.config.temp_dir.iterdir())
    for copy in trueup.config.archive_dir.rglob(new.name):
        assert copy.read_bytes() == new.read_bytes()

    trueup.ingest(new)
    assert trueup.total() == sum(range(300))
    assert trueup.lines().totals == {"USD": sum(range(300))}


def test_a_database_without_room_refuses_the_delivery(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "old.csv", [focus_row("11")]))
    before = trueup.figures()
    with trueup.engine.begin() as connection:  # PostgreSQL's own error, by its code
        connection.execute(
            text(
                "CREATE FUNCTION too_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
            )
        )
        connection.execute(text("CREATE TRIGGER too_full BEFORE INSERT ON daily_cost EXECUTE FUNCTION too_full()"))
    with pytest.raises(FullDisk, match=r"The database's disk is full \(could not extend file\)\. .* Make room where"):
        trueup.ingest(a_csv(tmp_path))
    with trueup.engine.begin() as connection:
        connection.execute(text("DROP FUNCTION too_full CASCADE"))
    assert trueup.figures() == before
    assert trueup.deliveries()[-1][0] == "refused"


def test_a_database_too_full_to_put_that_on_record_says_so_all_the_same(
    trueup: Trueup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        cause = psycopg.errors.DiskFull("could not extend file")
        raise OperationalError("UPDATE delivery", {}, cause) from cause

    monkeypatch.setattr("ingest.pipeline.write_detail", full)
    monkeypatch.setattr("ingest.attempt.finish", full)
    with pytest.raises(FullDisk, match="The database's disk is full"):
        trueup.ingest(a_csv(tmp_path))
    assert [state for state, _ in trueup.deliveries()] == ["received"]
    monkeypatch.undo()
    trueup.ingest(a_csv(tmp_path))
    assert [state for state, _ in trueup.deliveries()] == ["refused", "loaded"]


DATA = Path("/data")
CONFIG = Settings(data_dir=DATA)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(ENOSPC, "No space left on device"), "/data is full: no space is left"),
        (OSError(EDQUOT, "Disk quota exceeded", "/data/tmp/x"), "/data is full: the quota of this user is used up"),
        (OSError(ENOSPC, "No space left on device", "/mnt/x/y"), "/mnt/x is full"),
        (duckdb.IOException('IO Error: Could not write file "/data/x": No space left on device'), "/data is full"),
        (duckdb.OutOfMemoryException("failed to offload data block of size 1.0 GiB"), "/data is full: no space"),
        (psycopg.errors.DiskFull("x"), r"The database's disk is full .* Make room in /data/postgres"),
    ],
)
def test_a_full_disk_is_known_by_whoever_meets_it(error: Exception, said: str) -> None:
    with pytest.raises(FullDisk, match=said):
        raise full_disk(error, CONFIG) or AssertionError
    disguised = BadInput("new.csv: not readable as CSV.")
    disguised.__context__ = error
    assert full_disk(disguised, CONFIG) is not None


@pytest.mark.parametrize(
    "error",
    [OSError(13, "Permission denied"), duckdb.IOException("IO Error: No files found"), BadInput("No space for rows")],
)
def test_other_faults_are_left_alone(error: Exception) -> None:
    assert full_disk(error, CONFIG) is None
