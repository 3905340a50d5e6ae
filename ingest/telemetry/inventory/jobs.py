"""Jobs from a plain CSV, for schedulers other than Slurm. docs/telemetry.md gives the columns."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo

from app.domain.gpu.job import JOB_STATES, Job
from ingest.telemetry.inventory.tables import Cells, Refuse, rows_of, whole_number
from ingest.telemetry.moments import duration, moment
from ingest.telemetry.slurm.hostlist import expanded
from ingest.telemetry.unreadable import UnreadableRowError

COLUMNS = (
    *("job_id", "name", "user", "account", "partition", "team", "nodes", "gpus"),
    *("submitted_at", "started_at", "ended_at", "duration", "checkpoint_at", "state"),
)


def csv_jobs(lines: Iterable[str], name: str, refuse: Refuse, timezone: tzinfo = UTC) -> Iterator[Job]:
    """The jobs in the lines of a CSV called `name`; rows that cannot be read are told to `refuse`.

    Raises BadInput on a header that does not fit.
    """
    for row, cells in rows_of(lines, name, refuse, required=("job_id", "gpus"), known=COLUMNS):
        try:
            yield _job(cells, timezone)
        except UnreadableRowError as error:
            refuse(row, str(error))


def _job(cells: Cells, timezone: tzinfo) -> Job:
    """Raises UnreadableRowError on a cell that cannot be used."""
    gpus = whole_number(cells["gpus"], "gpus")
    if not cells["job_id"] or gpus is None:
        raise UnreadableRowError("job_id and gpus must be given")
    nodes = expanded(cells["nodes"].replace(";", ",").replace(" ", ","))
    started_at = moment(cells["started_at"], "started_at", timezone)
    ended_at = _end(cells, started_at, timezone)
    return Job(
        job_id=cells["job_id"],
        state=_state(cells["state"], started_at, ended_at),
        gpus=gpus,
        name=cells["name"] or None,
        user_name=cells["user"] or None,
        account=cells["account"] or None,
        partition=cells["partition"] or None,
        team=cells["team"] or None,
        nodes=nodes,
        node_count=len(nodes),
        submitted_at=moment(cells["submitted_at"], "submitted_at", timezone),
        started_at=started_at,
        ended_at=ended_at,
        checkpoint_at=moment(cells["checkpoint_at"], "checkpoint_at", timezone),
    )


def _end(cells: Cells, started_at: datetime | None, timezone: tzinfo) -> datetime | None:
    ended_at = moment(cells["ended_at"], "ended_at", timezone)
    lasted = duration(cells["duration"], "duration")
    if started_at is None:
        if ended_at is not None or lasted:
            raise UnreadableRowError("it has ended and has no started_at")
        return None
    if ended_at is None and lasted is not None:
        ended_at = started_at + lasted
    if ended_at is not None and ended_at < started_at:
        raise UnreadableRowError("it ends before it starts")
    return ended_at


def _state(text: str, started_at: datetime | None, ended_at: datetime | None) -> str:
    """The state in Slurm's words; where none is given, what the times tell."""
    if not text:
        return "PENDING" if started_at is None else "RUNNING" if ended_at is None else "COMPLETED"
    state = text.upper().replace(" ", "_").replace("-", "_")
    if state not in JOB_STATES:
        raise UnreadableRowError(f"state '{text}' is none of {', '.join(sorted(JOB_STATES))}")
    return state
