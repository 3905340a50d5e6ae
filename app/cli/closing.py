"""`trueup chargeback` from draft to closed: `lines`, `status`, `issue`, `close`, `replay`."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say, table, tell
from app.db.session import read_session, write_session
from app.domain.period import Period
from app.domain.viewer import operator

if TYPE_CHECKING:
    from app.domain.canonical import Difference
    from app.domain.replay import Replay
    from app.reports.closing import ClosingStatus

Month = Annotated[str, typer.Argument(metavar="PERIOD", help="The billing period, YYYY-MM.")]


def lines(
    period: Month,
    team: Annotated[str | None, typer.Option(help="Of this team only.")] = None,
    unallocated: Annotated[bool, typer.Option("--unallocated", help="Only what nobody owes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the lines of a billing period's statement: closed, else issued, else the draft.

    Example: trueup chargeback lines 2026-03 --team search
    """
    from app.reports.statement_lines import statement_lines

    with read_session() as session:
        report = statement_lines(session, operator(), Period.parse_month(period), team)
    shown = [line for line in report.lines if not unallocated or line.team_id is None]
    if as_json:
        answer({**asdict(report), "lines": [asdict(line) for line in shown]})
        return
    say(f"{report.period.label}  {report.metric.value}  {report.statement.state.value}")
    rows = [
        (
            line.team_name,
            line.cost_type.value if line.adjusts_period is None else f"adjusts {line.adjusts_period:%Y-%m}",
            line.pool_name,
            line.service_name,
            line.invoice_id,
            line.quantity,
            line.unit,
            line.amount,
            line.billing_currency,
        )
        for line in shown
    ]
    table(("team", "cost type", "pool", "service", "invoice", "quantity", "unit", "amount", ""), rows, right=(5, 7))


def status(period: Month, as_json: AsJson = False) -> None:
    """Show how far a billing period has come, and what speaks against closing it.

    Example: trueup chargeback status 2026-03
    """
    from app.reports.closing import closing_status

    with read_session() as session:
        found = closing_status(session, operator(), Period.parse_month(period), datetime.now(UTC))
    if as_json:
        answer(asdict(found))
    else:
        say("\n".join(_status_lines(found)))


def _status_lines(found: "ClosingStatus") -> list[str]:
    told = [f"{found.period.label} is {found.state.value}, drawn on {found.metric}."]
    if found.issued_at:
        told.append(f"Issued by {found.issued_by} at {found.issued_at:%Y-%m-%d %H:%M} UTC.")
    if found.closed_at:
        told.append(f"Closed by {found.closed_by} at {found.closed_at:%Y-%m-%d %H:%M} UTC, SHA-256 {found.sha256}.")
    if found.override_reason:
        told.append(f"Closed against {len(found.overridden)} objections: {found.override_reason}")
    told += [f"Moved since it was issued: {each}" for each in found.moves]
    if found.blockers:
        told += ["Against closing it:", *(f"  - {each}" for each in found.blockers)]
    elif not found.closed_at:
        told.append("Nothing speaks against closing it.")
    return told


def issue(period: Month, as_json: AsJson = False) -> None:
    """Issue the statement of a billing period as it is now. One issued before is withdrawn.

    Example: trueup chargeback issue 2026-03
    """
    from app.actions.chargeback import issue_statement

    with write_session() as session:
        issued = issue_statement(session, operator(), Period.parse_month(period))
    text = "is issued." if issued.is_new else "is issued already, and nothing has moved since."
    tell(f"The statement of {period} {text}", asdict(issued), as_json=as_json)


def close(
    period: Month,
    override: Annotated[
        str | None, typer.Option(metavar="REASON", help="Close it whatever speaks against it; say why.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Close a billing period with its issued statement, for good. Refused, with the list, while something is against it.

    Example: trueup chargeback close 2026-03
    """
    from app.actions.chargeback import close_statement
    from app.domain.closing import CannotClose
    from app.exports.pack.pack import files_to_keep

    try:
        with write_session() as session:
            closed = close_statement(
                session, operator(), Period.parse_month(period), datetime.now(UTC), override, pack=files_to_keep
            )
    except CannotClose as error:
        if not as_json:
            raise
        answer({"closed": False, "blockers": [asdict(each) for each in error.blockers]})
        raise typer.Exit(1) from None
    text = f"{period} is closed. SHA-256 of its canonical form: {closed.sha256}"
    tell(text, {"closed": True, **asdict(closed)}, as_json=as_json)


def replay(period: Month, as_json: AsJson = False) -> None:
    """Work a closed billing period out again from its inputs, and compare it with what was kept, byte for byte.

    Example: trueup chargeback replay 2026-03
    """
    from app.reports.closing import replayed

    with read_session() as session:
        found = replayed(session, operator(), Period.parse_month(period))
    if as_json:
        answer(asdict(found))
    else:
        say("\n".join(_replay_lines(period, found)))
    if not found.identical:
        raise typer.Exit(1)


def _replay_lines(period: str, found: "Replay") -> list[str]:
    if found.identical:
        return [f"{period} comes out identical: {found.lines} lines, SHA-256 {found.sha256}."]
    told = [f"{period} does not come out as it was closed. SHA-256 then {found.sha256}, now {found.rebuilt_sha256}."]
    told += [_difference_line("Its inputs give", each) for each in found.from_inputs]
    return told + [_difference_line("Its lines on record give", each) for each in found.from_lines]


def _difference_line(what: str, found: "Difference") -> str:
    return f"{what} another {found.file}, from line {found.line} on:\n  kept: {found.stored}\n  now:  {found.rebuilt}"
