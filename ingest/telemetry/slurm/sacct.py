"""Jobs from `sacct -P`: one line is a run of a job."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo

from app.domain.gpu.job import JOB_STATES, Job
from ingest.telemetry.moments import duration, moment
from ingest.telemetry.slurm.hostlist import expanded
from ingest.telemetry.slurm.layout import layout_of, state_word
from ingest.telemetry.slurm.tres import gpus_in_tres
from ingest.telemetry.unreadable import UnreadableRowError

_UNFINISHED = frozenset({"PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "REQUEUED", "RESIZING"})
Refuse = Callable[[int, str], None]  # (row, reason)


def sacct_jobs(lines: Iterable[str], name: str, refuse: Refuse, timezone: tzinfo = UTC) -> Iterator[Job]:
    """The jobs in the lines of a file called `name`; those that cannot be read are told to `refuse`, with their row.

    Lines of steps (`123.batch`) are passed over: their job's own line says the same. Times without an offset are of
    `timezone`. Raises BadInput when the file is no output of sacct.
    """
    layout = None
    for row, raw in enumerate(lines, start=1):
        line = raw.rstrip("\r\n")
        if not line.strip():
            continue
        if layout is None:
            layout, is_header = layout_of(line, name)
            if is_header:
                continue
        cells = layout.cells(line)
        if cells is None:
            refuse(row, f"it has {line.count('|') + 1} fields where {len(layout.fields)} are expected")
            continue
        try:
            if not _is_step(cells):
                yield _job(cells, timezone)
        except UnreadableRowError as error:
            refuse(row, str(error))


def _is_step(cells: Mapping[str, str]) -> bool:
    return "." in cells.get("jobid", cells.get("jobidraw", ""))


def _job(cells: Mapping[str, str], timezone: tzinfo) -> Job:
    """Raises UnreadableRowError on a cell that cannot be used."""
    state = state_word(cells["state"])
    if state not in JOB_STATES:
        raise UnreadableRowError(f"State '{cells['state']}' is none that sacct has")
    started_at = moment(cells["start"], "Start", timezone)
    nodes, node_count = _nodes(cells)
    # What was asked for counts only while nothing is allocated: a job that waits.
    tres = cells.get("alloctres") or cells.get("allocgres") or ""
    if not tres and started_at is None:
        tres = cells.get("reqtres") or cells.get("reqgres") or ""
    return Job(
        job_id=_id(cells),
        state=state,
        gpus=gpus_in_tres(tres, nodes=node_count),
        name=cells.get("jobname") or None,
        user_name=cells.get("user") or None,
        account=cells.get("account") or None,
        partition=cells.get("partition") or None,
        nodes=nodes,
        node_count=node_count,
        submitted_at=moment(cells.get("submit", ""), "Submit", timezone),
        started_at=started_at,
        ended_at=_end(cells, state, timezone),
    )


def _id(cells: Mapping[str, str]) -> str:
    """JobIDRaw, which telemetry names too; a task of an array has one of its own."""
    found = cells.get("jobidraw") or cells.get("jobid") or ""
    if not found:
        raise UnreadableRowError("JobIDRaw is empty")
    return found


def _nodes(cells: Mapping[str, str]) -> tuple[tuple[str, ...], int]:
    nodes = expanded(cells.get("nodelist", ""))
    said = cells.get("nnodes", "")
    if said and not said.isdecimal():
        raise UnreadableRowError(f"NNodes '{said}' is no whole number")
    count = int(said) if said else len(nodes)
    if nodes and len(nodes) != count:
        raise UnreadableRowError(f"NNodes is {count}, and NodeList names {len(nodes)}")
    return nodes, count


def _end(cells: Mapping[str, str], state: str, timezone: tzinfo) -> datetime | None:
    """When it ended; of its elapsed time where End is not asked for. None while it runs or waits."""
    started_at = moment(cells["start"], "Start", timezone)
    ended_at = moment(cells.get("end", ""), "End", timezone)
    if started_at is None:
        return None
    if ended_at is None and state not in _UNFINISHED:
        elapsed = duration(cells.get("elapsedraw") or cells.get("elapsed") or "", "Elapsed")
        ended_at = None if elapsed is None else started_at + elapsed
        if ended_at is None:
            raise UnreadableRowError(f"it is {state} and has no End")
    if ended_at is not None and ended_at < started_at:
        raise UnreadableRowError(f"it ends at {cells['end']}, before it starts at {cells['start']}")
    return ended_at
