"""The `teams` of a policy document, written anew in its text: what has not changed keeps every byte."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import yaml

from app.domain.policy_yaml.nodes import load
from app.domain.policy_yaml.teams import KEYS
from app.domain.team_file import COLUMNS, Cells, TeamRow
from app.errors import BadInput

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*(?: [A-Za-z0-9(&][A-Za-z0-9_./()&-]*)*")
_NOT_TEXT = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
_KEYS = dict(zip(COLUMNS, ("id", *(key for key in KEYS if key != "id")), strict=True))


@dataclass(frozen=True)
class Rewritten:
    """The document with other teams, and which row each line of it comes from, if any."""

    document: str
    row_of_line: dict[int, int]


@dataclass(frozen=True)
class _Piece:
    """The text of a team in the document: what stands before it, and its own lines, each ended."""

    before: str
    own: str


def with_teams(document: str, teams: Sequence[Cells], rows: Sequence[TeamRow]) -> Rewritten:
    """`document`, whose teams are `teams`, with those in `rows` in their place.

    A team that stays as it is keeps its text; one that changes is written in one line and keeps the comment above it;
    one that goes takes that comment along. A list in square brackets is written anew as a whole, if anything changed.
    """
    root = load(document)
    assert isinstance(root, yaml.MappingNode), "the document in force can be read"
    value = next((value for key, value in root.value if key.value == "teams"), None)
    newline = "\r\n" if "\r\n" in document else "\n"
    if isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
        return _in_block(document, value, teams, rows, newline)
    if isinstance(value, yaml.Node):
        if list(teams) == [row.cells for row in rows]:
            return Rewritten(document, {})
        start, end = value.start_mark.index, value.end_mark.index
        head = document[:start] + ("" if document[:start].endswith((" ", "\n")) else " ") + "[" + newline
        lines = [f"  {_flow(row.cells)},{newline}" for row in rows]
        return _joined(head, [_Piece("", line) for line in lines], rows, "  ]" + document[end:])
    if root.flow_style:
        raise BadInput("The policy is written in braces and has no `teams`. Add `teams: []` to it first.")
    ended = document if document.endswith("\n") else document + newline
    pieces = [_Piece("", f"  - {_flow(row.cells)}{newline}") for row in rows]
    return _joined(f"{ended}teams:{newline}", pieces, rows, "")


def _in_block(
    document: str, value: yaml.SequenceNode, teams: Sequence[Cells], rows: Sequence[TeamRow], newline: str
) -> Rewritten:
    spans = _spans(document, value)
    indent = " " * value.start_mark.column
    old = [
        _Piece(
            document[spans[index - 1][1] : start] if index else "",
            own if (own := document[start:end]).endswith("\n") else own + newline,
        )
        for index, (start, end) in enumerate(spans)
    ]
    pieces = [
        _Piece(
            old[item].before if item is not None else "",
            old[item].own
            if item is not None and teams[item] == row.cells
            else f"{indent}- {_flow(row.cells)}{newline}",
        )
        for row, item in zip(rows, _matched(teams, rows), strict=True)
    ]
    tail = document[spans[-1][1] :]
    found = _joined(document[: spans[0][0]], pieces, rows, tail)
    if not tail and not document.endswith("\n"):
        return Rewritten(found.document.removesuffix(newline), found.row_of_line)
    return found


def _spans(document: str, value: yaml.SequenceNode) -> list[tuple[int, int]]:
    """Where the lines of each item begin and end. An item in a block begins its line."""
    first, last = value.start_mark, value.end_mark
    dashes = [
        token.start_mark.index
        for token in yaml.scan(document, yaml.SafeLoader)
        if isinstance(token, yaml.BlockEntryToken)
        and token.start_mark.column == first.column
        and first.index <= token.start_mark.index < last.index
    ]
    starts = [document.rfind("\n", 0, dash) + 1 for dash in dashes]
    ends = [(document.find("\n", _end(item)) + 1) or len(document) for item in value.value]
    return list(zip(starts, ends, strict=True))


def _end(node: yaml.Node) -> int:
    """Where the text of a node ends; yaml counts the blank lines and comments after a block to it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    index: int = node.end_mark.index
    return index


def _matched(teams: Sequence[Cells], rows: Sequence[TeamRow]) -> list[int | None]:
    """For each row the item that it is, or that it changes: the first of the same id which no row is."""
    free = dict(enumerate(teams))

    def take(index: int | None) -> int | None:
        if index is not None:
            del free[index]
        return index

    same = [take(next((index for index, cells in free.items() if cells == row.cells), None)) for row in rows]
    return [
        index
        if index is not None
        else take(next((other for other, cells in free.items() if cells[0] == row.cells[0]), None))
        for index, row in zip(same, rows, strict=True)
    ]


def _joined(head: str, pieces: Iterable[_Piece], rows: Iterable[TeamRow], tail: str) -> Rewritten:
    text = head
    lines: dict[int, int] = {}
    for piece, row in zip(pieces, rows, strict=True):
        text += piece.before
        first = text.count("\n") + 1
        text += piece.own
        lines |= dict.fromkeys(range(first, text.count("\n") + 1), row.row)
    return Rewritten(text + tail, lines)


def _flow(cells: Cells) -> str:
    """A team in one line; its name is left out where it is the id."""
    said = dict(zip(_KEYS.values(), cells, strict=True))
    if said["name"] == said["id"]:
        del said["name"]
    return "{" + ", ".join(f"{key}: {_scalar(value)}" for key, value in said.items() if value) + "}"


def _scalar(text: str) -> str:
    """A text as YAML, in double quotes unless it reads the same without."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _NOT_TEXT:
        return text
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=2**31).strip()
