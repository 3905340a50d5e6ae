"""`trueup invoices`: what invoices come to, and whether the bills add up to them."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say, table
from app.db.session import read_session, write_session
from app.domain.period import Period
from app.domain.viewer import operator
from app.errors import BadInput

if TYPE_CHECKING:
    from app.actions.invoices import ImportedInvoices
    from app.reports.invoices import ReconciliationReport

app = typer.Typer(help="What invoices come to, and whether the bills add up to them.", no_args_is_help=True)
Month = Annotated[str | None, typer.Option(help="Only of this billing period, YYYY-MM.")]
_MOST = 100_000


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file, or a FOCUS 1.4 Invoice Detail CSV.")],
    as_json: AsJson = False,
) -> None:
    """Take in what invoices come to, from a CSV file with a line for each, or nothing if a line cannot be read.

    Its first row names the columns: InvoiceId (may be left out), InvoiceIssuerName, BillingAccountId,
    BillingPeriodStart, BillingCurrency, Amount, Status (Open, Issued or Voided; may be left out).

    Example: trueup invoices import invoices-2026-03.csv
    """
    from app.actions.invoices import import_invoices

    with write_session() as session:
        imported = import_invoices(session, operator(), _read(file), file.name)
    if as_json:
        answer({**asdict(imported), "unchanged": imported.unchanged})
    else:
        _tell_imported(imported)


@app.command("list")
def list_invoices(
    period: Month = None,
    superseded: Annotated[bool, typer.Option("--superseded", help="Corrected and withdrawn figures too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List invoices, newest first.

    Example: trueup invoices list --period 2026-03
    """
    from app.reports.invoices import invoices

    with read_session() as session:
        found = invoices(session, operator(), _span(period), superseded=superseded, limit=_MOST)
    if as_json:
        answer([asdict(each) for each in found])
        return
    table(
        ("period", "issuer", "account", "invoice", "currency", "amount", "status", "from", "superseded"),
        [
            (
                f"{each.billing_period_start:%Y-%m}",
                each.invoice_issuer_name,
                each.billing_account_id,
                each.invoice_id,
                each.billing_currency,
                each.amount,
                each.status.value,
                each.imported_from or f"{each.source}, delivery {each.delivery_id}",
                each.superseded_at,
            )
            for each in found
        ],
        right=(5,),
    )


@app.command()
def reconcile(period: Month = None, as_json: AsJson = False) -> None:
    """Show whether each bill ties to its invoice, by how much it does not, and what to do.

    Example: trueup invoices reconcile --period 2026-03
    """
    from app.reports.invoices import reconciliation

    with read_session() as session:
        report = reconciliation(session, operator(), _span(period))
    if as_json:
        answer(asdict(report))
    else:
        _tell_reconciliation(report)


def _span(period: str | None) -> Period | None:
    return Period.parse_month(period) if period else None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not UTF-8 ({error}). Save it as UTF-8.") from error


def _tell_imported(imported: "ImportedInvoices") -> None:
    say(
        f"{imported.totals} totals: {len(imported.new)} new, {len(imported.corrected)} corrected,"
        f" {imported.unchanged} known already, {len(imported.withdrawn)} withdrawn."
    )
    changes = [(each.before, each.after) for each in imported.corrected]
    rows = [
        (f"{after.billing_period_start:%Y-%m}", after.invoice_issuer_name, after.billing_account_id, after.invoice_id,
         after.billing_currency, before.amount, after.amount, after.status.value)
        for before, after in changes
        if before and after
    ]  # fmt: skip
    if rows:
        headers = ("period", "issuer", "account", "invoice", "currency", "amount before", "amount after", "status")
        table(headers, rows, right=(5, 6))


def _tell_reconciliation(report: "ReconciliationReport") -> None:
    from app.domain.reconciliation_advice import WORDS

    headers = ("period", "issuer", "account", "invoice", "currency", "invoiced", "billed_cost", "difference",
               "tolerance", "state")  # fmt: skip
    rows: list[tuple[object, ...]] = [
        (
            f"{line.billing_period_start:%Y-%m}",
            line.invoice_issuer_name,
            " ".join(line.billing_account_ids),
            " ".join(line.invoice_ids),
            line.billing_currency,
            line.invoiced,
            line.billed_cost,
            line.difference,
            line.tolerance,
            WORDS[line.tie],
        )
        for line in report.lines
    ]
    totals = [
        ("Total", None, None, None, each.billing_currency, each.invoiced, each.billed_cost, None, None, None)
        for each in report.totals
    ]
    table(headers, [*rows, *totals], right=(5, 6, 7, 8))
    for line in report.lines:
        if line.advice:
            which = " ".join(line.invoice_ids) or " ".join(line.billing_account_ids) or "no account"
            say(f"\n{line.billing_period_start:%Y-%m} {line.invoice_issuer_name or 'no issuer'} {which}: {line.advice}")
