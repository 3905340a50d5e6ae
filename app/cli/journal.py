"""`trueup chargeback reconciliation` and `journal`: what a billing period comes to, for the general ledger."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say, table, tell
from app.db.session import read_session
from app.domain.period import Period
from app.domain.viewer import operator
from app.exports.journal_layouts import Layout

if TYPE_CHECKING:
    from app.domain.period_reconciliation import CurrencyReconciliation
    from app.reports.journal import JournalReport

Month = Annotated[str, typer.Argument(metavar="PERIOD", help="The billing period, YYYY-MM.")]


def reconciliation(period: Month, as_json: AsJson = False) -> None:
    """Show how a billing period's statement ties to its bills, and these to its invoices, line by line.

    Example: trueup chargeback reconciliation 2026-03
    """
    from app.reports.period_reconciliation import period_reconciliation

    with read_session() as session:
        report = period_reconciliation(session, operator(), Period.parse_month(period))
    if as_json:
        answer(asdict(report))
        return
    for each in report.currencies:
        say(f"{report.period.label}  {report.statement.state.value}  {each.billing_currency}")
        _show(each)


def _show(each: "CurrencyReconciliation") -> None:
    for equation in each.equations:
        rows: list[tuple[object, ...]] = [(line.name, line.amount) for line in equation.lines]
        rows += [(f"= {equation.result.name}", equation.result.amount), ("Off", equation.off)]
        table((equation.step.value, "amount"), rows, right=(1,))
    paid = [
        (one.commitment_discount_id, one.opening, one.bought, one.amortised, one.adjusted, one.closing)
        for one in each.prepayments
    ]
    if paid:
        headers = ("prepayment", "opening", "bought", "amortised", "adjusted", "closing")
        table(headers, paid, right=(1, 2, 3, 4, 5))
    for line in each.to_look_at:
        say(f"{line.name}: {line.advice}")


def journal(
    period: Month,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; .csv, .xlsx or .parquet. Shown when left out.")
    ] = None,
    layout: Annotated[Layout, typer.Option(help="Whose columns the file has.")] = Layout.GENERIC,
    as_json: AsJson = False,
) -> None:
    """Show the journal of a billing period, or write it to a file for a general ledger.

    Example: trueup chargeback journal 2026-03 march.csv --layout netsuite
    """
    from app.exports.files import file_bytes
    from app.exports.journal import journal_table
    from app.reports.journal import journal as journal_report

    with read_session() as session:
        report = journal_report(session, operator(), Period.parse_month(period))
    if file is not None:
        written = journal_table(report, layout)
        file.write_bytes(file_bytes(written, file.suffix.removeprefix(".")))
        tell(f"Wrote {file}.", {"file": file}, as_json=as_json)
    elif as_json:
        answer(asdict(report))
    else:
        _tell(report)


def _tell(report: "JournalReport") -> None:
    for each in report.journals:
        say(f"{each.number}  {report.date}  {report.statement.state.value}")
        rows: list[tuple[object, ...]] = [
            (one.account, one.cost_center, one.description, one.reference, one.debit or None, one.credit or None)
            for one in each.entries
        ]
        rows.append(("Total", None, None, None, each.total, each.total))
        table(("account", "cost center", "description", "reference", "debit", "credit"), rows, right=(4, 5))
