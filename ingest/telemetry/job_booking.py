"""Jobs and nodes into Postgres: what a source says again takes the place of what it said."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy.orm import Session

from app.db.load import driver
from app.domain.gpu.job import Job
from app.domain.gpu.node import NodeCondition, NodeInventory

_JOB = tuple(field.name for field in fields(Job))
_INCOMING = """
CREATE TEMPORARY TABLE incoming_job ON COMMIT DROP AS SELECT {columns}, 0 AS row FROM gpu_job WITH NO DATA
"""
# A job has one run at a time: the last row of a file that tells of a run counts.
_LAST = """
DELETE FROM incoming_job AS earlier USING incoming_job AS later
WHERE later.job_id = earlier.job_id AND later.started_at IS NOT DISTINCT FROM earlier.started_at
  AND later.row > earlier.row
"""
# A job that waited, and has run since, does not wait any more.
_NO_LONGER_WAITING = """
DELETE FROM gpu_job USING incoming_job AS new
WHERE gpu_job.source_id = %(source)s AND gpu_job.job_id = new.job_id AND gpu_job.started_at IS NULL
  AND new.started_at IS NOT NULL
"""
# A run without an end, before another of the same job, was put back into the queue, no later than the next one began.
_PUT_BACK = """
UPDATE gpu_job SET ended_at = new.started_at, state = 'REQUEUED'
FROM (SELECT job_id, min(started_at) AS started_at FROM incoming_job GROUP BY job_id) AS new
WHERE gpu_job.source_id = %(source)s AND gpu_job.job_id = new.job_id AND gpu_job.ended_at IS NULL
  AND gpu_job.started_at < new.started_at
"""
_UPSERT = """
INSERT INTO gpu_job (source_id, delivery_id, {columns}) SELECT %(source)s, %(delivery)s, {columns} FROM incoming_job
ON CONFLICT (source_id, job_id, started_at) DO UPDATE SET delivery_id = excluded.delivery_id, {updates}
"""
_NODES = """
INSERT INTO gpu_node (name, boards, model) SELECT * FROM unnest(%s::text[], %s::smallint[], %s::text[])
ON CONFLICT (name) DO UPDATE SET boards = coalesce(excluded.boards, gpu_node.boards),
    model = coalesce(excluded.model, gpu_node.model)
"""
_CONDITIONS = """
CREATE TEMPORARY TABLE incoming_condition ON COMMIT DROP AS
SELECT DISTINCT ON (node_id) gpu_node.id AS node_id, told.* FROM unnest(
    %s::text[], %s::timestamptz[], %s::boolean[], %s::timestamptz[], %s::text[]
) AS told (name, observed_at, is_down, since, reason) JOIN gpu_node USING (name) ORDER BY node_id, observed_at DESC
"""
_UP_AGAIN = """
UPDATE gpu_node_span AS span SET ends_at = told.observed_at FROM incoming_condition AS told
WHERE span.node_id = told.node_id AND span.source_id = %(source)s AND span.kind = 'down' AND span.ends_at IS NULL
  AND NOT told.is_down AND span.starts_at < told.observed_at
"""
_DOWN = """
INSERT INTO gpu_node_span (node_id, source_id, kind, starts_at, reason)
SELECT node_id, %(source)s, 'down', least(coalesce(since, observed_at), observed_at), reason
FROM incoming_condition AS told
WHERE is_down AND NOT EXISTS (
    SELECT FROM gpu_node_span AS span WHERE span.node_id = told.node_id AND span.source_id = %(source)s
      AND span.kind = 'down' AND (span.ends_at IS NULL OR span.ends_at > told.observed_at))
"""


@dataclass(frozen=True)
class BookedJobs:
    """What a delivery of jobs and nodes told: runs of jobs, nodes, nodes that are down; and the time it is about."""

    jobs: int = 0
    nodes: int = 0
    nodes_down: int = 0
    starts_at: datetime | None = None  # of the first run
    ends_at: datetime | None = None  # of the last


def book_jobs(
    session: Session, source_id: int, delivery_id: int, records: Iterable[Job | NodeInventory | NodeCondition]
) -> BookedJobs:
    """Books what a delivery says of jobs and nodes, in the caller's transaction.

    A run is known by its job's id and start. Said again, it replaces what was said; a job that waited and then runs,
    or runs again after it was put back into the queue, is brought up to date.
    """
    nodes: dict[str, NodeInventory] = {}
    conditions: list[NodeCondition] = []
    _copy_jobs(session, _without_nodes(records, nodes, conditions))
    booked = _book_runs(session, source_id, delivery_id)
    _book_nodes(session, [*nodes.values(), *(NodeInventory(each.name) for each in conditions)])
    _book_conditions(session, source_id, conditions)
    names = nodes.keys() | {each.name for each in conditions}
    return BookedJobs(booked[0], len(names), sum(each.is_down for each in conditions), *booked[1:])


def _without_nodes(
    records: Iterable[Job | NodeInventory | NodeCondition],
    nodes: dict[str, NodeInventory],
    conditions: list[NodeCondition],
) -> Iterator[Job]:
    """The jobs; nodes, of which there are few, are put aside."""
    for record in records:
        if isinstance(record, Job):
            yield record
        elif isinstance(record, NodeInventory):
            nodes[record.name] = record
        else:
            conditions.append(record)


def _copy_jobs(session: Session, jobs: Iterable[Job]) -> None:
    columns = ", ".join(_JOB)
    with driver(session).cursor() as cursor:
        cursor.execute(_INCOMING.format(columns=columns))
        with cursor.copy(f"COPY incoming_job ({columns}, row) FROM STDIN") as copy:
            for row, job in enumerate(jobs):
                copy.write_row((*(_cell(getattr(job, name)) for name in _JOB), row))


def _cell(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _book_runs(session: Session, source_id: int, delivery_id: int) -> tuple[int, datetime | None, datetime | None]:
    columns = ", ".join(_JOB)
    updates = ", ".join(f"{name} = excluded.{name}" for name in _JOB if name not in {"job_id", "started_at"})
    values = {"source": source_id, "delivery": delivery_id}
    with driver(session).cursor() as cursor:
        cursor.execute("CREATE INDEX ON incoming_job (job_id)")
        cursor.execute("ANALYZE incoming_job")
        for statement in (_LAST, _NO_LONGER_WAITING, _PUT_BACK, _UPSERT.format(columns=columns, updates=updates)):
            cursor.execute(statement, values)
        found = cursor.execute(
            "SELECT count(*), min(started_at), max(coalesce(ended_at, started_at)) FROM incoming_job"
        ).fetchone()
        cursor.execute("DROP TABLE incoming_job")
    assert found is not None
    return found


def _book_nodes(session: Session, nodes: Iterable[NodeInventory]) -> None:
    by_name: dict[str, NodeInventory] = {}
    for each in nodes:
        by_name.setdefault(each.name, each)  # the first that is told says most
    told = [(each.name, each.boards, each.model) for each in by_name.values()]
    if told:
        driver(session).execute(_NODES, [list(column) for column in zip(*told, strict=True)])


def _book_conditions(session: Session, source_id: int, conditions: Iterable[NodeCondition]) -> None:
    told = [(each.name, each.observed_at, each.is_down, each.since, each.reason) for each in conditions]
    if not told:
        return
    connection = driver(session)
    connection.execute(_CONDITIONS, [list(column) for column in zip(*told, strict=True)])
    for statement in (_UP_AGAIN, _DOWN, "DROP TABLE incoming_condition"):
        connection.execute(statement, {"source": source_id})
