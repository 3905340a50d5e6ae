"""A table as the bytes of a file, in the format its name ends in.

The libraries of a format are imported when a file of it is first written: a server should not start slower for them.
"""

from app.errors import BadInput
from app.exports.csv import csv_chunks
from app.exports.table import Table

FORMATS = ("csv", "xlsx", "parquet")


def file_bytes(table: Table, ending: str) -> bytes:
    """`table` as a file. Raises BadInput when Trueup writes no such files."""
    match ending:
        case "csv":
            return b"".join(csv_chunks(table))
        case "xlsx":
            from app.exports.xlsx import xlsx_bytes  # noqa: PLC0415

            return xlsx_bytes(table)
        case "parquet":
            from app.exports.parquet import parquet_bytes  # noqa: PLC0415

            return parquet_bytes(table)
        case _:
            raise BadInput(f"'{ending}' is no format that Trueup writes. Choose from {', '.join(FORMATS)}.")
