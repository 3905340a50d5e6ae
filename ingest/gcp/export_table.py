"""The export's table in BigQuery: which invoice months it has, and the rows of one of them as Parquet.

Rows are only ever appended, and `export_time` only grows. So the newest export time and the number of rows of an
invoice month say whether it moved, and when it did, the whole month is read again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY
from google.cloud.bigquery.table import RowIterator

from app.domain.period import months_back
from app.errors import BadInput, Unavailable
from ingest.files import Progress
from ingest.gcp.refusals import asking
from ingest.gcp.settings import GcpSettings
from ingest.kind import Window

PAGE_ROWS = 50_000
PATIENCE_SECONDS = 300.0  # how long a request is tried again, throttling included, before it is given up
_READ = (
    "bigquery.tables.getData on the dataset (roles/bigquery.dataViewer) and bigquery.jobs.create on the project that"
    " runs the queries (roles/bigquery.jobUser)"
)


@dataclass(frozen=True)
class ExportTable:
    """The table, and the columns that tell months and moments of export apart."""

    client: bigquery.Client
    settings: GcpSettings
    name: str
    month: str  # SQL for YYYYMM of the invoice
    exported: str  # the column of the moment of export
    partition: str | None  # the pseudo column that partitions are cut by, where they are cut by arrival

    def run(self, query: str, *values: bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter) -> RowIterator:
        """The rows of a query, bounded in what it may read. Raises Unavailable, NotPermitted or BadInput."""
        config = bigquery.QueryJobConfig(
            labels=self.settings.labels,
            maximum_bytes_billed=self.settings.maximum_bytes_billed,
            query_parameters=list(values),
        )
        # Each request is tried again; a job that failed is not, which has a patience of its own that cannot be told.
        retry = DEFAULT_RETRY.with_timeout(PATIENCE_SECONDS)
        with asking(f"BigQuery {self.name}", permission=_READ):
            job = self.client.query(query, job_config=config, retry=retry, job_retry=None)
            return job.result(page_size=PAGE_ROWS, retry=retry, job_retry=None)

    def dry_run(self) -> None:
        """Asks whether a query of the table would be let through; reads nothing. Raises as `run` does."""
        config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
        retry = DEFAULT_RETRY.with_timeout(PATIENCE_SECONDS)
        with asking(f"BigQuery {self.name}", permission=_READ):
            query = f"SELECT {self.exported} FROM `{self.name}` WHERE {self.exported} >= TIMESTAMP '2100-01-01'"
            self.client.query(query, job_config=config, retry=retry, job_retry=None)


@dataclass(frozen=True)
class InvoiceMonth:
    """What the table holds of an invoice month."""

    label: str  # 202606
    oldest: datetime | None  # when its rows were exported
    newest: datetime | None
    rows: int

    @property
    def version(self) -> str:
        """Changes whenever a row is appended."""
        return f"{self.newest:%Y-%m-%dT%H:%M:%S.%fZ} {self.rows}" if self.newest else f"- {self.rows}"


def open_export(client: bigquery.Client, settings: GcpSettings) -> ExportTable:
    """The table that `settings` name. Raises BadInput when it is none of the exports, NotFound when it is not there."""
    name = settings.table
    if name is None:
        raise BadInput("The source has no --table. Name the export's: PROJECT.DATASET.gcp_billing_export_v1_…")
    permission = "bigquery.tables.get on the dataset (roles/bigquery.dataViewer)"
    with asking(f"BigQuery {name}", permission=permission):
        table = client.get_table(name, retry=DEFAULT_RETRY.with_timeout(PATIENCE_SECONDS))
    columns = {field.name.casefold() for field in table.schema}
    if {"invoice", "export_time"} <= columns:
        month, exported = "invoice.month", "export_time"
    elif {"billingperiodstart", "x_exporttime"} <= columns:
        month, exported = "FORMAT_TIMESTAMP('%Y%m', BillingPeriodStart)", "x_ExportTime"
    else:
        raise BadInput(
            f"BigQuery {name} is no export of Cloud Billing: it has neither invoice.month nor BillingPeriodStart."
        )
    # A table that is cut by a column is cut by the moment of export or is somebody's copy; its filter is enough.
    by_arrival = table.time_partitioning is not None and table.time_partitioning.field is None
    return ExportTable(client, settings, name, month, exported, "_PARTITIONTIME" if by_arrival else None)


def invoice_months(table: ExportTable, window: Window) -> Iterator[InvoiceMonth]:
    """The invoice months of `window` that the table has rows of, oldest first; one query over two columns."""
    since = datetime.combine(months_back(window.start, 1), datetime.min.time(), UTC)
    query = (
        f"SELECT {table.month} AS label, MIN({table.exported}) AS oldest, MAX({table.exported}) AS newest,"
        f" COUNT(*) AS row_count FROM `{table.name}` WHERE {table.month} >= @first AND {table.month} < @past"
        # No row of an invoice month is exported before the month; one month more is taken to be safe.
        f" AND ({table.exported} IS NULL OR {table.exported} >= @since){_partitions(table, 'since')}"
        " GROUP BY label ORDER BY label"
    )
    rows = table.run(
        query,
        _parameter("first", f"{window.start:%Y%m}"),
        _parameter("past", f"{window.end:%Y%m}"),
        _parameter("since", since),
    )
    with asking(f"BigQuery {table.name}", permission=_READ):
        found = [InvoiceMonth(row["label"], row["oldest"], row["newest"], row["row_count"]) for row in rows]
    yield from found


def fetch_month(table: ExportTable, month: InvoiceMonth, target: Path, progress: Progress) -> Path:
    """Writes the rows of an invoice month as Parquet, as they were when `month` was looked at.

    Raises Unavailable when it moves while it is read, besides what queries raise.
    """
    where = f"{table.month} = @label"
    values = [_parameter("label", month.label)]
    if month.oldest and month.newest:
        where += f" AND ({table.exported} IS NULL OR {table.exported} BETWEEN @oldest AND @newest)"
        where += _partitions(table, "since")
        since = month.oldest.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
        values += [_parameter("oldest", month.oldest), _parameter("newest", month.newest), _parameter("since", since)]
    rows = table.run(f"SELECT * FROM `{table.name}` WHERE {where}", *values)
    written = _write(table, rows, target, progress)
    if written != month.rows:
        target.unlink()
        raise Unavailable(
            f"BigQuery {table.name}: invoice month {month.label} had {month.rows} rows and gave {written}; it moved"
            " while it was read. Run this again."
        )
    return target


def _write(table: ExportTable, rows: RowIterator, target: Path, progress: Progress) -> int:
    schema: pa.Schema | None = None
    writer: pq.ParquetWriter | None = None
    written = 0
    try:
        with asking(f"BigQuery {table.name}", permission=_READ):
            for batch in rows.to_arrow_iterable():
                kept = _kept(batch)
                if writer is None:
                    schema = kept.schema
                    writer = pq.ParquetWriter(target, schema, compression="zstd")
                writer.write_table(kept)
                written += kept.num_rows
                progress("download", kept.num_rows)
    finally:
        if writer:
            writer.close()
    return written


def _kept(batch: pa.RecordBatch) -> pa.Table:
    """A page as it goes to Parquet. Numbers wider than 38 digits become text: readers would make floats of them."""
    table = pa.Table.from_batches([batch])
    for at, field in enumerate(table.schema):
        if pa.types.is_decimal256(field.type):
            text = pa.array(
                [None if each is None else format(each, "f") for each in table.column(at).to_pylist()], pa.string()
            )
            table = table.set_column(at, field.name, text)
    return table


def _partitions(table: ExportTable, bound: str) -> str:
    """SQL that leaves out partitions before a moment. What was just written is in none yet, and kept."""
    return f" AND ({table.partition} IS NULL OR {table.partition} >= @{bound})" if table.partition else ""


def _parameter(name: str, value: str | datetime) -> bigquery.ScalarQueryParameter:
    kind = "STRING" if isinstance(value, str) else "TIMESTAMP"
    return bigquery.ScalarQueryParameter(name, kind, value)
