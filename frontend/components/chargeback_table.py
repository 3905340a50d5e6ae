"""A billing month's chargeback as a table: the teams as their tree, then the unallocated, then the total."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from app.domain.figure import explain_url
from app.domain.money import EXACT, percent, plain, total
from app.domain.statement import CostType
from app.reports.budgets import TeamBudget
from app.reports.chargeback import ChargebackBlock, ChargebackReport
from app.reports.owed import CostTypePart, TeamCharge
from frontend.components.budget_bar import budget_cells
from frontend.components.statement_state import has_moved
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.state import team_url
from frontend.words import COST_TYPES


class Parts(StrEnum):
    """What the columns of the table break a total down by."""

    ORIGIN = "origin"
    COST_TYPE = "cost_type"


PARTS = {Parts.ORIGIN: "By origin", Parts.COST_TYPE: "By cost type"}
ON_TOP = (CostType.COMMITMENT_BENEFIT, CostType.MARKUP, CostType.ADJUSTMENT)
INDENT = "\u2003"  # an em space: HTML folds ordinary ones


def pools(charges: Sequence[TeamCharge]) -> dict[str, str]:
    """The names of the pools that any of `charges` has a part of, by id."""
    return {part.pool_id: part.pool_name for charge in charges for part in charge.shared}


def shared_amount(charge: TeamCharge, pool_id: str) -> Decimal | None:
    """What `charge` has of a pool; None when it has no part in it."""
    return next((part.amount for part in charge.shared if part.pool_id == pool_id), None)


def _split(charges: Sequence[TeamCharge], pool_id: str) -> str:
    """How a pool was split, as the end of a sentence."""
    words = next((part.split for charge in charges for part in charge.shared if part.pool_id == pool_id), None)
    return f", split {words}" if words else ""


def chargeback_table(
    report: ChargebackReport,
    block: ChargebackBlock,
    by: Parts = Parts.ORIGIN,
    budgeted: Mapping[str | None, TeamBudget] | None = None,
) -> Component:
    """Every digit of what each team owes, and what it is made of; the parts add up to the total either way."""
    charges = (*block.teams, block.unallocated)
    columns = [
        Column("team", "Team", link="href", pinned=True, width=190),
        Column("cost_center", "Cost center", width=100),
        Column("total", "Total", Kind.EXACT, link="explain", hint="Every digit; what follows the cents is in grey"),
        *(
            [Column("charged", "Charged", Kind.MONEY, hint="In whole cents: lines are rounded so that invoices add up")]
            if block.charged is not None
            else []
        ),
        *(_by_cost_type(block) if by is Parts.COST_TYPE else _by_origin(charges)),
        *([Column("moved", "Moved since", Kind.MONEY, hint="What live figures have more")] if has_moved(block) else []),
        *([Column("budget", "Budget used", Kind.SHARE, hint="By the team and those below it")] if budgeted else []),
        Column("previous", report.period.previous_month().label, Kind.MONEY),
        Column("change", "Change", Kind.MONEY),
        Column("percent", "Change %", Kind.PERCENT),
    ]
    depths = _depths(block.teams)
    asked = _asked(report, block)
    rows = [
        {
            **_row(charge, report, depths.get(charge.team_id, 0)),
            **budget_cells((budgeted or {}).get(charge.team_id)),
            "explain": explain_url(None, team=charge.team_id, **asked),
        }
        for charge in charges
    ]
    totals = [{**_total(block, charges), "explain": explain_url(None, **asked)}]
    name = f"chargeback-{block.currency}"
    table = money_table(name, f"Chargeback in {block.currency}", columns, rows, totals=totals)
    return html.Section(table, className="card flush")


def _asked(report: ChargebackReport, block: ChargebackBlock) -> dict[str, Any]:
    """What names a figure of the block to `explain_url`."""
    return {
        "period": report.period.start,
        "currency": block.currency,
        "metric": report.metric,
        "state": report.statement.state if report.statement else None,
    }


def _by_origin(charges: Sequence[TeamCharge]) -> list[Column]:
    """Direct, each pool, and what statements add on top where there is any of it."""
    origins = pools(charges)
    return [
        Column("direct", "Direct", Kind.MONEY, link="explain", query="&pool="),
        *(
            Column(
                f"pool:{pool_id}",
                name,
                Kind.MONEY,
                link="explain",
                query=f"&pool={quote(pool_id)}",
                hint=f"Shared: {name}{_split(charges, pool_id)}",
            )
            for pool_id, name in origins.items()
        ),
        *([Column("shared", "All shared", Kind.MONEY)] if len(origins) > 1 else []),
        *(_of_type(kind) for kind in ON_TOP if any(on_top(charge, kind) for charge in charges)),
    ]


def _by_cost_type(block: ChargebackBlock) -> list[Column]:
    return [_of_type(part.cost_type) for part in block.cost_types]


def _of_type(kind: CostType) -> Column:
    query = f"&cost_type={kind.value}"
    return Column(f"type:{kind.value}", COST_TYPES[kind], Kind.MONEY, link="explain", query=query)


def on_top(charge: TeamCharge, kind: CostType) -> Decimal:
    """What a statement adds to the month's own charges: one of ON_TOP."""
    amounts = {
        CostType.COMMITMENT_BENEFIT: charge.commitment_benefit,
        CostType.MARKUP: charge.markup,
        CostType.ADJUSTMENT: charge.adjustments,
    }
    return amounts[kind]


def _depths(teams: Sequence[TeamCharge]) -> dict[str | None, int]:
    """How far below the top each team stands; parents come before children."""
    depths: dict[str | None, int] = {}
    for team in teams:
        depths[team.team_id] = depths.get(team.parent_id, -1) + 1 if team.parent_id else 0
    return depths


def _row(charge: TeamCharge, report: ChargebackReport, depth: int) -> Row:
    return {
        "team": INDENT * depth + charge.name,
        "href": team_url(charge.team_id, report.period.label, report.metric) if charge.team_id else None,
        "cost_center": charge.cost_center,
        "shared": money(charge.shared_total),
        "charged": money(charge.charged),
        "moved": money(charge.moved),
        **{f"pool:{part.pool_id}": plain(part.amount) for part in charge.shared},
        **_types(charge.cost_types),
        **_compared(charge.direct, charge.total, charge.previous_total, charge.change),
    }


def _types(parts: Sequence[CostTypePart]) -> dict[str, str]:
    return {f"type:{part.cost_type.value}": plain(part.amount) for part in parts}


def _total(block: ChargebackBlock, charges: Sequence[TeamCharge]) -> Row:
    parts = [part for charge in charges for part in charge.shared]
    by_pool = {
        f"pool:{pool_id}": plain(total(part.amount for part in parts if part.pool_id == pool_id))
        for pool_id in pools(charges)
    }
    change = EXACT.subtract(block.total, block.previous_total)
    direct = total(charge.direct for charge in charges)
    return {
        "team": "Total",
        "shared": plain(total(part.amount for part in parts)),
        "charged": money(block.charged),
        "moved": money(block.moved),
        **by_pool,
        **_types(block.cost_types),
        **_compared(direct, block.total, block.previous_total, change),
    }


def _compared(direct: Decimal, whole: Decimal, before: Decimal, change: Decimal) -> dict[str, str | None]:
    return {
        "direct": plain(direct),
        "total": plain(whole),
        "previous": plain(before),
        "change": plain(change),
        "percent": money(percent(change, before)),
    }
