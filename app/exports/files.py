"""A table as the bytes of a file, in the format its name ends in."""

from app.errors import BadInput
from app.exports.csv import csv_chunks
from app.exports.parquet import parquet_bytes
from app.exports.table import Table
from app.exports.xlsx import xlsx_bytes

FORMATS = ("csv", "xlsx", "parquet")


def file_bytes(table: Table, ending: str) -> bytes:
    """`table` as a file. Raises BadInput when Trueup writes no such files."""
    match ending:
        case "csv":
            return b"".join(csv_chunks(table))
        case "xlsx":
            return xlsx_bytes(table)
        case "parquet":
            return parquet_bytes(table)
        case _:
            raise BadInput(f"'{ending}' is no format that Trueup writes. Choose from {', '.join(FORMATS)}.")
