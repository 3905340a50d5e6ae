"""The tables of a finance pack, which are written as CSV and as Parquet."""

import json
from collections.abc import Iterator

from app.domain.money import total
from app.exports.table import Cell, Column, Kind, Table, amounts, texts
from app.reports.finance_pack import FinancePack
from app.reports.team_pages import PageLine, TeamPages, change


def pack_tables(pack: FinancePack) -> Iterator[Table]:
    """Every table; the name of each is that of its files."""
    yield lines_table(pack)
    yield teams_table(pack)
    yield pools_table(pack)
    yield sources_table(pack)


def lines_table(pack: FinancePack) -> Table:
    """The statement, one row for each line; `amount` is what is charged, `exact_amount` has every digit."""
    columns = (
        Column("line", Kind.COUNT),
        Column("billing_period_start", Kind.DAY),
        *texts("state", "team", "team_name", "cost_center", "gl_account", "billing_currency", "cost_type"),
        *texts("pool", "pool_name", "split"),
        *amounts("weight", "share"),
        *texts("service_provider_name", "service_name", "invoice_issuer_name", "invoice_id"),
        *amounts("quantity"),
        *texts("unit"),
        *amounts("amount", "exact_amount"),
        Column("rows", Kind.COUNT),
        Column("rows_without_value", Kind.COUNT),
        Column("adjusts_period", Kind.DAY),
        *texts("adjusts_cost_type"),
        Column("adjusts_line", Kind.COUNT),
        *texts("causes"),
    )
    rows = [
        _line_row(pack, team, each)
        for team in pack.teams
        for page in team.pages
        for block in page.blocks
        for each in block.lines
    ]
    return Table("statement_lines", columns, rows)


def _line_row(pack: FinancePack, team: TeamPages, page_line: PageLine) -> tuple[Cell, ...]:
    line, key, split = page_line.line, page_line.line.key, page_line.split
    return (
        line.id,
        pack.statement.period.start,
        pack.statement.state.value,
        key.team_id,
        team.name,
        team.cost_center,
        team.account,
        key.billing_currency,
        key.cost_type.value,
        key.pool_id,
        split.pool_name if split else None,
        split.words if split else None,
        page_line.weight,
        line.share,
        key.service_provider_name,
        key.service_name,
        key.invoice_issuer_name,
        key.invoice_id,
        line.quantity,
        key.unit,
        line.amount,
        line.exact_amount,
        line.row_count,
        line.rows_without_value,
        key.adjusts_period,
        key.adjusts_cost_type.value if key.adjusts_cost_type else None,
        line.adjusts_line_id,
        json.dumps(line.causes, sort_keys=True) if line.causes else None,
    )


def teams_table(pack: FinancePack) -> Table:
    """What each team owes, one row for each team and currency; what nobody owes comes last."""
    columns = (
        Column("billing_period_start", Kind.DAY),
        *texts("state", "team", "team_name", "cost_center", "gl_account", "billing_currency"),
        *amounts("amount", "exact_amount", "previous_amount", "change"),
        Column("lines", Kind.COUNT),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            pack.statement.period.start,
            pack.statement.state.value,
            team.team_id,
            team.name,
            team.cost_center,
            team.account,
            page.currency,
            page.amount,
            page.exact_amount,
            page.previous_amount,
            change(page.amount, page.previous_amount),
            sum(len(block.lines) for block in page.blocks),
        )
        for team in pack.teams
        for page in team.pages
    ]
    return Table("statements", columns, rows)


def pools_table(pack: FinancePack) -> Table:
    """How each pool was split, one row for each currency and team that pays or could have."""
    columns = (
        Column("billing_period_start", Kind.DAY),
        *texts("pool", "pool_name", "billing_currency", "split", "split_in_words", "fell_back", "driver", "unit"),
        *texts("team"),
        *amounts("weight", "weights_total", "share"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            pack.statement.period.start,
            split.pool_id,
            split.pool_name,
            split.currency,
            split.used.value,
            split.words,
            split.fell_back.value if split.fell_back else None,
            split.driver,
            split.unit,
            team,
            split.weights.get(team),
            total((*split.weights.values(), *split.pool_weights.values())),
            split.shares.get(team),
        )
        for split in pack.splits
        for team in sorted({*split.weights, *split.shares})
    ]
    return Table("pool_shares", columns, rows)


def sources_table(pack: FinancePack) -> Table:
    """What the statement rests on, one row for each load, delivery and file; files are in the archive by SHA-256."""
    columns = (
        Column("load", Kind.COUNT),
        *texts("source"),
        Column("rows_loaded", Kind.COUNT),
        Column("delivery", Kind.COUNT),
        Column("received_at", Kind.INSTANT),
        *texts("format", "format_version", "delivery_sha256"),
        Column("rows_in", Kind.COUNT),
        Column("rows_quarantined", Kind.COUNT),
        *texts("file", "file_sha256"),
        Column("bytes", Kind.COUNT),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.load_id,
            each.source,
            each.rows_loaded,
            each.delivery_id,
            each.received_at,
            each.format,
            each.format_version,
            each.delivery_sha256,
            each.rows_in,
            each.rows_quarantined,
            each.file,
            each.file_sha256,
            each.bytes,
        )
        for each in pack.sources
    ]
    return Table("loads_and_deliveries", columns, rows)
