"""Booking `gpu_hours`: boards, nodes, owners and hourly facts into Postgres, in the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ibis.backends.duckdb import Backend
from sqlalchemy.orm import Session

from app.db.dataset import count_change
from app.db.gpu_catalogue import accelerator
from app.db.load_gpu import (
    FACT_COLUMNS,
    SeenBoard,
    board_ids,
    copy_facts,
    drop_told_again,
    drop_window,
    has_facts,
    node_ids,
    owner_ids,
)
from ingest.engine.csv_rows import csv_rows
from ingest.telemetry.hour_columns import HOUR_TYPES, OWNER_COLUMNS, TABLE
from ingest.telemetry.standing import stand

_NOBODY = f"coalesce({', '.join(OWNER_COLUMNS)}) IS NULL"


@dataclass(frozen=True)
class BookedHours:
    """What was booked: facts, the boards, and the hours from the first to the last; how many facts gave way."""

    facts: int = 0
    boards: int = 0
    samples: int = 0
    replaced: int = 0
    first_hour: datetime | None = None
    last_hour: datetime | None = None
    begins_hour: bool = False  # whether its last hour is one that the source had said nothing of


def book_hours(
    session: Session,
    source_id: int,
    delivery_id: int,
    backend: Backend,
    *,
    covers: tuple[datetime, datetime] | None = None,
) -> BookedHours:
    """Books the rows of `gpu_hours` as facts of a source.

    First each sample is let stand for its interval. All that the source said of the same hours and boards gives way;
    with `covers`, all it said of the hours from the first up to, not including, the second.
    """
    stand(backend)
    facts, samples, first, last = backend.raw_sql(
        f"SELECT count(*), coalesce(sum(sample_count), 0)::BIGINT, min(hour), max(hour) FROM {TABLE}"
    ).fetchone()
    if not facts and covers is None:
        return BookedHours()
    begins = bool(facts) and not has_facts(session, source_id, last, last)
    boards = _number(session, backend)
    replaced = _make_room(session, source_id, backend, first, last, covers=covers)
    with csv_rows(backend, _facts(source_id, delivery_id)) as rows:
        booked = copy_facts(session, rows)
    assert booked == facts, "every hour has a board and an owner with a number"
    count_change(session)
    return BookedHours(booked, boards, samples, replaced, first, last, begins)


def _number(session: Session, backend: Backend) -> int:
    """Gives every node, board and owner its id, in tables of DuckDB; returns how many boards there are."""
    names = backend.raw_sql(f"SELECT DISTINCT hostname FROM {TABLE} WHERE hostname IS NOT NULL ORDER BY 1").fetchall()
    nodes = node_ids(session, [name for (name,) in names])
    _keep(backend, "gpu_node_id", "VARCHAR", nodes)
    told = backend.raw_sql(
        "SELECT gpu_uuid, arg_max(model, hour), arg_max(fb_total_mib, hour), arg_max(hostname, hour), max(hour)"
        f" FROM {TABLE} GROUP BY gpu_uuid ORDER BY gpu_uuid"
    ).fetchall()
    seen = [SeenBoard(uuid, model, _accelerator(model), total, node, hour) for uuid, model, total, node, hour in told]
    _keep(backend, "gpu_board_id", "VARCHAR", board_ids(session, seen, nodes))
    columns = ", ".join(OWNER_COLUMNS)
    backend.raw_sql(
        f"CREATE OR REPLACE TEMP TABLE gpu_owner_number AS SELECT row_number() OVER () AS told_as, {columns}"
        f" FROM (SELECT DISTINCT {columns} FROM {TABLE} WHERE NOT {_NOBODY})"
    )
    owners = backend.raw_sql(f"SELECT told_as, {columns} FROM gpu_owner_number").fetchall()
    _keep(backend, "gpu_owner_id", "BIGINT", owner_ids(session, owners))
    return len(seen)


def _accelerator(model: str | None) -> str | None:
    known = accelerator(model)
    return known.name if known else None


def _keep(backend: Backend, table: str, kind: str, ids: Mapping[Any, int]) -> None:
    """Makes a table of DuckDB with a key and the id of each."""
    backend.con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT unnest($1::{kind}[]) AS key, unnest($2::BIGINT[]) AS id",
        [list(ids), list(ids.values())],
    )


def _make_room(
    session: Session,
    source_id: int,
    backend: Backend,
    first: datetime | None,
    last: datetime | None,
    *,
    covers: tuple[datetime, datetime] | None,
) -> int:
    """Removes the facts that give way; returns how many."""
    dropped = drop_window(session, source_id, *covers) if covers else 0
    if first is None or last is None or not has_facts(session, source_id, first, last):
        return dropped
    again = f"SELECT DISTINCT hour, id FROM {TABLE} JOIN gpu_board_id ON key = gpu_uuid"
    with csv_rows(backend, again) as rows:
        return dropped + drop_told_again(session, source_id, rows)


def _facts(source_id: int, delivery_id: int) -> str:
    """The facts in the order of FACT_COLUMNS."""
    ids = {
        "source_id": str(source_id),
        "delivery_id": str(delivery_id),
        "board_id": "board.id",
        "owner_id": "owner.id",
        "node_id": "node.id",
    }
    cells = (ids.get(name) or _cell(name) for name in FACT_COLUMNS)
    same_owner = " AND ".join(f"number.{name} IS NOT DISTINCT FROM fact.{name}" for name in OWNER_COLUMNS)
    return (
        f"SELECT {', '.join(cells)} FROM {TABLE} AS fact JOIN gpu_board_id AS board ON board.key = fact.gpu_uuid"
        f" LEFT JOIN gpu_node_id AS node ON node.key = fact.hostname"
        f" LEFT JOIN gpu_owner_number AS number ON {same_owner}"
        " LEFT JOIN gpu_owner_id AS owner ON owner.key = number.told_as"
    )


def _cell(name: str) -> str:
    """A column of a fact; averages at the precision that Postgres keeps."""
    return f"fact.{name}::REAL" if HOUR_TYPES[name] == "DOUBLE" and name != "energy_mj" else f"fact.{name}"
