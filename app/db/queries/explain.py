"""What a figure is made of: a page of its leaves, its sums by rule, and how pools are shared."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import CTE, ColumnElement, Numeric, Select, Text, cast, func, literal, null, select, text
from sqlalchemy.orm import Session

from app.db.queries.conditions import paying_test
from app.db.queries.explain_charges import PoolPart, Selection, leaves, of_loads, owned_keys, payers, while_owned
from app.db.queries.question import TAG
from app.db.tables.charges import Charge, ChargeKey, Driver
from app.db.tables.policy import PoolShare
from app.domain.charge import KEY_COLUMNS, Metric


@dataclass(frozen=True)
class LeafRow:
    """The charges of a charge key while one rule owns them; no rule: nobody does."""

    billing_period_start: date
    charge_key: int
    currency: str
    first_day: date
    last_day: date
    rule: str | None
    team_id: str | None
    pool_id: str | None
    cost_type: str
    share: Decimal
    cost: Decimal
    amount: Decimal
    row_count: int
    rows_without_value: int


@dataclass(frozen=True)
class RuleRow:
    """What all the charges of a rule and owner come to in a figure."""

    currency: str
    rule: str | None
    team_id: str | None
    pool_id: str | None
    leaves: int
    amount: Decimal


@dataclass(frozen=True)
class LeafPage:
    """The leaves of a figure from one place on, largest first, and what every rule adds."""

    rows: tuple[LeafRow, ...]
    rules: tuple[RuleRow, ...]
    charge_keys: int


def leaf_page(session: Session, selection: Selection, *, limit: int, offset: int) -> LeafPage:
    """The leaves of a figure by the size of their amount, and its sums by rule, all currencies together."""
    leaf = leaves(selection)
    order = (func.abs(leaf.c.amount).desc(), leaf.c.charge_key, leaf.c.first_day)
    page = select(literal("leaf").label("kind"), *leaf.c, literal(1)).order_by(*order).limit(limit).offset(offset)
    by_rule = _summed(leaf, "rule", (leaf.c.currency, leaf.c.rule, leaf.c.team_id, leaf.c.pool_id))
    whole = _summed(leaf, "whole", ())
    with hash_joins_only(session):
        found = session.execute(page.subquery().select().union_all(by_rule, whole)).all()
    rows = [LeafRow(*row[1:-1]) for row in found if row.kind == "leaf"]
    rules = [
        RuleRow(row.currency, row.rule, row.team_id, row.pool_id, row[-1], row.amount)
        for row in found
        if row.kind == "rule"
    ]
    (charge_keys,) = (row[-1] for row in found if row.kind == "whole")
    return LeafPage(
        tuple(sorted(rows, key=lambda row: (-abs(row.amount), row.charge_key, row.first_day))),
        tuple(sorted(rules, key=lambda row: (-abs(row.amount), row.rule or "", row.currency))),
        charge_keys,
    )


@dataclass(frozen=True)
class TeamUsage:
    """What the charges that a team owns directly come to, by service: on the figure's cost and at contracted prices."""

    currency: str
    service_provider_name: str | None
    service_name: str | None
    team_id: str
    amount: Decimal
    contracted_cost: Decimal


def team_usage(session: Session, selection: Selection) -> list[TeamUsage]:
    """The selected charges that teams own directly, by currency, service and team."""
    charge, key = Charge.__table__.c, ChargeKey.__table__.c
    test = paying_test(selection.filters, selection.visible)
    owned = owned_keys(selection, payers(selection, test), test)
    groups = (key.billing_currency, key.service_provider_name, key.service_name, owned.c.team_id)
    sums = (func.coalesce(func.sum(charge[name]), 0) for name in (selection.metric, Metric.CONTRACTED))
    statement = (
        select(*groups, *(func.trim_scale(each, type_=Numeric) for each in sums))
        .join(owned, while_owned(owned))
        .join(ChargeKey, key.id == charge.charge_key_id)
        .where(*of_loads(selection), owned.c.team_id.is_not(None))
        .group_by(*groups)
    )
    with hash_joins_only(session):
        return [TeamUsage(*row) for row in session.execute(statement)]


def charge_keys(session: Session, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Every column of charge keys that has a value, as text, and their tags as `tag:KEY`."""
    key = ChargeKey.__table__.c
    columns = [cast(key[name], Text) for name in KEY_COLUMNS]
    found = session.execute(select(key.id, key.tags, *columns).where(key.id.in_(ids)))
    return {
        key_id: {name: text for name, text in zip(KEY_COLUMNS, texts, strict=True) if text is not None}
        | {f"{TAG}{tag}": str(value) for tag, value in sorted(tags.items())}
        for key_id, tags, *texts in found
    }


@contextmanager
def hash_joins_only(session: Session) -> Iterator[None]:
    """Keeps PostgreSQL from nested loops.

    It cannot know how many charge keys have which owner on which days, takes them for one, and would read a month's
    charges once for each of a thousand: minutes, where a hash join takes a fifth of a second.
    """
    session.execute(text("SET LOCAL enable_nestloop = off"))
    yield
    session.execute(text("SET LOCAL enable_nestloop = on"))


def _summed(leaf: CTE, kind: str, groups: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """`leaf` added up by `groups`, in the columns of a leaf."""
    grouped = {column.name for column in groups}
    sums = {"amount": func.trim_scale(func.sum(leaf.c.amount), type_=Numeric)}
    columns = [
        column if column.name in grouped else sums.get(column.name, cast(null(), column.type)) for column in leaf.c
    ]
    counted = func.count() if groups else func.count(leaf.c.charge_key.distinct())
    return select(literal(kind), *columns, counted).group_by(*groups)


def pool_parts(session: Session, periods: Sequence[date]) -> list[PoolPart]:
    """Who pays for each pool in these billing periods, as posted last."""
    share = PoolShare.__table__.c
    columns = (share.billing_period_start, share.billing_currency, share.pool_id, share.team_id, share.share)
    return [PoolPart(*row) for row in session.execute(select(*columns).where(share.billing_period_start.in_(periods)))]


def driver_loads(session: Session, names: Sequence[str], loads: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Those of `loads` that hold quantities of each driver."""
    statement = (
        select(Driver.name, func.array_agg(Driver.load_id.distinct()))
        .where(Driver.name.in_(names), Driver.load_id.in_(loads))
        .group_by(Driver.name)
    )
    return {name: tuple(sorted(found)) for name, found in session.execute(statement)}


def loads_with_key(session: Session, selection: Selection) -> list[tuple[int, date]]:
    """The loads of a selection, and their billing periods, that hold charges of its charge key."""
    charge = Charge.__table__.c
    statement = (
        select(charge.load_id, charge.billing_period_start)
        .where(*of_loads(selection), charge.charge_key_id == selection.charge_key)
        .distinct()
        .order_by(charge.load_id)
    )
    return [(load, period) for load, period in session.execute(statement)]
