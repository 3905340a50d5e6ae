"""The node map: which resource of the bill a node is, where their names do not tell. A CSV file.

Columns: node, resource_id, from, to, boards, instance_type; all but the first may be empty or left out. A node that was
one resource and then another comes twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations

from app.domain.csv_file import header_and_rows
from app.errors import BadInput

COLUMNS = ("node", "resource_id", "from", "to", "boards", "instance_type")
MOST_BOARDS = 72  # a rack of GB200 is one machine of so many
_PROBLEMS_TOLD = 20
_LONGEST = 1024
_EVER, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class MappedNode:
    """A row of a node map."""

    node: str
    resource_id: str | None
    starts_at: datetime | None  # None: since ever
    ends_at: datetime | None  # None: until further notice
    boards: int | None
    instance_type: str | None


class _Wrong(Exception):
    """What is wrong with a row."""


def mapped_nodes(text: str, name: str) -> tuple[MappedNode, ...]:
    """The rows of the node map called `name`. Raises BadInput with everything that is wrong in it, by row."""
    header, lines = header_and_rows(text, name)
    columns = [each.strip().casefold() for each in header]
    unknown = [each for each in columns if each not in COLUMNS]
    if "node" not in columns or unknown or len(set(columns)) != len(columns):
        raise BadInput(f"{name}: its first row must name columns of {', '.join(COLUMNS)}, each once, and `node`.")
    rows: list[tuple[int, MappedNode]] = []
    problems: list[str] = []
    for number, line in enumerate(lines, start=2):
        if not any(cell.strip() for cell in line):
            continue
        try:
            rows.append((number, _row(_cells(columns, line))))
        except _Wrong as wrong:
            problems.append(f"row {number}: {wrong}")
    problems += _overlaps(rows)
    if not rows and not problems:
        problems = ["there is no node in it"]
    if problems:
        more = [f"and {len(problems) - _PROBLEMS_TOLD:,} more"] if len(problems) > _PROBLEMS_TOLD else []
        raise BadInput("\n  ".join([f"{name}: nothing was taken in.", *problems[:_PROBLEMS_TOLD], *more]))
    return tuple(dict.fromkeys(row for _, row in rows))


def _cells(columns: Sequence[str], line: Sequence[str]) -> dict[str, str]:
    if len(line) != len(columns):
        raise _Wrong(f"{len(line)} cells where the header has {len(columns)}")
    return {key: cell.strip() for key, cell in zip(columns, line, strict=True)}


def _row(cells: Mapping[str, str]) -> MappedNode:
    if not cells["node"]:
        raise _Wrong("node is empty")
    for column, cell in cells.items():
        if len(cell) > _LONGEST or any(character < " " for character in cell):
            raise _Wrong(f"{column} is too long, or has a control character")
    start, end = (_moment(key, cells.get(key, "")) for key in ("from", "to"))
    if start and end and end <= start:
        raise _Wrong("`to` is not after `from`; it is the first moment that is no longer meant")
    resource, instance_type = cells.get("resource_id") or None, cells.get("instance_type") or None
    boards = _boards(cells.get("boards", ""))
    if not (resource or instance_type or boards):
        raise _Wrong("it says nothing of the node; fill in resource_id, boards or instance_type")
    if not resource and (start or end):
        raise _Wrong("`from` and `to` are those of a resource_id, and there is none")
    return MappedNode(cells["node"], resource, start, end, boards, instance_type)


def _moment(column: str, text: str) -> datetime | None:
    """A day, or a moment with its offset; without one it is in UTC."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year < 2200 or not text[:5].endswith("-"):
        raise _Wrong(
            f"`{column}` must be a day or a moment such as 2026-03-01 or 2026-03-01T08:00:00Z, not {text[:40]}"
        )
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _boards(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MOST_BOARDS):
        raise _Wrong(f"boards must be a whole number from 1 to {MOST_BOARDS}, not {text[:40]}")
    return int(text)


def _overlaps(rows: Iterable[tuple[int, MappedNode]]) -> Iterator[str]:
    """Rows that give a node two resources at once, or two sizes."""
    by_node: dict[str, list[tuple[int, MappedNode]]] = {}
    for number, row in rows:
        by_node.setdefault(row.node, []).append((number, row))
    for node, found in by_node.items():
        for names in ("boards", "instance_type"):
            if len({value for _, row in found if (value := getattr(row, names))}) > 1:
                yield f"row {found[-1][0]}: {node} has another value of {names} in a row before; it can have one"
        for (first, one), (second, other) in combinations([each for each in found if each[1].resource_id], 2):
            if one.resource_id != other.resource_id and _at_once(one, other):
                yield f"row {second}: {node} is another resource at that time, by row {first}"


def _at_once(one: MappedNode, other: MappedNode) -> bool:
    starts = max(one.starts_at or _EVER, other.starts_at or _EVER)
    return starts < min(one.ends_at or _NEVER, other.ends_at or _NEVER)
