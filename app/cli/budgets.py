"""`trueup budgets`: what teams mean to spend."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say, table, tell
from app.cli.policy import read_document
from app.db.session import read_session, write_session
from app.domain.money import plain
from app.domain.period import Period
from app.domain.viewer import operator

if TYPE_CHECKING:
    from app.actions.budgets import SetBudgets

app = typer.Typer(help="What teams mean to spend.", no_args_is_help=True)
Team = Annotated[str, typer.Argument(metavar="TEAM", help="The team's id.")]
Month = Annotated[str, typer.Argument(metavar="PERIOD", help="The billing period, YYYY-MM.")]
Currency = Annotated[str, typer.Option(help="ISO 4217. A budget counts what is owed in its currency.")]


@app.command("set")
def set_budget(  # noqa: PLR0917  (typer passes one argument for each option)
    team: Team,
    period: Month,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="For the team and every team below it.")],
    currency: Currency = "USD",
    thresholds: Annotated[
        str | None, typer.Option(metavar="50,80,100", help="Percentages of it that are told when they are reached.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set a team's budget for a billing period. It supersedes the one before.

    Example: trueup budgets set search 2026-03 10000 --currency USD --thresholds 50,80,100
    """
    from app.actions.budgets import set_budgets

    row = {"team_id": team, "period": period, "currency": currency, "amount": amount, "thresholds": thresholds}
    with write_session() as session:
        _tell(set_budgets(session, operator(), [row], "command line"), as_json=as_json)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file of budgets.")], as_json: AsJson = False
) -> None:
    """Set the budgets in a CSV file, or none if a row cannot be used.

    Its columns: team_id, period, currency, amount, thresholds. The last may be left out.

    Example: trueup budgets import budgets.csv
    """
    from app.actions.budgets import import_budgets

    with write_session() as session:
        _tell(import_budgets(session, operator(), read_document(file), file.name), as_json=as_json)


def _tell(done: "SetBudgets", *, as_json: bool) -> None:
    counts = {"budgets": len(done.budgets), "new": done.new, "changed": done.changed, "unchanged": done.unchanged}
    words = (
        f"{len(done.budgets):,} budgets: {done.new:,} new, {done.changed:,} changed, {done.unchanged:,} as they were."
    )
    tell(words, counts, as_json=as_json)


@app.command()
def remove(team: Team, period: Month, currency: Currency = "USD", as_json: AsJson = False) -> None:
    """Take a team's budget for a billing period back.

    Example: trueup budgets remove search 2026-03
    """
    from app.actions.budgets import remove_budget

    with write_session() as session:
        remove_budget(session, operator(), team, Period.parse_month(period), currency)
    tell(f"{team} has no budget in {currency} for {period}.", {"removed": True}, as_json=as_json)


@app.command()
def show(
    period: Month,
    team: Annotated[str | None, typer.Option(help="Of this team only.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show budgets beside what is owed against them, and was owed the period before.

    A budget is for the team and every team below it. The pace is a straight line through the days so far, no forecast.

    Example: trueup budgets show 2026-03
    """
    from app.reports.budgets import budgets

    with read_session() as session:
        today = datetime.now(UTC).date()
        report = budgets(session, operator(), Period.parse_month(period), today=today, team_id=team)
    if as_json:
        answer(asdict(report))
        return
    state = report.statement.state.value if report.statement else "live charges"
    up_to = f"  charges up to {report.as_of}" if report.as_of else ""
    say(f"{report.period.label}  {report.metric.value}  {state}{up_to}")
    headers = ("team", "", "budget", "owed", "%", "left", "reached", "pace", report.period.previous_month().label)
    rows = [
        (
            each.name,
            each.currency,
            each.amount,
            each.standing.owed,
            each.standing.percent,
            each.standing.remaining,
            " ".join(f"{plain(threshold)}%" for threshold in each.standing.reached),
            each.standing.pace.at_period_end if each.standing.pace else None,
            each.previous_owed,
        )
        for each in report.budgets
    ]
    table(headers, rows, right=(2, 3, 4, 5, 7, 8))
