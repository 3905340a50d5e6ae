"""Nodes from `sinfo -N`: which there are, how many GPUs they have, and which are down."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo

from app.domain.gpu.node import NodeCondition, NodeInventory
from app.errors import BadInput
from ingest.telemetry.moments import moment
from ingest.telemetry.slurm.tres import gpus_in_gres, model_in_gres
from ingest.telemetry.unreadable import UnreadableRowError

Refuse = Callable[[int, str], None]
# States in which no work can run. A node that drains still runs what it has; one that is powered down is no failure.
# Source: Slurm, `man sinfo`, NODE STATE CODES, in their long and short forms.
_DOWN = frozenset(
    {"down", "drained", "drain", "fail", "error", "maint", "unknown", "unk", "reboot", "boot", "no_respond"}
)
_FLAGS = "*~#!%$@^-"
_NAMES = {"nodelist": "node", "nodehost": "node", "node": "node", "hostnames": "node"}


def sinfo_nodes(
    lines: Iterable[str], name: str, refuse: Refuse, *, observed_at: datetime, timezone: tzinfo = UTC
) -> Iterator[NodeInventory | NodeCondition]:
    """The nodes in the lines of a file called `name`, as they were at `observed_at`.

    A node is told once, though sinfo repeats it for each of its partitions. Raises BadInput when there is no header.
    """
    fields: list[str] | None = None
    seen: set[str] = set()
    for row, line in enumerate(lines, start=1):
        cells = _cells(line, fields)
        if fields is None:
            fields = _header(cells)
            continue
        if not line.strip():
            continue
        try:
            yield from _node(dict(zip(fields, cells, strict=False)), seen, observed_at, timezone)
        except UnreadableRowError as error:
            refuse(row, str(error))
    if fields is None:
        raise BadInput(
            f"{name} is no output of `sinfo -N`: no line is a header with NODELIST and STATE. Leave out `-h`."
        )


def _cells(line: str, fields: list[str] | None) -> list[str]:
    if "|" in line:
        return [cell.strip() for cell in line.split("|")]
    return line.split(maxsplit=len(fields) - 1) if fields else line.split()  # only the reason, the last, has blanks


def _header(cells: list[str]) -> list[str] | None:
    """The fields, when these cells are a header; `sinfo -l` writes the date above it."""
    fields = [_NAMES.get(cell.lower(), cell.lower()) for cell in cells]
    return fields if {"node", "state"} <= set(fields) else None


def _node(
    cells: Mapping[str, str], seen: set[str], observed_at: datetime, timezone: tzinfo
) -> Iterator[NodeInventory | NodeCondition]:
    name, state = cells.get("node", ""), cells.get("state", "")
    if not name or not state:
        raise UnreadableRowError("the node or its state is missing")
    if name in seen:
        return
    gres = cells.get("gres", "")
    boards = gpus_in_gres(gres)
    since = moment(cells.get("timestamp", ""), "TIMESTAMP", timezone)
    seen.add(name)
    if boards:
        yield NodeInventory(name, boards, model_in_gres(gres))
    reason = cells.get("reason", "")
    yield NodeCondition(
        name, observed_at, _is_down(state), since, None if reason.lower() in {"", "none"} else f"{state}: {reason}"
    )


def _is_down(state: str) -> bool:
    words = {word.strip(_FLAGS) for word in state.lower().split("+")}
    # `idle+drain` is a node that is drained; one with work that still runs (`mixed+drain`) is draining.
    return bool(words & _DOWN) and not words & {"allocated", "alloc", "mixed", "mix", "completing", "comp"}
