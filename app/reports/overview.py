"""The overview: how the running month compares with the one before, what moved, and how fresh the figures are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db.queries.costs import newest_charge_day
from app.domain.charge import Metric
from app.domain.money import EXACT, ZERO, percent
from app.domain.period import Period
from app.domain.source_status import SourceStatus
from app.domain.viewer import Viewer
from app.reports.cost_query import CostQuery, Granularity
from app.reports.costs import CostBlock, CostRow, costs
from app.reports.owed import UNALLOCATED
from app.reports.sources import sources
from app.reports.teams import team_names

_DAYS_SHOWN = 60
_MOVERS_SHOWN = 5


@dataclass(frozen=True)
class Mover:
    """A team or a service (`kind`) whose cost changed against the same days of the month before.

    Without a key it is the cost that has no team, or no service.
    """

    kind: str
    key: str | None
    name: str
    before: Decimal
    after: Decimal
    change: Decimal


@dataclass(frozen=True)
class OverviewBlock:
    """The overview in one currency. The previous month to date has as many days as this one so far."""

    currency: str
    month_to_date: Decimal
    previous_month_to_date: Decimal
    previous_month: Decimal
    unallocated: Decimal
    unallocated_percent: Decimal | None
    movers_by_team: tuple[Mover, ...]
    movers_by_service: tuple[Mover, ...]
    daily: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True)
class Overview:
    """How things stand at the end of `as_of`, the newest day that has charges."""

    as_of: date
    month: Period
    metric: Metric
    blocks: tuple[OverviewBlock, ...]
    sources: tuple[SourceStatus, ...]


def overview(session: Session, viewer: Viewer, *, today: date, metric: Metric = Metric.EFFECTIVE) -> Overview:
    """The overview that `viewer` may see, by the day of use."""
    as_of = newest_charge_day(session, today) or today
    questions = _Questions(session, viewer, metric, as_of)
    names = team_names(session)
    blocks = tuple(_block(currency, questions, names) for currency in questions.currencies())
    return Overview(as_of, Period.month_of(as_of), metric, blocks, sources(session, viewer))


_Blocks = Mapping[str, CostBlock]  # by currency


class _Questions:
    """The six questions about costs that an overview is made of, asked once."""

    def __init__(self, session: Session, viewer: Viewer, metric: Metric, as_of: date) -> None:
        def ask(start: date, end: date, *group_by: str, granularity: Granularity = Granularity.TOTAL) -> _Blocks:
            query = CostQuery(start, end, metric, granularity=granularity, group_by=group_by)
            return {block.currency: block for block in costs(session, viewer, query).blocks}

        month, end = Period.month_of(as_of), as_of + timedelta(days=1)
        previous = month.previous_month()
        same_days = min(previous.start + (end - month.start), previous.end)
        self.teams = ask(month.start, end, "team")
        self.teams_before = ask(previous.start, same_days, "team")
        self.services = ask(month.start, end, "service_name")
        self.services_before = ask(previous.start, same_days, "service_name")
        self.previous_month = ask(previous.start, previous.end)
        self.daily = ask(end - timedelta(days=_DAYS_SHOWN), end, granularity=Granularity.DAY)

    def currencies(self) -> list[str]:
        """Every currency that one of the answers has."""
        return sorted({*self.teams, *self.teams_before, *self.previous_month, *self.daily})


def _block(currency: str, asked: _Questions, names: Mapping[str, str]) -> OverviewBlock:
    by_team = _by_key(asked.teams, currency)
    month_to_date = _total(asked.teams, currency)
    unallocated = by_team.get(None, ZERO)
    teams = _Movers("team", names, nameless=UNALLOCATED)
    services = _Movers("service", {}, nameless="No service")
    return OverviewBlock(
        currency=currency,
        month_to_date=month_to_date,
        previous_month_to_date=_total(asked.teams_before, currency),
        previous_month=_total(asked.previous_month, currency),
        unallocated=unallocated,
        unallocated_percent=percent(unallocated, month_to_date),
        movers_by_team=teams.between(_by_key(asked.teams_before, currency), by_team),
        movers_by_service=services.between(_by_key(asked.services_before, currency), _by_key(asked.services, currency)),
        daily=tuple((row.period_start, row.amount or ZERO) for row in _rows(asked.daily, currency) if row.period_start),
    )


def _rows(blocks: _Blocks, currency: str) -> tuple[CostRow, ...]:
    return blocks[currency].rows if currency in blocks else ()


def _total(blocks: _Blocks, currency: str) -> Decimal:
    return blocks[currency].total if currency in blocks else ZERO


def _by_key(blocks: _Blocks, currency: str) -> dict[str | None, Decimal]:
    return {row.keys[0]: row.amount or ZERO for row in _rows(blocks, currency)}


@dataclass(frozen=True)
class _Movers:
    """Finds what moved most among things of one kind; a key without a name of its own is its name."""

    kind: str
    names: Mapping[str, str]
    nameless: str

    def between(self, before: Mapping[str | None, Decimal], after: Mapping[str | None, Decimal]) -> tuple[Mover, ...]:
        """The largest changes, up or down, first."""
        movers = [self._mover(key, before.get(key, ZERO), after.get(key, ZERO)) for key in {**before, **after}]
        moved = sorted((each for each in movers if each.change), key=lambda each: (-abs(each.change), each.name))
        return tuple(moved[:_MOVERS_SHOWN])

    def _mover(self, key: str | None, before: Decimal, after: Decimal) -> Mover:
        name = self.nameless if key is None else self.names.get(key, key)
        return Mover(self.kind, key, name, before, after, EXACT.subtract(after, before))
