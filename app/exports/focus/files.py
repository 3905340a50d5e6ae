"""Allocated charges as a FOCUS file, in the format its name ends in."""

from collections.abc import Iterator
from pathlib import Path

from app.errors import BadInput
from app.exports.focus.csv import focus_csv
from app.reports.focus_export import FocusExport

FOCUS_FORMATS = ("csv", "parquet")


def focus_chunks(export: FocusExport, ending: str) -> Iterator[bytes]:
    """The file, in chunks for streaming. Raises BadInput when Trueup writes no such FOCUS files."""
    match ending:
        case "csv":
            return focus_csv(export)
        case "parquet":
            # Only now: Arrow takes a while to import, and a server should not start slower for it.
            from app.exports.focus.parquet import focus_parquet  # noqa: PLC0415

            return focus_parquet(export)
        case _:
            raise BadInput(f"'{ending}' is no format of a FOCUS file. Choose from {', '.join(FOCUS_FORMATS)}.")


def write_focus_file(export: FocusExport, file: Path) -> None:
    """Writes the file in the format of its ending; one that cannot be finished is not left behind."""
    chunks = focus_chunks(export, file.suffix.removeprefix("."))
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        with unfinished.open("wb") as target:
            target.writelines(chunks)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
