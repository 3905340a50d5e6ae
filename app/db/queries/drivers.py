"""Drivers of live loads: daily quantities that explain cost."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import Boolean, ColumnElement, Date, DateTime, Numeric, Select, cast, false, func, null, select, true
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from app.db.queries.conditions import keeps, may_see
from app.db.queries.question import TEAM, Condition
from app.db.tables.bills import Load, Source
from app.db.tables.charges import Driver
from app.domain.driver import DimensionQuantity, KnownDriver
from app.domain.policy import DriverSplit

SOURCE, UNIT, PROVIDER = "source", "unit", "service_provider_name"


class DriverQuestion(Protocol):
    """The quantities called `name` from `start` up to, not including, `end`."""

    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date: ...
    @property
    def name(self) -> str: ...
    @property
    def granularity(self) -> str: ...
    @property
    def group_by(self) -> Sequence[str]: ...
    @property
    def filters(self) -> Sequence[Condition]: ...


@dataclass(frozen=True)
class DriverSum:
    """The quantity of a bucket and a combination of dimensions."""

    unit: str
    period_start: date | None
    keys: tuple[str | None, ...]
    quantity: Decimal


def driver_sums(
    session: Session, question: DriverQuestion, *, visible: AbstractSet[str] | None, limit: int | None = None
) -> list[DriverSum]:
    """The sums that answer `question`, of rows whose team is `visible`, ordered by unit, bucket and dimensions."""
    unit, bucket = driver_dimension(UNIT), _bucket(question.granularity)
    keys = [driver_dimension(name) for name in question.group_by]
    conditions = [keeps(each, driver_dimension(each.dimension)) for each in question.filters]
    statement = (
        _live(select(unit, bucket, *keys, _quantity()))
        .where(
            Driver.name == question.name,
            Driver.day >= question.start,
            Driver.day < question.end,
            _seen(visible),
            *conditions,
        )
        .group_by(unit, bucket, *keys)
    )
    # In the order of code points, so that an answer reads the same whatever locale the database was made with.
    selected_unit, selected_bucket, *selected_keys = list(statement.selected_columns)[:-1]
    order = [selected_unit.collate("C"), selected_bucket.nulls_first()]
    order += [key.collate("C").nulls_last() for key in selected_keys]
    found = session.execute(statement.order_by(*order).limit(limit))
    return [DriverSum(unit, start, tuple(keys), quantity) for unit, start, *keys, quantity in found]


def known_drivers(session: Session, *, visible: AbstractSet[str] | None) -> list[KnownDriver]:
    """Every driver of the live loads that has rows whose team is `visible`, by name, unit and source."""
    groups = (Driver.name, Driver.unit, Source.name)
    first, last, days = func.min(Driver.day), func.max(Driver.day), func.count(Driver.day.distinct())
    columns: list[Any] = [*groups, first, last, days]
    spans = (
        _live(select(*columns))
        .where(_seen(visible))
        .group_by(*groups)
        .order_by(*(column.collate("C") for column in groups))
    )
    said = func.jsonb_object_keys(Driver.dimensions).table_valued("key").render_derived("said")
    named = _live(select(*groups, said.c.key).select_from(Driver).join(said, true())).where(_seen(visible)).distinct()
    dimensions: dict[tuple[str, str, str], list[str]] = {}
    for name, unit, source, dimension in session.execute(named):
        dimensions.setdefault((name, unit, source), []).append(dimension)
    return [
        KnownDriver(name, unit, source, start, end, count, tuple(sorted(dimensions.get((name, unit, source), ()))))
        for name, unit, source, start, end, count in session.execute(spans)
    ]


def split_quantities(
    session: Session, split: DriverSplit, period: date, loads: Collection[int] | None = None
) -> list[DimensionQuantity]:
    """What `loads` of a billing period have of the driver of `split`, by value of its dimension; None: live loads.

    What says idle is apart from what does not.
    """
    value, unit, idle = driver_dimension(split.dimension), driver_dimension(UNIT), _says_idle()
    which = Load.state == "live" if loads is None else Load.id.in_(loads)
    statement = (
        _with_loads(select(value, unit, _quantity(), idle))
        .where(which, Driver.name == split.driver, Load.billing_period_start == period, *_one_of(split.filters))
        .group_by(value, unit, idle)
        .order_by(unit.collate("C"), value.collate("C"), idle)
    )
    return [DimensionQuantity(*row) for row in session.execute(statement)]


def _says_idle() -> ColumnElement[bool]:
    """Whether a quantity ran and nobody used it: OpenCost says `__idle__` in a dimension, GPU telemetry `state: idle`.

    Source: OpenCost, allocation.go, `IdleSuffix`.
    """
    named = func.jsonb_path_exists(Driver.dimensions, cast('$.* ? (@ == "__idle__")', JSONPATH), type_=Boolean)
    return named | func.coalesce(Driver.dimensions.op("->>")("state") == "idle", false())


def driver_dimension(name: str) -> ColumnElement[Any]:
    """The dimension called `name`: what the source says of a quantity, the provider, the source itself, the unit."""
    columns: dict[str, Any] = {SOURCE: Source.name, UNIT: Driver.unit, PROVIDER: Driver.service_provider_name}
    if name in columns:
        column: ColumnElement[Any] = columns[name].expression
        return column
    return func.nullif(Driver.dimensions.op("->>")(name), "")


def _live(statement: Select[Any]) -> Select[Any]:
    return _with_loads(statement).where(Load.state == "live")


def _with_loads(statement: Select[Any]) -> Select[Any]:
    return statement.join(Load, Load.id == Driver.load_id).join(Source, Source.id == Load.source_id)


def _seen(visible: AbstractSet[str] | None) -> ColumnElement[bool]:
    return may_see(None if visible is None else frozenset(visible))(driver_dimension(TEAM))


def _one_of(filters: Mapping[str, AbstractSet[str]]) -> list[ColumnElement[bool]]:
    return [driver_dimension(name).in_(sorted(values)) for name, values in filters.items()]


def _quantity() -> ColumnElement[Decimal]:
    return func.trim_scale(func.sum(Driver.quantity), type_=Numeric)


def _bucket(granularity: str) -> ColumnElement[Any]:
    if granularity == "total":
        return cast(null(), Date)
    # Cast to a timestamp without zone: date_trunc of a bare date would go through the session's time zone.
    return cast(func.date_trunc(granularity, cast(Driver.day, DateTime)), Date)
