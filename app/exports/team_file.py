"""Teams as a CSV file that can be taken in again."""

from collections.abc import Sequence

from app.domain.team_file import COLUMNS, Cells, hidden
from app.exports.csv import csv_chunks
from app.exports.table import Table, texts


def team_file_bytes(teams: Sequence[Cells]) -> bytes:
    """The file; what a spreadsheet would take for a formula has an apostrophe before it, which the import takes off."""
    rows = [tuple(map(hidden, cells)) for cells in teams]
    return b"".join(csv_chunks(Table("teams", texts(*COLUMNS), rows)))
