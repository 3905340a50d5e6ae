"""Posting GPU waste: what the bill says of GPUs × what telemetry saw them do → where every paid board-minute went."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter

from sqlalchemy.orm import Session

from app.chargeback.gpu_catalogue_hours import catalogue_hours, unbilled
from app.chargeback.gpu_groups import Group, down_minutes, groups
from app.chargeback.gpu_resources import Ground, Resource, waste_of
from app.chargeback.gpu_workloads import Workloads, lost_by_owner
from app.chargeback.policies import policy_in_force
from app.db.gpu_nodes import match_nodes
from app.db.gpu_waste import WasteRow, add_waste, drop_waste
from app.db.queries import gpu_waterfall as reading
from app.db.queries.gpu_nodes import boards_of_nodes
from app.db.queries.gpu_prices import priced_hours
from app.db.queries.gpu_waterfall import HOUR_SECONDS, Node
from app.domain.gpu.price import PricedHour
from app.domain.gpu.settings import LONGEST_IDLE
from app.domain.period import next_month

_ROWS_AT_ONCE = 20_000
_MARGIN = LONGEST_IDLE // 60  # hours before and after that tell how long a run is


def post_waste(session: Session, periods: Iterable[date]) -> None:
    """Rewrites the GPU waste of billing `periods`, by their first days, from live bills, telemetry and the policy.

    Σ effective cost of a period's rows = the GPU part of its live bills, by currency, to the last digit; rows of nodes
    without a bill have the purchase option `catalogue` and are no part of it. The caller holds `lock_posting`.
    """
    if not reading.has_gpus(session):
        return
    posted = sorted(set(periods))
    match_nodes(session, posted)
    for period in posted:
        drop_waste(session, period)
        rows: list[WasteRow] = []
        for row in waste_rows(session, period, priced_hours(session, period)):
            rows.append(row)
            if len(rows) >= _ROWS_AT_ONCE:
                add_waste(session, rows)
                rows.clear()
        add_waste(session, rows)


def affected_periods(session: Session, first: datetime, last: datetime) -> list[date]:
    """The billing periods whose waste telemetry from `first` up to `last` may change, by their first days.

    A run that ends in another month changes that one, too; so do bills that price these hours in a later period.
    """
    margin = timedelta(minutes=LONGEST_IDLE)
    return reading.periods_of_hours(session, first - margin, last + margin)


def waste_rows(session: Session, period: date, priced: Sequence[PricedHour]) -> Iterator[WasteRow]:
    """The waterfall of a billing period whose bills say `priced`, row by row."""
    nodes = {node.id: node for node in reading.nodes(session)}
    resources = _resources(priced) + _unbilled_nodes(session, period, nodes, priced)
    if not resources:
        return
    by_group = groups(nodes.values())
    of_group, alone = _in_groups(resources, by_group)
    spans = _spans(resources)
    ground = _ground(session, period, nodes, spans)
    for resource in alone:
        yield from waste_of(ground, [resource], [], [])
    used = {number: by_group[number] for number in of_group}
    numbers = {node.id: number for number, group in used.items() for node in group.nodes}
    done = set()
    if numbers:
        for number, told in groupby(reading.facts(session, numbers, spans), itemgetter(0)):
            done.add(number)
            yield from waste_of(ground, of_group[number], used[number].nodes, [fact for _, fact in told])
    for number in used.keys() - done:
        yield from waste_of(ground, of_group[number], used[number].nodes, [])


def _resources(priced: Iterable[PricedHour]) -> list[Resource]:
    """The priced hours by resource; commitments that nobody used are apart, for no node is them."""
    found: defaultdict[tuple[str | None, bool], list[PricedHour]] = defaultdict(list)
    for hour in priced:
        found[hour.resource_id, hour.is_unused_commitment].append(hour)
    return [Resource(resource_id, hours) for (resource_id, _), hours in found.items()]


def _unbilled_nodes(
    session: Session, period: date, nodes: dict[int, Node], priced: Iterable[PricedHour]
) -> list[Resource]:
    billed = frozenset(hour.resource_id for hour in priced if hour.resource_id is not None)
    unnamed = [node.id for node in nodes.values() if not {node.resource_id, *node.resources} <= billed]
    if not unnamed:
        return []
    first, last = (datetime.combine(day, time(), UTC) for day in (period, next_month(period)))
    hours = unbilled(nodes, reading.seen_hours(session, unnamed, first, last), billed)
    boards = boards_of_nodes(session) if hours else {}
    found = [(nodes[key], catalogue_hours(nodes[key], boards.get(key), told, period)) for key, told in hours.items()]
    return [Resource(node.resource_id, prices, only_node=node.id) for node, prices in found if prices]


def _in_groups(
    resources: Iterable[Resource], by_group: Sequence[Group]
) -> tuple[dict[int, list[Resource]], list[Resource]]:
    """Each resource with the group of its nodes, and those that are no node."""
    of_resource = {each: number for number, group in enumerate(by_group) for each in group.resources}
    of_node = {node.id: number for number, group in enumerate(by_group) for node in group.nodes}
    found: defaultdict[int, list[Resource]] = defaultdict(list)
    alone = []
    for resource in resources:
        known = of_resource.get(resource.resource_id or "")
        number = known if resource.only_node is None else of_node[resource.only_node]
        if number is None or resource.is_unused_commitment:
            alone.append(resource)
        else:
            found[number].append(resource)
    return dict(found), alone


def _spans(resources: Iterable[Resource]) -> list[tuple[int, int]]:
    """The hours whose facts matter: the days that are priced, with the margin, as few spans as there can be."""
    days = {int(hour.hour.timestamp()) // HOUR_SECONDS // 24 for resource in resources for hour in resource.priced}
    found: list[tuple[int, int]] = []
    for day in sorted(days):
        start, end = day * 24 - _MARGIN, (day + 1) * 24 + _MARGIN
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return found


def _ground(session: Session, period: date, nodes: dict[int, Node], spans: Sequence[tuple[int, int]]) -> Ground:
    owners = reading.owners(session)
    jobs = reading.failed_jobs(session, reading.instant(spans[0][0]), reading.instant(spans[-1][1]))
    down = down_minutes(nodes.values(), spans)
    names = {node.id: node.name for node in nodes.values()}
    applied = policy_in_force(session)
    workloads = Workloads(applied.policy if applied else None, owners, names, down, lost_by_owner(owners, jobs))
    return Ground(period, workloads, reading.boards(session))
