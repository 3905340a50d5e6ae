"""How the pools in a figure were split: the weights of those who pay, and where these are from."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date

from app.chargeback.policies import AppliedPolicy
from app.domain.explanation import PoolWorking, Weight
from app.domain.money import ZERO, total
from app.domain.policy import Split
from app.domain.split_record import SplitRecord
from app.reports.cost_query import Filter

_SOURCES = {
    Split.EVEN: "every team that pays counts alike",
    Split.FIXED: "the weights in the policy document",
    Split.PROPORTIONAL: "the direct effective cost of each team in the billing period, negative ones as zero",
}


def pool_workings(
    splits: Iterable[tuple[date, SplitRecord]],
    applied: AppliedPolicy | None,
    *,
    loads: Callable[[date, SplitRecord], tuple[int, ...]],
    filters: Sequence[Filter],
    visible: frozenset[str] | None,
) -> tuple[PoolWorking, ...]:
    """The working of each split, whose weights are from `loads`.

    Payers that are not `visible` come together, without their names.
    """
    lines = {pool.id: pool.line for pool in applied.policy.pools} if applied else {}
    return tuple(
        PoolWorking(
            billing_period_start=period,
            pool_id=record.pool_id,
            name=record.pool_name,
            line=lines.get(record.pool_id) or None,
            policy_version=applied.version if applied else None,
            split=record.words,
            source=_source(record),
            unit=_unit(record),
            loads=loads(period, record),
            share=total(share for team, share in record.shares.items() if _in_figure(team, filters, visible)),
            weights=_weights(record, filters, visible),
            left_out=record.left_out,
        )
        for period, record in splits
    )


def _source(record: SplitRecord) -> str:
    if record.used is Split.DRIVER:
        return f"the driver {record.driver} by its dimension {record.dimension}, in the billing period"
    return _SOURCES[record.used]


def _unit(record: SplitRecord) -> str | None:
    match record.used:
        case Split.DRIVER:
            return record.unit
        case Split.PROPORTIONAL:
            return record.currency
        case _:
            return None


def _in_figure(team: str, filters: Iterable[Filter], visible: AbstractSet[str] | None) -> bool:
    """Whether a team is one of those that the figure is about; as `app.db.queries.conditions.keeps` has it."""
    asked = (each for each in filters if each.dimension == "team")
    return (visible is None or team in visible) and all((team in each.values) is not each.exclude for each in asked)


def _weights(record: SplitRecord, filters: Sequence[Filter], visible: frozenset[str] | None) -> tuple[Weight, ...]:
    teams = sorted({*record.weights, *record.shares})
    seen = [team for team in teams if visible is None or team in visible]
    hidden = [team for team in teams if team not in seen]
    weights = [
        Weight(team, None, record.weights.get(team), record.shares.get(team, ZERO), _in_figure(team, filters, visible))
        for team in seen
    ]
    weights.sort(key=lambda each: (-each.share, each.team_id or ""))
    if visible is None:
        weights += [Weight(None, pool, weight, ZERO, False) for pool, weight in record.pool_weights.items()]
    rest = [*(record.weights.get(team, ZERO) for team in hidden), *record.pool_weights.values()]
    if visible is not None and rest:
        share = total(record.shares.get(team, ZERO) for team in hidden)
        weights.append(Weight(None, None, total(rest), share, False))
    return tuple(weights)
