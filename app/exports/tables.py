"""Each report as a table. The columns that FOCUS lacks are named as on the API."""

from collections.abc import Sequence

from app.domain.charge import COSTS
from app.domain.source_status import SourceStatus
from app.exports.table import Cell, Column, Kind, Table, amounts, texts
from app.reports.chargeback import ChargebackReport
from app.reports.costs import CostReport
from app.reports.loads import LoadRow
from app.reports.owed import TeamCharge
from app.reports.restatements import Restatement
from app.reports.team_statement import TeamStatement
from app.reports.teams import TeamNode


def costs_table(report: CostReport, labels: Sequence[str]) -> Table:
    """Costs, one line per bucket and combination; `labels` are the dimensions' names as the caller wrote them."""
    query = report.query
    columns = (Column("period_start", Kind.DAY), *texts(*labels, "billing_currency"), *amounts(query.metric))
    rows: list[tuple[Cell, ...]] = [
        (row.period_start, *row.keys, block.currency, row.amount) for block in report.blocks for row in block.rows
    ]
    return Table(f"costs {query.start} to {query.end}", columns, rows)


# Direct, shared and the first three are the total; what is charged is that in whole minor units.
_OF_A_STATEMENT = ("adjustments", "commitment_benefit", "markup", "charged")


def chargeback_table(report: ChargebackReport) -> Table:
    """Chargeback, one line per team and, after them, the unallocated; they add up to the bill."""
    columns = (
        *texts("team", "name", "parent", "cost_center", "billing_currency"),
        *amounts("direct", "shared", "total", "previous_total", "change", *_OF_A_STATEMENT),
    )
    rows: list[tuple[Cell, ...]] = [
        _charge_row(charge, block.currency) for block in report.blocks for charge in (*block.teams, block.unallocated)
    ]
    return Table(f"chargeback {report.period.label}", columns, rows)


def _charge_row(charge: TeamCharge, currency: str) -> tuple[Cell, ...]:
    return (
        charge.team_id,
        charge.name,
        charge.parent_id,
        charge.cost_center,
        currency,
        charge.direct,
        charge.shared_total,
        charge.total,
        charge.previous_total,
        charge.change,
        charge.adjustments,
        charge.commitment_benefit,
        charge.markup,
        charge.charged,
    )


def statement_table(statement: TeamStatement, team_id: str) -> Table:
    """A team's statement, one line per service."""
    columns = (
        *texts("service_provider_name", "service_name", "billing_currency"),
        *amounts("direct", "shared", "total", "previous_total", *_OF_A_STATEMENT),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.service_provider_name,
            each.service_name,
            block.currency,
            each.direct,
            each.shared,
            each.total,
            each.previous_total,
            each.adjustments,
            each.commitment_benefit,
            each.markup,
            each.charged,
        )
        for block in statement.blocks
        for each in block.services
    ]
    return Table(f"statement {statement.period.label} {team_id}", columns, rows)


def teams_table(teams: Sequence[TeamNode]) -> Table:
    """Teams, one line each."""
    columns = (
        *texts("id", "name", "parent_id", "cost_center", "gl_account"),
        Column("valid_from", Kind.DAY),
        Column("valid_to", Kind.DAY),
    )
    rows: list[tuple[Cell, ...]] = [
        (each.id, each.name, each.parent_id, each.cost_center, each.gl_account, each.valid_from, each.valid_to)
        for each in teams
    ]
    return Table("teams", columns, rows)


def sources_table(sources: Sequence[SourceStatus]) -> Table:
    """Sources, one line each."""
    columns = (
        *texts("name", "kind"),
        Column("last_received_at", Kind.INSTANT),
        *texts("last_state", "last_message"),
        Column("newest_charge_day", Kind.DAY),
        *(Column(name, Kind.COUNT) for name in ("live_loads", "rows_loaded", "rows_quarantined")),
        *texts("last_run_state", "last_run_message"),
        Column("last_run_at", Kind.INSTANT),
        Column("next_run_at", Kind.INSTANT),
        Column("cadence_minutes", Kind.COUNT),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.name,
            each.kind,
            each.last_received_at,
            each.last_state,
            each.last_message,
            each.newest_charge_day,
            each.live_loads,
            each.rows_loaded,
            each.rows_quarantined,
            each.last_run_state,
            each.last_run_message,
            each.last_run_at,
            each.next_run_at,
            each.cadence_minutes,
        )
        for each in sources
    ]
    return Table("sources", columns, rows)


def loads_table(loads: Sequence[LoadRow]) -> Table:
    """Loads, one line per load and currency."""
    columns = (
        Column("id", Kind.COUNT),
        *texts("source"),
        Column("billing_period_start", Kind.DAY),
        *texts("state"),
        Column("rows_loaded", Kind.COUNT),
        Column("created_at", Kind.INSTANT),
        *texts("billing_currency"),
        *amounts(*COSTS),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.id,
            each.source,
            each.billing_period_start,
            each.state,
            each.rows_loaded,
            each.created_at,
            total.currency if total else None,
            *(
                (total.billed_cost, total.effective_cost, total.list_cost, total.contracted_cost)
                if total
                else [None] * 4
            ),
        )
        for each in loads
        for total in each.totals or (None,)
    ]
    return Table("loads", columns, rows)


def restatements_table(restatements: Sequence[Restatement]) -> Table:
    """What loads that replaced others changed, one line per load and currency."""
    columns = (
        Column("billing_period_start", Kind.DAY),
        Column("load", Kind.COUNT),
        *texts("source"),
        Column("created_at", Kind.INSTANT),
        *texts("state", "replaced"),
        Column("lines", Kind.COUNT),
        *texts("billing_currency"),
        *amounts("billed_cost_change", "effective_cost_change"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.billing_period_start,
            each.load_id,
            each.source,
            each.created_at,
            each.state,
            " ".join(map(str, each.replaced)) or None,
            each.lines,
            each.billing_currency,
            each.billed_cost_change,
            each.effective_cost_change,
        )
        for each in restatements
    ]
    return Table("restatements", columns, rows)
