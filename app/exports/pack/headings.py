"""What stands above, below and beside a team's statement, the same in XLSX and PDF."""

from collections.abc import Iterator

from app.domain.money import total
from app.exports.pack.words import grouped, instant, money, policy_words
from app.reports.finance_pack import FinancePack, StatementFacts
from app.reports.team_pages import TeamPages

_METRICS = {"effective_cost": "effective cost", "billed_cost": "billed cost"}


def facts(statement: StatementFacts, team: TeamPages) -> Iterator[tuple[str, str]]:
    """What the statement is of and what it rests on, as pairs of label and value."""
    yield "Team", team.team_id or "–"
    yield "Cost center", team.cost_center or "–"
    yield "GL account", team.account or "–"
    yield "Billing period", statement.period.label
    yield "Currency", ", ".join(page.currency for page in team.pages) or "–"
    yield "State", statement.state.value.capitalize()
    yield "Statement", f"no. {statement.id}, drawn on {_METRICS.get(statement.metric, statement.metric)}"
    yield "Policy", policy_words(statement)
    yield "Drawn", instant(statement.drawn_at)
    yield "Issued", instant(statement.issued_at, statement.issued_by)
    yield "Closed", instant(statement.closed_at, statement.closed_by)
    if statement.override_reason:
        yield "Closed in spite of findings", statement.override_reason
    yield "SHA-256", statement.sha256 or "given when the period is closed"


def footer(statement: StatementFacts) -> str:
    """The statement, its state and its SHA-256, on every page."""
    mark = statement.sha256 or statement.state.value.upper()
    return f"Chargeback statement no. {statement.id} of {statement.period.label} · {mark}"


def notes(pack: FinancePack, team: TeamPages) -> Iterator[str]:
    """How the team's statement ties to the whole, how its pools were split, and what a reader has to know."""
    for page in team.pages:
        yield _tie(pack, page.currency)
    for page in team.pages:
        for split in page.splits:
            told = f"{split.pool_name} ({page.currency}) is split {split.words}"
            weights = total((*split.weights.values(), *split.pool_weights.values()))
            if weights:
                told += f"; the weights add up to {grouped(weights)} {split.unit or ''}".rstrip()
            yield f"{told}."
    missing = sum(each.line.rows_without_value for page in team.pages for block in page.blocks for each in block.lines)
    if missing:
        yield f"{missing:,} rows of the bills have no value for this cost and count as zero."


def _tie(pack: FinancePack, currency: str) -> str:
    owed = pack.owed[currency]
    return (
        f"In {currency}, {owed.teams} team{'' if owed.teams == 1 else 's'} owe{'s' if owed.teams == 1 else ''}"
        f" {money(owed.charged, currency)} and {money(owed.unallocated, currency)} is unallocated: together"
        f" {money(owed.total, currency)}, which ties to the invoices as the reconciliation of"
        f" {pack.statement.period.label} in this pack shows."
    )
