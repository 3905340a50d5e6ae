"""What kind of bill lies in a data file of AWS, by its header."""

import csv
import gzip
import zlib
from enum import Enum

from ingest.files import SourceFile, parquet_header

_HEADER_BYTES = 1 << 18


class Inside(Enum):
    """The tables that hold charges."""

    FOCUS = "FOCUS"
    CUR = "CUR"


def inside(file: SourceFile) -> Inside | None:
    """The table that `file` holds; None for another, or where no header can be read.

    Raises BadInput when it is Parquet and damaged.
    """
    columns = {name.casefold() for name in _header(file)}
    if columns & {"line_item_line_item_type", "lineitem/lineitemtype"}:
        return Inside.CUR
    return Inside.FOCUS if {"billedcost", "chargecategory"} <= columns else None


def _header(file: SourceFile) -> list[str]:
    if file.is_parquet:
        return list(parquet_header(file))
    try:
        with gzip.open(file.path) if file.is_gzip else file.path.open("rb") as stream:
            line = stream.readline(_HEADER_BYTES)
    except (EOFError, OSError, zlib.error):  # whoever opens the whole file says what is wrong with it
        return []
    return next(csv.reader([line.decode("utf-8-sig", errors="replace")]), [])
