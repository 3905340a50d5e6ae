"""What a finance pack is made of: each part is a function that makes some of its files."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from app.domain.figure import explain_url
from app.domain.focus import FocusVersion
from app.domain.named_file import NamedFile
from app.domain.period import Period
from app.domain.viewer import Viewer
from app.exports.focus.files import focus_chunks
from app.exports.journal import journal_table
from app.exports.journal_layouts import Layout
from app.exports.pack.files import GZIP, PARQUET, PDF, XLSX, StreamedFile, csv_file, gzipped, table_files
from app.exports.pack.names import file_name
from app.exports.pack.statement_pdf import statement_pdf
from app.exports.pack.statement_xlsx import statement_xlsx
from app.exports.pack.tables import pack_tables
from app.exports.period_reconciliation import period_reconciliation_table
from app.reports.finance_pack import FinancePack
from app.reports.focus_export import focus_export
from app.reports.journal import journal
from app.reports.period_reconciliation import period_reconciliation
from app.reports.team_pages import PageLine, TeamPages


@dataclass(frozen=True)
class Request:
    """Which pack is made, and for whom; `public_url` is where people reach Trueup, so that links lead there."""

    session: Session
    viewer: Viewer
    pack: FinancePack
    public_url: str | None

    @property
    def period(self) -> Period:
        """The billing month."""
        return self.pack.statement.period


Part = Callable[[Request], Iterable[NamedFile]]


def _canonical(request: Request) -> Iterable[NamedFile]:
    """The statement's canonical CSV and JSON."""
    return request.pack.canonical


def _statements(request: Request) -> Iterator[NamedFile]:
    """A workbook and a PDF for each team."""

    def link(team: TeamPages, line: PageLine) -> str | None:
        return _link(request, team, line)

    with ThreadPoolExecutor(1) as beside:  # Typst works outside the interpreter
        for team in request.pack.teams:
            name = f"teams/{file_name(team.team_id)}"
            pdf = beside.submit(statement_pdf, request.pack, team)
            yield NamedFile(f"{name}.xlsx", XLSX, statement_xlsx(request.pack, team, link))
            yield NamedFile(f"{name}.pdf", PDF, pdf.result())


def _link(request: Request, team: TeamPages, line: PageLine) -> str | None:
    """Where an amount is explained; nowhere, as long as nobody has said at which address people reach Trueup."""
    if request.public_url is None:
        return None
    key = line.line.key
    return explain_url(
        request.public_url,
        period=request.period.start,
        currency=key.billing_currency,
        team=team.team_id,
        cost_type=key.cost_type.value,
        pool=key.pool_id,
        service_provider_name=key.service_provider_name,
        service_name=key.service_name,
        invoice_issuer_name=key.invoice_issuer_name,
        invoice_id=key.invoice_id,
        adjusts_period=key.adjusts_period,
    )


def _tables(request: Request) -> Iterator[NamedFile]:
    """The statement, and what it rests on."""
    for table in pack_tables(request.pack):
        yield from table_files(table.name, table)


def _reconciliation(request: Request) -> Iterator[NamedFile]:
    """How the statement ties to the bills, and these to the invoices."""
    report = period_reconciliation(request.session, request.viewer, request.period)
    yield from table_files("reconciliation", period_reconciliation_table(report))


def _journal(request: Request) -> Iterator[NamedFile]:
    """The journal, also in the columns that ledgers take it in."""
    report = journal(request.session, request.viewer, request.period)
    yield from table_files("journal", journal_table(report))
    for layout in Layout:
        if layout is not Layout.GENERIC:
            yield csv_file(f"journal-{layout.value}", journal_table(report, layout))


# Made when a period is closed, and kept.
PARTS: tuple[Part, ...] = (_canonical, _statements, _tables, _reconciliation, _journal)


def focus_files(session: Session, viewer: Viewer, period: Period) -> Iterator[StreamedFile]:
    """Allocated cost as FOCUS: too large to keep, and the same again from what a closed statement rests on.

    The CSV is compressed also because its texts are as the bill has them: no spreadsheet opens it by a click.
    """
    for version in FocusVersion:
        export = focus_export(session, viewer, period, version)
        yield StreamedFile(
            f"focus-{version.value}.csv.gz", GZIP, partial(gzipped, partial(focus_chunks, export, "csv"))
        )
        yield StreamedFile(f"focus-{version.value}.parquet", PARQUET, partial(focus_chunks, export, "parquet"))
