"""A heat map of telemetry: boards × hours, binned so that it has a few thousand cells whatever the cluster's size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from math import ceil

from sqlalchemy.orm import Session

from app.db.queries.gpu_heat import BoardPlace, boards_with_facts, heat_cells
from app.domain.viewer import Viewer
from app.reports.gpu_query import HeatMeasure, HeatQuestion
from app.reports.visibility import visible_teams

MOST_ROWS = 96  # lines that a screen has room for
_HOUR = timedelta(hours=1)
_PARTS_OF_A_DAY = (1, 2, 3, 4, 6, 8, 12)


@dataclass(frozen=True)
class HeatRow:
    """A board, a node, or several nodes next to each other: `boards` boards from `first` to `last`, by UUID."""

    label: str
    node: str | None  # None where it is several
    boards: int
    first: str
    last: str


@dataclass(frozen=True)
class HeatMap:
    """`values[row][column]` is the mean of the measure, None where nothing was observed; so is `coverage`, 0-1.

    Column i are the `hours_per_column` hours from `columns[i]` on.
    """

    start: datetime
    end: datetime
    measure: HeatMeasure
    hours_per_column: int
    boards: int
    columns: tuple[datetime, ...]
    rows: tuple[HeatRow, ...]
    values: tuple[tuple[float | None, ...], ...]
    coverage: tuple[tuple[float, ...], ...]


def gpu_heat(session: Session, viewer: Viewer, question: HeatQuestion) -> HeatMap:
    """The heat map that `question` asks for, of the boards whose workloads `viewer` may see."""
    visible = visible_teams(session, viewer)
    start, end = _whole_hours(question.start, question.end)
    asked = HeatQuestion(start, end, question.measure, question.cells, question.filters)
    boards = boards_with_facts(session, asked, visible=visible)
    bins = _bins(boards, min(MOST_ROWS, question.cells))
    hours = (end - start) // _HOUR
    per_column = _even(ceil(hours / max(1, question.cells // max(1, len(bins)))))
    columns = tuple(start + at * _HOUR for at in range(0, hours, per_column))
    rows = {board.board_id: at for at, found in enumerate(bins) for board in found}
    cells = heat_cells(session, asked, rows, hours=per_column, visible=visible) if rows else []
    values: list[list[float | None]] = [[None] * len(columns) for _ in bins]
    coverage = [[0.0] * len(columns) for _ in bins]
    for cell in cells:
        minutes = 60 * per_column * len(bins[cell.row])
        values[cell.row][cell.column] = None if cell.value is None else round(cell.value, 4)
        coverage[cell.row][cell.column] = round(min(1.0, cell.observed_minutes / minutes), 4)
    return HeatMap(
        start=start,
        end=end,
        measure=question.measure,
        hours_per_column=per_column,
        boards=len(boards),
        columns=columns,
        rows=tuple(_row(found, by_node=len(bins) < len(boards)) for found in bins),
        values=tuple(map(tuple, values)),
        coverage=tuple(map(tuple, coverage)),
    )


def _whole_hours(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The hours that a span touches: a zoom ends anywhere."""
    first = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    last = end.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return first, last if last == end else last + _HOUR


def _even(hours: int) -> int:
    """At least so many hours that days are cut alike, so that nights stand above each other."""
    return next((each for each in _PARTS_OF_A_DAY if each >= hours), ceil(hours / 24) * 24)


def _bins(boards: Sequence[BoardPlace], most: int) -> list[list[BoardPlace]]:
    """A row for each board where they fit; else for each node; else for as many nodes as it takes."""
    if len(boards) <= most:
        return [[board] for board in boards]
    nodes = [list(found) for _, found in groupby(boards, key=lambda board: board.node)]
    size = ceil(len(nodes) / most)
    return [list(chain.from_iterable(nodes[at : at + size])) for at in range(0, len(nodes), size)]


def _row(boards: list[BoardPlace], *, by_node: bool) -> HeatRow:
    first, last = boards[0], boards[-1]
    single = first.node if first.node == last.node else None
    if len(boards) == 1 and not (by_node and first.node):
        label = f"{first.node} · {first.gpu_uuid}" if first.node else first.gpu_uuid
    else:
        label = single or f"{first.node} … {last.node}"
    return HeatRow(label, single, len(boards), first.gpu_uuid, last.gpu_uuid)
