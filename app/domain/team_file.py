"""The teams of a policy as a CSV file: a line for each team and validity."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.domain.csv_file import header_and_rows
from app.domain.ownership import Team
from app.errors import BadInput

COLUMNS = ("team_id", "name", "parent", "cost_center", "gl_account", "valid_from", "valid_to")
Cells = tuple[str, ...]  # in the order of COLUMNS; what is not said is empty
_PROBLEMS_TOLD = 20
# What a spreadsheet would run has an apostrophe before it (`app.exports.table.harmless`), and one more if it has some.
_HIDDEN_FORMULA = re.compile(r"'+[=+\-@]")


@dataclass(frozen=True)
class TeamRow:
    """A line of the file, with its number as a spreadsheet counts."""

    row: int
    cells: Cells


def cells_of(team: Team) -> Cells:
    """A team as the file writes it."""
    days = (None if day is None else day.isoformat() for day in (team.valid_from, team.valid_to))
    said = (team.id, team.name, team.parent, team.cost_center, team.gl_account, *days)
    return tuple(cell or "" for cell in said)


def team_rows(text: str, name: str) -> tuple[TeamRow, ...]:
    """The lines of the CSV file called `name`; blank ones are passed over.

    A team without a name is called by its id. Raises BadInput with all that keeps the file from being read; whether
    its teams make a policy is not judged here.
    """
    header, lines = header_and_rows(text, name)
    places = _places([each.strip().casefold() for each in header], name)
    rows, problems = [], []
    for number, line in enumerate(lines, start=2):
        if not any(line):
            continue
        if len(line) != len(header):
            problems.append(f"row {number}: {len(line)} cells where the header has {len(header)}")
            continue
        cells = [_plain(line[place]) for place in places]
        problems += [f"row {number}: {each}" for each in _wrong(cells)]
        rows.append(TeamRow(number, (cells[0], cells[1] or cells[0], *cells[2:])))
    if not rows and not problems:
        problems = ["there is no team in it"]
    refuse(problems, name)
    return tuple(rows)


def _places(header: Sequence[str], name: str) -> list[int]:
    missing = [column for column in COLUMNS if header.count(column) != 1]
    unknown = [column for column in header if column not in COLUMNS]
    if missing or unknown:
        raise BadInput(f"{name}: its first row must name the columns {', '.join(COLUMNS)}, each once, and no other.")
    return [header.index(column) for column in COLUMNS]


def _plain(cell: str) -> str:
    text = cell.strip()
    return text[1:] if _HIDDEN_FORMULA.match(text) else text


def hidden(cell: str) -> str:
    """A cell with one apostrophe more, if reading takes one off."""
    return f"'{cell}" if _HIDDEN_FORMULA.match(cell) else cell


def _wrong(cells: Sequence[str]) -> Iterable[str]:
    if not cells[0]:
        yield "team_id is empty"
    for column, cell in zip(COLUMNS, cells, strict=True):
        if any(character < " " and character not in "\t\r\n" for character in cell):
            yield f"{column} has a control character"


def refuse(problems: Sequence[str], name: str) -> None:
    """Raises BadInput with `problems`, the first twenty of them, if there are any."""
    if problems:
        more = [f"and {len(problems) - _PROBLEMS_TOLD} more"] if len(problems) > _PROBLEMS_TOLD else []
        raise BadInput("\n  ".join([f"{name}: no team was taken.", *problems[:_PROBLEMS_TOLD], *more]))
