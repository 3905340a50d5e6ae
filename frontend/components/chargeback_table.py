"""A billing month's chargeback as a table: the teams as their tree, then the unallocated, then the total."""

from collections.abc import Sequence
from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from app.domain.money import EXACT, percent, plain, total
from app.reports.chargeback import ChargebackBlock, ChargebackReport
from app.reports.owed import TeamCharge
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.state import team_url

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


def chargeback_table(report: ChargebackReport, block: ChargebackBlock) -> Component:
    """Every digit of what each team owes, and where it comes from."""
    charges = (*block.teams, block.unallocated)
    origins = pools(charges)
    columns = [
        Column("team", "Team", link="href", pinned=True, width=230),
        Column("cost_center", "Cost center", width=110),
        Column("total", "Total", Kind.EXACT, hint="Every digit; what follows the cents is in grey"),
        Column("direct", "Direct", Kind.MONEY),
        *(
            Column(f"pool:{pool_id}", name, Kind.MONEY, hint=f"Shared: {name}{_split(charges, pool_id)}")
            for pool_id, name in origins.items()
        ),
        *([Column("shared", "All shared", Kind.MONEY)] if len(origins) > 1 else []),
        Column("previous", report.period.previous_month().label, Kind.MONEY),
        Column("change", "Change", Kind.MONEY),
        Column("percent", "Change %", Kind.PERCENT),
    ]
    depths = _depths(block.teams)
    rows = [_row(charge, report, depths.get(charge.team_id, 0)) for charge in charges]
    name = f"chargeback-{block.currency}"
    table = money_table(name, f"Chargeback in {block.currency}", columns, rows, totals=[_total(block, charges)])
    return html.Section(table, className="card flush")


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
        **{f"pool:{part.pool_id}": plain(part.amount) for part in charge.shared},
        **_compared(charge.direct, charge.total, charge.previous_total, charge.change),
    }


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
        **by_pool,
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
