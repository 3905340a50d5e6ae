"""A small CSV file that a person exported: its header and its rows, as they stand."""

import csv
import io

from app.errors import BadInput


def header_and_rows(text: str, name: str) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of the CSV `text` called `name`; both empty for an empty file.

    Raises BadInput when a quote is never closed or a cell cannot be told from the next.
    """
    try:
        header, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    except csv.Error as error:
        raise BadInput(f"{name} is not readable as CSV ({error}). Export it again, with commas.") from error
    except ValueError:
        return [], []
    return header, rows
