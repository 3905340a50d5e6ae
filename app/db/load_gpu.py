"""GPU telemetry into Postgres: nodes, boards and owners, and the hourly facts in place of those that they replace."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from psycopg import sql
from sqlalchemy.orm import Session

from app.db.load import COPY_BLOCK, driver

FACT_COLUMNS = (
    "source_id",
    "delivery_id",
    "hour",
    "board_id",
    "gpu_instance_id",
    "owner_id",
    "node_id",
    "mig_profile",
    "sample_count",
    "observed",
    "active",
    "suspect",
    "unavailable",
    "activity_source",
    *(
        f"{measure}_{part}"
        for measure in ("activity", "gpu_util", "tensor_active", "dram_active", "fb_used_mib", "power_watts")
        for part in ("avg", "max")
    ),
    "energy_mj",
)
_OWNER = ("namespace", "pod", "container", "job_id", "user_name", "account", "team")


@dataclass(frozen=True)
class SeenBoard:
    """A board as telemetry tells of it last."""

    gpu_uuid: str
    model: str | None
    accelerator: str | None  # as the catalogue calls it
    fb_total_mib: float | None
    node: str | None
    last_hour: datetime


def node_ids(session: Session, names: Sequence[str]) -> dict[str, int]:
    """The id of each node; new ones are added."""
    connection = driver(session)
    connection.execute(
        "INSERT INTO gpu_node (name) SELECT name FROM unnest(%s::text[]) AS told (name) ORDER BY name"
        " ON CONFLICT (name) DO NOTHING",
        [list(names)],
    )
    return dict(connection.execute("SELECT name, id FROM gpu_node WHERE name = ANY(%s)", [list(names)]).fetchall())


def board_ids(session: Session, boards: Sequence[SeenBoard], nodes: dict[str, int]) -> dict[str, int]:
    """The id of each board; new ones are added. What is told of a board counts, unless something later is known."""
    connection = driver(session)
    columns = [
        [each.gpu_uuid for each in boards],
        [each.model for each in boards],
        [each.accelerator for each in boards],
        [each.fb_total_mib for each in boards],
        [nodes[each.node] if each.node else None for each in boards],
        [each.last_hour for each in boards],
    ]
    told = (
        "unnest(%s::text[], %s::text[], %s::text[], %s::real[], %s::bigint[], %s::timestamptz[])"
        " AS told (gpu_uuid, model, accelerator, fb_total_mib, node_id, last_hour)"
    )
    connection.execute(
        f"INSERT INTO gpu_board (gpu_uuid, model, accelerator, fb_total_mib, node_id)"
        f" SELECT gpu_uuid, model, accelerator, fb_total_mib, node_id FROM {told} ORDER BY gpu_uuid"
        " ON CONFLICT (gpu_uuid) DO NOTHING",
        columns,
    )
    connection.execute(
        "UPDATE gpu_board SET model = coalesce(told.model, gpu_board.model),"
        " accelerator = coalesce(told.accelerator, gpu_board.accelerator),"
        " fb_total_mib = coalesce(told.fb_total_mib, gpu_board.fb_total_mib),"
        f" node_id = coalesce(told.node_id, gpu_board.node_id) FROM {told} WHERE told.gpu_uuid = gpu_board.gpu_uuid"
        " AND NOT EXISTS (SELECT FROM gpu_hour WHERE board_id = gpu_board.id AND hour > told.last_hour)",
        columns,
    )
    return dict(
        connection.execute("SELECT gpu_uuid, id FROM gpu_board WHERE gpu_uuid = ANY(%s)", [columns[0]]).fetchall()
    )


def owner_ids(session: Session, owners: Iterable[tuple[int, *tuple[str | None, ...]]]) -> dict[int, int]:
    """The id of each owner, by the number that it comes with (before its columns in order); new ones are added."""
    connection = driver(session)
    names = ", ".join(_OWNER)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE incoming_owner (LIKE gpu_owner) ON COMMIT DROP")
        cursor.execute("ALTER TABLE incoming_owner ADD told_as bigint, DROP COLUMN id")
        with cursor.copy(f"COPY incoming_owner (told_as, {names}) FROM STDIN") as copy:
            for owner in owners:
                copy.write_row(owner)
        cursor.execute(
            f"INSERT INTO gpu_owner ({names}) SELECT {names} FROM incoming_owner ORDER BY {names}"
            " ON CONFLICT ON CONSTRAINT uq_gpu_owner_workload DO NOTHING"
        )
        # Texts are compared, because a join on columns that may be null would compare every pair.
        both = (", ".join(f"{table}.{name}" for name in _OWNER) for table in ("incoming_owner", "gpu_owner"))
        cursor.execute(
            "SELECT told_as, gpu_owner.id FROM incoming_owner JOIN gpu_owner ON "
            + " = ".join(f"jsonb_build_array({columns})::text" for columns in both)
        )
        found: dict[int, int] = dict(cursor.fetchall())
        cursor.execute("DROP TABLE incoming_owner")
    return found


def has_facts(session: Session, source_id: int, first: datetime, last: datetime) -> bool:
    """Whether a source has a fact of an hour from `first` to `last`."""
    query = "SELECT EXISTS (SELECT FROM gpu_hour WHERE source_id = %s AND hour BETWEEN %s AND %s)"
    found = driver(session).execute(query, [source_id, first, last]).fetchone()
    return bool(found and found[0])


def drop_window(session: Session, source_id: int, start: datetime, end: datetime) -> int:
    """Removes what a source said of the hours from `start` up to, not including, `end`; returns how many facts."""
    query = "DELETE FROM gpu_hour WHERE source_id = %s AND hour >= %s AND hour < %s"
    return driver(session).execute(query, [source_id, start, end]).rowcount


def drop_told_again(session: Session, source_id: int, board_hours: BinaryIO) -> int:
    """Removes what a source said of hours and boards (CSV of hour and board id); returns how many facts."""
    with driver(session).cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE told_again (hour timestamptz, board_id bigint) ON COMMIT DROP")
        with cursor.copy("COPY told_again FROM STDIN (FORMAT csv)") as copy:
            while block := board_hours.read(COPY_BLOCK):
                copy.write(block)
        cursor.execute("ANALYZE told_again")
        cursor.execute(
            "DELETE FROM gpu_hour USING told_again WHERE gpu_hour.source_id = %s"
            " AND gpu_hour.hour = told_again.hour AND gpu_hour.board_id = told_again.board_id",
            [source_id],
        )
        dropped = cursor.rowcount
        cursor.execute("DROP TABLE told_again")
    return dropped


def copy_facts(session: Session, facts: BinaryIO) -> int:
    """Copies hourly facts (CSV of FACT_COLUMNS, empty is null); returns how many."""
    names = sql.SQL(", ").join(map(sql.Identifier, FACT_COLUMNS))
    with driver(session).cursor() as cursor:
        with cursor.copy(sql.SQL("COPY gpu_hour ({}) FROM STDIN (FORMAT csv)").format(names)) as copy:
            while block := facts.read(COPY_BLOCK):
                copy.write(block)
        return cursor.rowcount


def copy_told_before(session: Session, source_id: int, first: datetime, last: datetime, target: BinaryIO) -> None:
    """Writes what a source has said of the hours from `first` to `last`: CSV of hour, board, instance and delivery.

    The hour is a number since 1970; the delivery is its number and SHA-256.
    """
    query = (
        "COPY (SELECT DISTINCT extract(epoch FROM hour)::bigint / 3600, gpu_uuid, gpu_instance_id, delivery_id, sha256"
        " FROM gpu_hour JOIN gpu_board ON gpu_board.id = board_id JOIN delivery ON delivery.id = delivery_id"
        " WHERE gpu_hour.source_id = {} AND hour BETWEEN {} AND {}) TO STDOUT (FORMAT csv)"
    )
    values = map(sql.Literal, (source_id, first, last))
    with driver(session).cursor() as cursor, cursor.copy(sql.SQL(query).format(*values)) as copy:
        target.writelines(copy)


def count_facts(session: Session, delivery_id: int, first: datetime, last: datetime) -> int:
    """How many facts of the hours from `first` to `last` are a delivery's."""
    query = "SELECT count(*) FROM gpu_hour WHERE delivery_id = %s AND hour BETWEEN %s AND %s"
    found = driver(session).execute(query, [delivery_id, first, last]).fetchone()
    return int(found[0]) if found else 0
