"""Months that teams share, exported as FOCUS and read back."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.db.session import read_session
from app.domain.charge import COSTS, QUANTITIES
from app.domain.focus import FocusVersion, pascal
from app.domain.period import Period
from app.domain.viewer import Viewer, operator
from app.exports.focus.csv import focus_csv
from app.exports.focus.files import write_focus_file
from app.reports.focus_export import focus_export
from tests.trueup import Trueup

MARCH = Period.month(2026, 3)
SUMMABLE = tuple(pascal(name) for name in (*COSTS, *QUANTITIES))
Cells = dict[str, str | None]
POLICY = """
name: house rules
teams:
  - {id: search, name: Search, cost_center: CC-1}
  - {id: speech, name: Speech}
pools:
  - {id: platform, name: Platform, split: fixed, weights: {search: 2, speech: 1}}
rules:
  - {name: Machines, when: {column: resource_id, equals: i-1}, team: search}
  - {name: Shared, when: {column: resource_id, equals: i-2}, pool: platform}
"""


@dataclass(frozen=True)
class Exports:
    """Exports months of a Trueup as FOCUS."""

    trueup: Trueup
    folder: Path

    def rows(self, version: FocusVersion = FocusVersion.V1_2, *, viewer: Viewer | None = None) -> list[Cells]:
        """The rows of March in CSV, an empty cell as None."""
        with read_session(self.trueup.engine) as session:
            text = b"".join(focus_csv(focus_export(session, viewer or operator(), MARCH, version))).decode()
        # As it is: without `newline`, a carriage return within a cell would be lost on the way.
        return [
            {name: cell or None for name, cell in row.items()} for row in csv.DictReader(io.StringIO(text, newline=""))
        ]

    def file(self, ending: str, version: FocusVersion = FocusVersion.V1_2, *, period: Period = MARCH) -> Path:
        path = self.folder / f"focus-{version}-{period.label}.{ending}"
        with read_session(self.trueup.engine) as session:
            write_focus_file(focus_export(session, operator(), period, version), path)
        return path

    def table(self, version: FocusVersion = FocusVersion.V1_2) -> pa.Table:
        return pq.read_table(self.file("parquet", version))


@pytest.fixture
def exports(trueup: Trueup, tmp_path: Path) -> Exports:
    return Exports(trueup, tmp_path)
