"""Allocated charges: every charge of some loads once for each team that pays for it, with the exact part it pays.

A charge that belongs to a team directly, or to nobody, is one row; one of a pool is a row for each team that shares the
pool. A share is an exact factor and the shares of a pool add up to 1, so the rows of a charge add up to it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.db.load import driver
from app.db.queries.focus_columns import SKU_PRICE_DETAILS, Content, FocusColumn


@dataclass(frozen=True)
class PaidShare:
    """The part of a pool that a team pays in a currency, and by which method; `method_details` is JSON."""

    billing_currency: str
    pool_id: str
    team_id: str
    share: Decimal
    method_id: str
    method_details: str


@dataclass(frozen=True)
class PayingTeam:
    """What a team is called in the billing period; `tags` is JSON."""

    team_id: str
    name: str
    cost_center: str | None
    tags: str


@dataclass(frozen=True)
class Allocation:
    """Whose charges they are: of which loads of a billing period, owned as which policy version says.

    `visible` leaves only the rows of these teams; None leaves all, unallocated ones included.
    """

    period: date
    loads: tuple[int, ...]
    policy_version: int | None
    shares: tuple[PaidShare, ...]
    teams: tuple[PayingTeam, ...]
    visible: frozenset[str] | None = None


@dataclass(frozen=True)
class Digits:
    """How many digits the longest numbers of a column have before and after the point."""

    whole: int
    fraction: int


_OF_LOADS = "charge.billing_period_start = %(period)s::date AND charge.load_id = ANY(%(loads)s::bigint[])"
# Worked out once for each key and not for each row, which takes as long as all other columns together.
_PRICE_DETAILS = f"""
WITH price_details AS MATERIALIZED (
    SELECT key.id, ({SKU_PRICE_DETAILS}) AS sku_price_details
    FROM charge_key AS key
    WHERE key.sku_price_details IS NOT NULL AND key.id IN (SELECT charge_key_id FROM charge WHERE {_OF_LOADS})
)
"""  # noqa: S608  (names of ours)
_PAID = """
FROM charge
JOIN charge_key AS key ON key.id = charge.charge_key_id
LEFT JOIN assignment ON assignment.policy_version_id = %(policy_version)s::bigint
    AND assignment.charge_key_id = charge.charge_key_id
    AND assignment.valid_from <= charge.charge_day AND assignment.valid_to > charge.charge_day
LEFT JOIN unnest(%(currencies)s::text[], %(pools)s::text[], %(payers)s::text[], %(shares)s::numeric[],
                 %(methods)s::text[], %(details)s::text[])
    AS payer (billing_currency, pool_id, team_id, share, method_id, method_details)
    ON payer.pool_id = assignment.pool_id AND payer.billing_currency = key.billing_currency
LEFT JOIN unnest(%(teams)s::text[], %(names)s::text[], %(cost_centers)s::text[], %(tags)s::text[])
    AS team (team_id, name, cost_center, tags)
    ON team.team_id = coalesce(assignment.team_id, payer.team_id)
"""
_VISIBLE = f"""
WHERE {_OF_LOADS}
    AND (%(visible)s::text[] IS NULL OR coalesce(assignment.team_id, payer.team_id) = ANY(%(visible)s::text[]))
"""
_IN_ORDER = 'ORDER BY charge.charge_day, key.id, charge.load_id, payer.team_id COLLATE "C"'


def allocated_rows(session: Session, allocation: Allocation, columns: Sequence[FocusColumn]) -> Iterator[bytes]:
    """The rows as lines of CSV, one at a time as PostgreSQL makes them: null is empty, an empty text is quoted.

    In the order of charge days, keys and teams, which is the same each time.
    """
    cells = ", ".join(f"({column.sql})" for column in columns)
    rows = f"{_PRICE_DETAILS} SELECT {cells} {_PAID} LEFT JOIN price_details ON price_details.id = key.id {_VISIBLE}"
    query = f"COPY ({rows} {_IN_ORDER}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')"
    with driver(session).cursor() as cursor, cursor.copy(query.encode(), _values(allocation)) as copy:
        for line in copy:
            yield bytes(line)


def digits(session: Session, allocation: Allocation, columns: Sequence[FocusColumn]) -> dict[str, Digits]:
    """What each column of numbers needs, by its name; a column without a value needs one digit."""
    numbers = [column for column in columns if column.content is Content.NUMBER]
    longest = ", ".join(f"max(abs({column.sql})), max(scale({column.sql}))" for column in numbers)
    row = driver(session).execute(f"SELECT {longest} {_PAID} {_VISIBLE}".encode(), _values(allocation)).fetchone()
    assert row is not None
    pairs = zip(numbers, row[::2], row[1::2], strict=True)
    return {column.name: Digits(_whole_digits(largest), scale or 0) for column, largest, scale in pairs}


def _whole_digits(number: Decimal | None) -> int:
    return max(number.adjusted() + 1, 1) if number else 1


def _values(allocation: Allocation) -> dict[str, Any]:
    shares = _columns(allocation.shares, 6)
    teams = _columns(allocation.teams, 4)
    return {
        "period": allocation.period,
        "loads": list(allocation.loads),
        "policy_version": allocation.policy_version,
        "visible": None if allocation.visible is None else sorted(allocation.visible),
        **dict(zip(("currencies", "pools", "payers", "shares", "methods", "details"), shares, strict=True)),
        **dict(zip(("teams", "names", "cost_centers", "tags"), teams, strict=True)),
    }


def _columns(rows: Sequence[PaidShare | PayingTeam], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*map(astuple, rows), strict=True)] or [[] for _ in range(width)]
