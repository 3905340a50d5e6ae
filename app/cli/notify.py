"""`trueup notify`: telling teams what they owe, by mail or through a webhook."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say
from app.cli.policy import read_document
from app.db.session import engine, read_session
from app.domain.period import Period
from app.domain.viewer import operator
from app.errors import BadInput
from app.settings import settings

if TYPE_CHECKING:
    from app.domain.notification import Delivered
    from app.exports.summary_message import SummaryForm
    from app.reports.team_summary import TeamSummary

app = typer.Typer(help="Tell teams what they owe, by mail or through a webhook.", no_args_is_help=True)


class To(StrEnum):
    """Where summaries go."""

    STDOUT = "stdout"
    WEBHOOK = "webhook"
    MAIL = "mail"


class Form(StrEnum):
    """How they are written."""

    TEXT = "text"
    HTML = "html"
    SLACK = "slack"
    JSON = "json"


@app.callback()
def group() -> None:
    """Tell teams what they owe, by mail or through a webhook."""


@app.command()
def summary(  # noqa: PLR0917  (typer passes one argument for each option)
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="The billing period, YYYY-MM.")],
    team: Annotated[
        list[str] | None, typer.Option(help="Of this team only; repeatable. Left out: every team that owes something.")
    ] = None,
    to: Annotated[To, typer.Option(help="Where to.")] = To.STDOUT,
    form: Annotated[
        Form | None, typer.Option("--format", help="For stdout (text) and webhooks (slack); mail has text and HTML.")
    ] = None,
    mail_to: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Who gets every one of these mails; repeatable.")
    ] = None,
    recipients: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Who gets which team's: CSV with the columns team_id,mail_to.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send, or print, each team's summary of a billing period: what it owes, what moved, how its budget stands.

    Mail needs TRUEUP_SMTP_URL and TRUEUP_SMTP_FROM, a webhook TRUEUP_WEBHOOK_URL. With TRUEUP_PUBLIC_URL each summary
    links to the team's page. Exit code 1 when one could not be sent.

    Example: trueup notify summary 2026-03 --to mail --recipients leads.csv
    """
    from app.exports.summary_message import SummaryForm
    from app.reports.team_summary import team_summaries

    month = Period.parse_month(period)
    with read_session() as session:
        today = datetime.now(UTC).date()
        found = team_summaries(
            session, operator(), month, today=today, public_url=settings().public_url, team_ids=team or ()
        )
    if to is To.STDOUT:
        _print(found, SummaryForm(form or Form.TEXT))
        return
    delivered = _send(found, month, to, SummaryForm(form or Form.SLACK), mail_to or (), recipients)
    _tell(delivered, as_json=as_json)
    if not delivered.all_sent:
        raise typer.Exit(1)


def _print(found: "Sequence[TeamSummary]", form: "SummaryForm") -> None:
    from app.exports.summary_message import summary_bytes

    for each in found:
        sys.stdout.buffer.write(summary_bytes(each, form) + b"\n")


def _send(  # noqa: PLR0917  (what was typed)
    found: "Sequence[TeamSummary]",
    month: Period,
    to: To,
    form: "SummaryForm",
    everybody: Sequence[str],
    recipients: Path | None,
) -> "Delivered":
    from app.actions.notify import Channel, deliver
    from app.domain.recipients import is_address, recipients_of
    from app.exports.summary_message import summary_message

    if wrong := [each for each in everybody if not is_address(each)]:
        raise BadInput(f"'{wrong[0]}' is no e-mail address.")
    of_team = recipients_of(read_document(recipients), recipients.name) if recipients else {}
    messages = [
        summary_message(each, form, tuple(dict.fromkeys((*of_team.get(each.team_id, ()), *everybody))))
        for each in found
    ]
    return deliver(engine(), operator(), settings(), messages, period=month, to=Channel(to.value))


def _tell(delivered: "Delivered", *, as_json: bool) -> None:
    if as_json:
        answer([asdict(each) for each in delivered.deliveries])
        return
    for each in delivered.deliveries:
        say(f"{'sent' if each.sent else 'NOT SENT'}  {each.about}: {each.message}")
