"""Explain any figure: the charges it is made of, the rules that own them, the shares of pools, and what was rounded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.chargeback.policies import AppliedPolicy, policy_of_version
from app.db.queries.costs import cost_sums
from app.db.queries.explain import LeafPage, LeafRow, RuleRow, charge_keys, driver_loads, leaf_page
from app.db.queries.explain_lines import LineChoice, LineSum, line_sums, worked_line_ids
from app.db.queries.line_keys import details_of
from app.domain.charge import Metric
from app.domain.explanation import Leaf, PoolWorking, Rest, RuleSum, RuleUsed, Working, rest_of
from app.domain.money import EXACT, ZERO, total
from app.domain.period import Period
from app.domain.policy import Rule, Split, ToPool, ToTeam
from app.domain.split_record import SplitRecord
from app.domain.statement import CostType, StatementState
from app.domain.viewer import Viewer
from app.errors import BadInput, NotFound
from app.reports.cost_query import Filter
from app.reports.explain_pools import pool_workings
from app.reports.explain_workings import WorkedFrom
from app.reports.figure_ground import Asked, FigureGround, figure_ground, span_of
from app.reports.visibility import visible_teams

LEAVES = 100
_WORKINGS = 50  # lines whose working is shown; the others are added up


@dataclass(frozen=True)
class LoadUsed:
    """A load that a figure rests on, and the delivery that its line items are in."""

    load_id: int
    source: str
    delivery_sha256: str
    billing_period_start: date


@dataclass(frozen=True)
class Explanation:
    """What a figure is made of. Leaves, their rest, workings and theirs add up to `exact`, to the last digit.

    `charged` and `rounding` are a statement's: what is charged in whole minor units, and what that is more than exact.
    A figure without `state` is on no statement: it follows the live charges.
    """

    span: Period
    state: StatementState | None
    metric: Metric
    currency: str
    exact: Decimal
    charged: Decimal | None
    rounding: Decimal | None
    policy_version: int | None
    policy: str | None
    loads: tuple[LoadUsed, ...]
    charge_keys: int
    leaf_count: int
    offset: int
    leaves: tuple[Leaf, ...]
    rest: Rest
    rules: tuple[RuleSum, ...]
    workings: tuple[Working, ...]
    rest_of_workings: Rest
    pools: tuple[PoolWorking, ...]


def explain(session: Session, viewer: Viewer, asked: Asked, *, limit: int = LEAVES, offset: int = 0) -> Explanation:
    """The explanation of the figure that `asked` names, with the leaves from `offset` on, largest first.

    A viewer limited to teams gets what these teams pay, and no other team's weights by name. Raises NotFound for a
    figure without charges or lines that `viewer` may see, and BadInput for one in several currencies.
    """
    ground = figure_ground(session, asked, visible_teams(session, viewer))
    page = leaf_page(session, ground.selection, limit=limit, offset=offset)
    sums = _lines(session, ground)
    currency = _currency(asked, page, sums)
    line_sum = next((each for each in sums if each.currency == currency), None)
    from_charges = total(each.amount for each in page.rules)
    applied = policy_of_version(session, ground.selection.policy_version)
    _check(session, ground, currency, from_charges, line_sum)
    leaves = _leaves(session, page.rows, _Rules(applied))
    workings, rest_of_workings = _workings(session, ground, line_sum)
    leaf_count = sum(each.leaves for each in page.rules)
    return Explanation(
        span=span_of(asked),
        state=StatementState(ground.statement.state) if ground.statement else None,
        metric=ground.selection.metric,
        currency=currency,
        exact=EXACT.add(from_charges, line_sum.worked if line_sum else ZERO),
        charged=line_sum.amount if line_sum else None,
        rounding=EXACT.subtract(line_sum.amount, line_sum.exact_amount) if line_sum else None,
        policy_version=applied.version if applied else None,
        policy=applied.policy.name if applied else None,
        loads=_loads(session, ground),
        charge_keys=page.charge_keys,
        leaf_count=leaf_count,
        offset=offset,
        leaves=leaves,
        rest=rest_of(from_charges, leaf_count, leaves),
        rules=tuple(_rule_sum(each, _Rules(applied)) for each in page.rules),
        workings=workings,
        rest_of_workings=rest_of_workings,
        pools=_pools(session, ground, page, currency, applied),
    )


def _lines(session: Session, ground: FigureGround) -> Sequence[LineSum]:
    """The sums of the statement's lines; none for a figure on no statement, or of some days of a statement."""
    choice = line_choice(ground)
    return line_sums(session, choice) if choice else ()


def line_choice(ground: FigureGround) -> LineChoice | None:
    """The lines that a figure is the sum of; None where lines do not tell days apart, and without a statement."""
    selection = ground.selection
    if ground.statement is None or selection.first_day or selection.charge_key is not None:
        return None
    return LineChoice(ground.statement.id, selection.filters, selection.visible)


def _currency(asked: Asked, page: LeafPage, sums: Sequence[LineSum]) -> str:
    found = sorted({each.currency for each in page.rules} | {each.currency for each in sums})
    if not found:
        raise NotFound(
            f"No charge and no line of {span_of(asked).label} that you may see makes up such a figure. Ask for less:"
            " leave out a condition, or another period."
        )
    if len(found) > 1:
        raise BadInput(f"The figure has several currencies, which are never added. Ask for one: {', '.join(found)}.")
    return found[0]


def _check(
    session: Session, ground: FigureGround, currency: str, from_charges: Decimal, line_sum: LineSum | None
) -> None:
    """That the charges come to what the statement, or the roll-ups, say. Wrong money is worse than a crash."""
    if line_sum:
        expected: Decimal | None = line_sum.from_charges
    elif ground.query:
        sums = cost_sums(session, ground.query, visible=ground.selection.visible)
        expected = total(each.amount for each in sums if each.currency == currency and each.amount is not None)
    else:
        return
    assert from_charges == expected, f"the charges come to {from_charges}, and the figure is {expected} {currency}"


class _Rules:
    """The rules of a policy version by their name and whom they give charges to."""

    def __init__(self, applied: AppliedPolicy | None) -> None:
        self._applied = applied

    def used(self, name: str | None, team_id: str | None, pool_id: str | None) -> RuleUsed | None:
        """The rule called `name`; its line is told if no other rule of that name can have given this owner."""
        if name is None or self._applied is None:
            return None
        named = [each for each in self._applied.policy.rules if each.name == name]
        lines = {each.line for each in named if _can_give(each, team_id, pool_id)}
        return RuleUsed(name, lines.pop() if len(lines) == 1 else None, self._applied.version)


def _can_give(rule: Rule, team_id: str | None, pool_id: str | None) -> bool:
    match rule.target:
        case ToTeam(team):
            return team == team_id
        case ToPool(pool):
            return pool == pool_id
        case _:
            return pool_id is None


def _leaves(session: Session, rows: Sequence[LeafRow], rules: _Rules) -> tuple[Leaf, ...]:
    dimensions = charge_keys(session, [row.charge_key for row in rows])
    return tuple(
        Leaf(
            billing_period_start=row.billing_period_start,
            charge_key=row.charge_key,
            dimensions=dimensions[row.charge_key],
            first_day=row.first_day,
            last_day=row.last_day,
            rule=rules.used(row.rule, row.team_id, row.pool_id),
            team_id=row.team_id,
            pool_id=row.pool_id,
            cost_type=CostType(row.cost_type),
            cost=row.cost,
            share=row.share,
            amount=row.amount,
            row_count=row.row_count,
            rows_without_value=row.rows_without_value,
        )
        for row in rows
    )


def _rule_sum(row: RuleRow, rules: _Rules) -> RuleSum:
    rule = rules.used(row.rule, row.team_id, row.pool_id)
    return RuleSum(rule, row.team_id, row.pool_id, row.leaves, row.amount)


def _workings(session: Session, ground: FigureGround, line_sum: LineSum | None) -> tuple[tuple[Working, ...], Rest]:
    choice = line_choice(ground)
    if not (choice and line_sum and line_sum.worked_lines and ground.statement):
        return (), Rest(0, ZERO)
    ids = worked_line_ids(session, choice, limit=_WORKINGS)
    workings = WorkedFrom(session, ground.statement, ground.selection).workings(ids)
    left = EXACT.subtract(line_sum.worked, total(each.amount for each in workings))
    return workings, Rest(line_sum.worked_lines - len(workings), left)


def _loads(session: Session, ground: FigureGround) -> tuple[LoadUsed, ...]:
    return tuple(
        LoadUsed(each.load_id, each.source, each.delivery_sha256, each.billing_period_start)
        for each in details_of(session, ground.selection.loads)
    )


def _pools(
    session: Session, ground: FigureGround, page: LeafPage, currency: str, applied: AppliedPolicy | None
) -> tuple[PoolWorking, ...]:
    """The working of the pools that own charges of the figure."""
    used = {each.pool_id for each in page.rules}
    splits = [each for each in ground.splits if each[1].currency == currency and each[1].pool_id in used]
    if not splits:
        return ()
    selection = ground.selection
    drivers = driver_loads(session, [record.driver for _, record in splits if record.driver], selection.loads)
    periods = {each.load_id: each.billing_period_start for each in details_of(session, selection.loads)}

    def loads(period: date, record: SplitRecord) -> tuple[int, ...]:
        of_period = [load for load in selection.loads if periods.get(load) == period]
        if record.used is Split.DRIVER:
            return tuple(load for load in drivers.get(record.driver or "", ()) if load in of_period)
        return tuple(of_period) if record.used is Split.PROPORTIONAL else ()

    teams = [each for each in selection.filters if isinstance(each, Filter)]
    return pool_workings(splits, applied, loads=loads, filters=teams, visible=selection.visible)
