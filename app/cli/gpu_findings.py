"""`trueup gpu findings`: waste that somebody can do something about, and what is said to it."""

from dataclasses import asdict
from typing import Annotated

import typer

from app.cli.output import AsJson, answer, say, table
from app.db.session import read_session, write_session
from app.domain.viewer import operator

app = typer.Typer(help="Waste that somebody can do something about.", invoke_without_command=True)
Number = Annotated[int, typer.Argument(metavar="ID", help="The finding; `trueup gpu findings` lists them.")]
Chosen = Annotated[list[str] | None, typer.Option(help="Only these; repeat it for more.")]


@app.callback()
def findings(
    context: typer.Context,
    *,
    state: Annotated[list[str] | None, typer.Option(help="open, acknowledged, exempt or resolved; repeat it.")] = None,
    rule: Chosen = None,
    team: Chosen = None,
    as_json: AsJson = False,
) -> None:
    """List findings, those with the most to recover first; without --state those that are not resolved.

    Example: trueup gpu findings --team search
    """
    if context.invoked_subcommand:
        return
    from app.domain.gpu.findings.state import STANDING
    from app.reports.gpu_findings import FindingsQuestion, gpu_findings

    with read_session() as session:
        found = gpu_findings(session, operator(), FindingsQuestion(state or STANDING, rule or (), team or ()))
    if as_json:
        answer([asdict(each) for each in found])
        return
    rows = [
        (
            *(each.id, each.title, each.subject, each.team_id, each.node, each.state),
            *(each.recoverable_capacity, each.recoverable_bill, each.currency, f"{each.ends_at:%Y-%m-%d}"),
        )
        for each in found
    ]
    headers = ("id", "finding", "what", "team", "node", "state", "capacity", "on the bill", "currency", "until")
    table(headers, rows, right=(0, 6, 7))
    if not found:
        say("There is no finding. `trueup gpu waste` shows where paid time went.")


@app.command()
def rules(as_json: AsJson = False) -> None:
    """List the rules: what each looks for, by which thresholds, and when it is wrong.

    Example: trueup gpu findings rules
    """
    from app.reports.gpu_findings import finding_rules

    found = finding_rules()
    if as_json:
        answer([asdict(each) for each in found])
        return
    for each in found:
        say(f"{each.name}: {each.summary}")
        say(f"  Do: {each.action}")
        say("  When: " + ", ".join(f"{name} {value:g}" for name, value in each.thresholds.items()))
        say("  Not wrong: " + " ".join(each.false_positives))


@app.command()
def acknowledge(
    finding: Number, reason: Annotated[str | None, typer.Option(help="Who does what about it.")] = None
) -> None:
    """Say that somebody looks after a finding.

    Example: trueup gpu findings acknowledge 12 --reason "ticket 4711"
    """
    from app.actions.gpu_findings import acknowledge_finding

    with write_session() as session:
        acknowledge_finding(session, operator(), finding, reason)
    say(f"Finding {finding} is acknowledged.")


@app.command()
def exempt(
    finding: Number,
    reason: Annotated[str, typer.Option(help="Why it is meant to be.")],
    until: Annotated[str, typer.Option(help="The day on which it opens again, YYYY-MM-DD.")],
) -> None:
    """Say that a finding is meant to be, up to a day.

    Example: trueup gpu findings exempt 12 --reason "spare for failures" --until 2027-01-01
    """
    from datetime import UTC, datetime

    from app.actions.gpu_findings import exempt_finding
    from app.api.questions import parse_day

    today = datetime.now(UTC).date()
    with write_session() as session:
        exempt_finding(session, operator(), finding, reason=reason, until=parse_day(until), today=today)
    say(f"Finding {finding} is exempt until {until}.")


@app.command()
def reopen(finding: Number) -> None:
    """Take back an acknowledgement or an exemption.

    Example: trueup gpu findings reopen 12
    """
    from app.actions.gpu_findings import reopen_finding

    with write_session() as session:
        reopen_finding(session, operator(), finding)
    say(f"Finding {finding} is open.")
