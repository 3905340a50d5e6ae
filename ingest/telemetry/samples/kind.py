"""A plain table of GPU samples: CSV or Parquet with the columns of `SAMPLE_COLUMNS`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ibis.backends.duckdb import Backend

from app.domain.gpu.sample import REQUIRED
from app.errors import BadInput
from ingest.engine.duckdb import ROW, literal, naming_the_damaged, quoted
from ingest.files import SUFFIXES, SourceFile
from ingest.staging import StagedFile, TableFile, open_table, stage_table
from ingest.telemetry.kind import REFUSALS_KEPT, Refusal, TelemetryKind, TelemetryOpening
from ingest.telemetry.samples.cells import SHOWN, Cell, cells, unknown
from ingest.telemetry.samples.parquet import fits


def read_samples(opening: TelemetryOpening) -> Iterator[Path]:
    """The samples of each file: Parquet that is in the schema as it lies, all else typed and checked cell by cell.

    Raises BadInput when a required column is missing, a file is damaged, or none of its rows can be used.
    """
    for number, file in enumerate(opening.files):
        table = open_table(file, opening.scratch)
        _check_header(table)
        if table.types is not None and fits(file, opening.backend):
            yield file.path
        else:
            staged = stage_table(opening.backend, table, opening.scratch, opening.progress)
            yield _typed(opening, staged, opening.scratch / f"samples_{number}.parquet")


def _check_header(table: TableFile) -> None:
    folded = {column.strip().casefold() for column in table.columns}
    missing = [name for name in REQUIRED if name not in folded]
    if missing:
        raise BadInput(
            f"{table.file.name}, row 1: the column {' and '.join(missing)} is missing. "
            "A table of samples has a timestamp and a gpu_uuid in each row; docs/telemetry.md lists the other columns."
        )


def _typed(opening: TelemetryOpening, staged: StagedFile, target: Path) -> Path:
    """The file rewritten as `target` in the schema of samples. What cannot be read is told by row and cell."""
    backend = opening.backend
    rows = f"read_parquet({literal(staged.parquet)}, file_row_number = true)"
    with naming_the_damaged(backend, {staged.parquet: staged.file.name}):
        columns = {name: kind for name, kind, *_ in backend.raw_sql(f"DESCRIBE SELECT * FROM {rows}").fetchall()}
        columns.pop(ROW)
        found = list(cells(columns, opening.settings.timezone))
        for name in unknown(columns):
            opening.note(f"{staged.file.name}: samples have no column '{name}'; it was not read.")
        _refuse(opening, staged, rows, found)
        values = ", ".join(f"{cell.value} AS {cell.name}" for cell in found)
        usable = " AND ".join(cell.usable for cell in found if cell.usable)
        written = backend.raw_sql(
            f"COPY (SELECT {values} FROM {rows} WHERE {usable}) TO {quoted(str(target))} (FORMAT parquet)"
        ).fetchone()
    if not written[0]:
        _refuse_all(opening, staged.file)
    return target


def _refuse(opening: TelemetryOpening, staged: StagedFile, rows: str, found: Sequence[Cell]) -> None:
    """Tells of every cell that cannot be used: all of them in number, the first by what they say."""
    counts = ", ".join(f"count({cell.wrong})" for cell in found)
    (numbers,) = opening.backend.raw_sql(f"SELECT {counts} FROM {rows}").fetchall()
    for cell, count in zip(found, numbers, strict=True):
        for told, (row, text, reason) in enumerate(_first(opening.backend, cell, rows) if count else ()):
            shown = f"'{text}' " if text else ""
            refusal = Refusal(staged.file.name, row + staged.header_rows + 1, f"{cell.name} {shown}{reason}")
            opening.refusals.add(refusal, times=1 if told else 1 + max(count - REFUSALS_KEPT, 0))


def _first(backend: Backend, cell: Cell, rows: str) -> list[tuple[int, str | None, str]]:
    told = backend.raw_sql(
        f"SELECT {ROW}, left({cell.text}, {SHOWN}), {cell.wrong} AS reason FROM {rows}"
        f" WHERE reason IS NOT NULL ORDER BY {ROW} LIMIT {REFUSALS_KEPT}"
    )
    return list(told.fetchall())


def _refuse_all(opening: TelemetryOpening, file: SourceFile) -> None:
    why = next((f" Its first: {each}." for each in opening.refusals.first if each.file == file.name), "")
    raise BadInput(f"{file.name} has no row that can be used.{why}")


KIND = TelemetryKind(
    "samples",
    "a plain table of GPU samples, CSV or Parquet",
    read_samples,
    suffixes=SUFFIXES,
)
