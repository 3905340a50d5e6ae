"""Adjustments, both ways: what a statement corrects of closed billing periods, and what corrects it later."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.db.queries.adjustments import corrections_of
from app.db.queries.conditions import may_see
from app.db.queries.statements import lines_by_id, posted_adjustments, statement_lines
from app.db.tables.statements import Statement
from app.domain.adjusting import adjusted_key
from app.domain.money import EXACT, ZERO
from app.domain.period import Period
from app.domain.statement import CostType, LineKey, StatementLine, StatementState
from app.domain.viewer import Scope, Viewer
from app.reports.owed import UNALLOCATED, Names
from app.reports.statement_ground import ground
from app.reports.visibility import visible_teams


@dataclass(frozen=True)
class Correction:
    """A line that corrects a closed billing period: what was charged for it so far, `was`, and what it comes to, `now`.

    Amounts are exact, `charged` is in whole minor units. `loads` replaced others since and `policy_versions`, before
    and after, differ if the policy did: they are what the correction comes from. No team means unallocated.
    """

    line_id: int
    corrects: Period
    corrected_line_id: int | None
    team_id: str | None
    team_name: str
    billing_currency: str
    invoice_issuer_name: str | None
    service_name: str | None
    cost_type: CostType
    pool_name: str | None
    was: Decimal
    now: Decimal
    change: Decimal
    charged: Decimal
    loads: tuple[int, ...]
    replaced_loads: tuple[int, ...]
    policy_versions: tuple[int | None, int | None]


@dataclass(frozen=True)
class LaterCorrection:
    """What the statement of a later billing period corrects of this one, for a team."""

    period: Period
    state: StatementState
    team_id: str | None
    team_name: str
    billing_currency: str
    change: Decimal
    charged: Decimal


@dataclass(frozen=True)
class Adjustments:
    """The adjustments of a billing period's statement, and those of later ones that correct it."""

    period: Period
    corrections: tuple[Correction, ...]
    later: tuple[LaterCorrection, ...]


def adjustments(session: Session, viewer: Viewer, period: Period, state: StatementState | None = None) -> Adjustments:
    """What the statement of `period` corrects, and what corrects it, for the teams `viewer` may see.

    The statement is the closed one, else the issued one, else the draft, or the one in `state`. Raises NotFound when
    there is none in it.
    """
    viewer.require(Scope.READ_COSTS)
    test = may_see(visible_teams(session, viewer))
    basis = ground(session, period, None, state)
    found: list[StatementLine] = []
    if basis.statement is not None:
        lines = statement_lines(session, basis.statement.id, test)
        found = [line for line in lines if line.key.cost_type is CostType.ADJUSTMENT]
    return Adjustments(
        period,
        tuple(_corrections(session, basis.statement, found, basis.names)) if found else (),
        tuple(
            LaterCorrection(
                Period.month_of(each.billing_period_start),
                each.state,
                each.team_id,
                _name(each.team_id, basis.names),
                each.billing_currency,
                each.exact_amount,
                each.amount,
            )
            for each in corrections_of(session, period.start, test)
        ),
    )


def _corrections(
    session: Session, statement: Statement | None, lines: Iterable[StatementLine], names: Names
) -> Iterable[Correction]:
    lines = tuple(lines)
    corrected = lines_by_id(session, {line.adjusts_line_id for line in lines if line.adjusts_line_id is not None})
    periods = {line.key.adjusts_period for line in lines if line.key.adjusts_period is not None}
    before = statement if statement is not None and statement.state == StatementState.CLOSED else None
    posted = {period: _posted(session, period, before) for period in periods}
    for line in lines:
        assert line.key.adjusts_period is not None
        original = corrected[line.adjusts_line_id].exact_amount if line.adjusts_line_id is not None else ZERO
        was = EXACT.add(original, posted[line.key.adjusts_period].get(adjusted_key(line.key), ZERO))
        yield _correction(line, was, names)


def _posted(session: Session, corrected: date, before: Statement | None) -> Mapping[LineKey, Decimal]:
    """What earlier adjustments have corrected of a closed period already, by the line they correct."""
    found: defaultdict[LineKey, Decimal] = defaultdict(lambda: ZERO)
    for line in posted_adjustments(session, corrected, before):
        key = adjusted_key(line.key)
        found[key] = EXACT.add(found[key], line.exact_amount)
    return found


def _correction(line: StatementLine, was: Decimal, names: Names) -> Correction:
    key = line.key
    assert line.id is not None
    assert key.adjusts_period is not None
    assert key.adjusts_cost_type is not None
    causes: Mapping[str, Any] = line.causes or {}
    loads, versions = causes.get("loads", {}), causes.get("policy_versions", {})
    loaded, replaced = set(loads.get("after", ())), set(loads.get("before", ()))
    return Correction(
        line_id=line.id,
        corrects=Period.month_of(key.adjusts_period),
        corrected_line_id=line.adjusts_line_id,
        team_id=key.team_id,
        team_name=_name(key.team_id, names),
        billing_currency=key.billing_currency,
        invoice_issuer_name=key.invoice_issuer_name,
        service_name=key.service_name,
        cost_type=key.adjusts_cost_type,
        pool_name=None if key.pool_id is None else names.pools.get(key.pool_id, key.pool_id),
        was=was,
        now=EXACT.add(was, line.exact_amount),
        change=line.exact_amount,
        charged=line.amount,
        loads=tuple(sorted(loaded - replaced)),
        replaced_loads=tuple(sorted(replaced - loaded)),
        policy_versions=(versions.get("before"), versions.get("after")),
    )


def _name(team_id: str | None, names: Names) -> str:
    if team_id is None:
        return UNALLOCATED
    team = names.teams.get(team_id)
    return team.name if team else team_id
