"""Late telemetry: an hour of which an earlier delivery of the source holds other minutes is made again of both.

The newer delivery wins each minute of a board or MIG instance, so no minute is lost and none counts twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ibis.backends.duckdb import Backend
from sqlalchemy.orm import Session

from app.db.load_gpu import copy_told_before, has_facts
from app.domain.gpu.minutes import WHOLE_HOUR
from ingest.engine.duckdb import literal, quoted
from ingest.telemetry.group_sql import HOUR_US, MINUTE_US, Reading, samples_sql
from ingest.telemetry.hour_columns import TABLE
from ingest.telemetry.hours import add_hours
from ingest.telemetry.sample_files import sample_file

# The Parquet files of a delivery's samples, by its number and SHA-256; None where there are none.
Samples = Callable[[int, str], Sequence[Path] | None]
_MINUTE = f"epoch_us(timestamp) // {MINUTE_US}"


@dataclass(frozen=True)
class Earlier:
    """What a source has told before, and a folder for what comes of it."""

    source_id: int
    samples: Samples
    scratch: Path


def add_earlier(session: Session, backend: Backend, parquet: Sequence[Path], earlier: Earlier) -> Path | None:
    """Makes those rows of `gpu_hours` again that an earlier delivery tells more of.

    `parquet` are the new samples. Returns a file of the earlier samples that still count, if there are any: with it,
    the new delivery says all that is known of these hours.
    """
    first, last = backend.raw_sql(f"SELECT min(hour), max(hour) FROM {TABLE}").fetchone()
    if first is None or not has_facts(session, earlier.source_id, first, last):
        return None
    listed = earlier.scratch / "before.csv"
    with listed.open("wb") as target:
        copy_told_before(session, earlier.source_id, first, last, target)
    _find_again(backend, listed)
    carried = _carried(backend, parquet, earlier)
    if carried is None:
        return None
    renewed = earlier.scratch / "renewed.parquet"
    both = f"{_read([carried])} UNION ALL BY NAME {_of_again(_read(parquet), 'true')}"
    backend.raw_sql(f"COPY ({both}) TO {quoted(str(renewed))} (FORMAT parquet)")
    backend.raw_sql(
        f"DELETE FROM {TABLE} USING gpu_again AS again WHERE again.hour_number = epoch(hour)::BIGINT // 3600"
        f" AND again.gpu_uuid = {TABLE}.gpu_uuid"
    )
    add_hours(backend, [renewed])
    return carried


def _find_again(backend: Backend, listed: Path) -> None:
    """Makes `gpu_again`: the hours and boards of which there are facts already, and not every minute is new.

    `listed` are those of which there are facts, with the MIG instance and the delivery that they are of.
    """
    backend.raw_sql(
        f"CREATE OR REPLACE TEMP TABLE gpu_before AS SELECT * FROM read_csv({literal(listed)}, header = false,"
        " auto_detect = false, columns = {'hour_number': 'BIGINT', 'gpu_uuid': 'VARCHAR', 'gpu_instance_id':"
        " 'SMALLINT', 'delivery_id': 'BIGINT', 'sha256': 'VARCHAR'})"
    )
    backend.raw_sql(
        "CREATE OR REPLACE TEMP TABLE gpu_again AS WITH now AS (SELECT epoch(hour)::BIGINT // 3600 AS hour_number,"
        f" gpu_uuid, gpu_instance_id, bit_or(observed) AS observed FROM {TABLE} GROUP BY ALL)"
        " SELECT DISTINCT hour_number, gpu_uuid, delivery_id, sha256 FROM gpu_before"
        " SEMI JOIN now USING (hour_number, gpu_uuid) LEFT JOIN now USING (hour_number, gpu_uuid, gpu_instance_id)"
        f" WHERE coalesce(observed, 0) <> {WHOLE_HOUR}"
    )


def _carried(backend: Backend, parquet: Sequence[Path], earlier: Earlier) -> Path | None:
    """A file of the earlier samples of these hours that still count; None when there are none."""
    deliveries = backend.raw_sql("SELECT DISTINCT delivery_id, sha256 FROM gpu_again").fetchall()
    parts = []
    for delivery_id, sha256 in deliveries:
        files = earlier.samples(delivery_id, sha256)
        if files:
            parts.append(earlier.scratch / f"earlier-{delivery_id}.parquet")
            _keep_uncontested(backend, delivery_id, files, parquet, parts[-1])
    if not any(sample_file(part).rows for part in parts):
        return None
    carried = earlier.scratch / "carried.parquet"
    backend.raw_sql(f"COPY ({_read(parts)}) TO {quoted(str(carried))} (FORMAT parquet)")
    return carried


def _keep_uncontested(
    backend: Backend, delivery_id: int, files: Sequence[Path], parquet: Sequence[Path], target: Path
) -> None:
    """Writes those of a delivery's samples whose minute of a board or MIG instance the new samples do not tell."""
    told = f"{_of_again(_read(files), f'delivery_id = {delivery_id}')}"
    newer = f"SELECT DISTINCT gpu_uuid, gpu_instance_id, {_MINUTE} AS minute FROM ({_of_again(_read(parquet), 'true')})"
    backend.raw_sql(
        f"COPY (SELECT told.* FROM (SELECT *, {_MINUTE} AS minute FROM ({told})) AS told ANTI JOIN ({newer}) AS newer"
        f" USING (gpu_uuid, gpu_instance_id, minute)) TO {quoted(str(target))} (FORMAT parquet)"
    )


def _read(files: Sequence[Path]) -> str:
    return samples_sql(Reading([sample_file(path) for path in files]))


def _of_again(samples: str, which: str) -> str:
    """Those samples whose hour and board is in `gpu_again`, as `told`."""
    return (
        f"SELECT * FROM ({samples}) AS told WHERE (epoch_us(told.timestamp) // {HOUR_US}, told.gpu_uuid) IN"
        f" (SELECT (hour_number, gpu_uuid) FROM gpu_again WHERE {which})"
    )
