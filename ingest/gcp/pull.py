"""Pulling the export: what BigQuery offers now, how it is fetched, and whether we may."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from app.errors import BadInput, NotFound, TrueupError
from ingest.engine.duckdb import literal
from ingest.files import Progress
from ingest.gcp.catalog import (
    PROJECTS,
    SKUS,
    Sku,
    billing_account_name,
    first_service,
    project_links,
    skus,
    write_projects,
    write_skus,
)
from ingest.gcp.clients import bigquery_client, billing_client, catalog_client
from ingest.gcp.export_table import ExportTable, InvoiceMonth, fetch_month, invoice_months, open_export
from ingest.gcp.refusals import asking
from ingest.gcp.settings import GcpSettings
from ingest.kind import Access, Offer, Window

_CREDENTIALS = "credentials of Google (roles/bigquery.jobUser and roles/bigquery.dataViewer)"


def offers(settings: GcpSettings, window: Window) -> Iterator[Offer]:
    """An offer for each invoice month of `window` that the table has rows of."""
    table = _table(settings)
    for month in invoice_months(table, window):
        yield Offer(
            scope=f"invoice.month={month.label}",
            version=month.version,
            label=f"{month.label[:4]}-{month.label[4:]}",
            fetch=partial(_fetch, table, month),
        )


def check(settings: GcpSettings) -> Iterator[Access]:
    """Whether the table can be seen and queried, and, where it is wanted, the catalogue read."""
    if settings.table is None:
        yield Access(ok=True, message="no --table: files are handed over, nothing is pulled")
        return
    opened: list[ExportTable] = []
    yield _tried(f"{settings.table} is an export (bigquery.tables.get)", lambda: opened.append(_table(settings)))
    if opened:
        probe = partial(opened[0].dry_run)
        yield _tried(
            f"{settings.table} can be queried from {settings.query_project}"
            " (bigquery.jobs.create, bigquery.tables.getData)",
            probe,
        )
    if settings.catalog:
        yield _tried("the price list can be read (Cloud Billing API)", lambda: first_service(catalog_client(settings)))
        account = settings.account
        yield _tried(
            f"the projects of billing account {account} can be read"
            " (billing.accounts.get, billing.resourceAssociations.list)",
            lambda: billing_account_name(billing_client(settings), _account(settings)),
        )


def _tried(what: str, probe: Callable[[], object]) -> Access:
    try:
        probe()
    except TrueupError as error:
        return Access(ok=False, message=str(error))
    return Access(ok=True, message=what)


def _table(settings: GcpSettings) -> ExportTable:
    with asking("BigQuery", permission=_CREDENTIALS):
        client = bigquery_client(settings)
    return open_export(client, settings)


def _fetch(table: ExportTable, month: InvoiceMonth, folder: Path, progress: Progress) -> Sequence[Path]:
    rows = fetch_month(table, month, folder / f"{month.label}.parquet", progress)
    return [rows, *(_catalog(table.settings, rows, folder) if table.settings.catalog else ())]


def _catalog(settings: GcpSettings, rows: Path, folder: Path) -> Iterator[Path]:
    with asking("Cloud Billing", permission=_CREDENTIALS):
        prices, accounts = catalog_client(settings), billing_client(settings)
    yield write_skus(_prices(rows, partial(skus, prices)), folder / SKUS)
    yield write_projects(project_links(accounts, _account(settings)), folder / PROJECTS)


def _account(settings: GcpSettings) -> str:
    if settings.account is None:
        raise BadInput("The table is not named after its billing account. Tell it with --billing-account.")
    return settings.account


@dataclass(frozen=True)
class _Used:
    """SKUs of a service in a bill."""

    service_id: str
    currency: str
    sku_ids: frozenset[str]


def _prices(rows: Path, listed: Callable[..., Iterator[Sku]]) -> Iterator[Sku]:
    """The list prices of the SKUs that a bill names. A service without a public price list has none."""
    for used in _used(rows):
        try:
            for sku in listed(used.service_id, currency=used.currency):
                if sku.sku_id in used.sku_ids:
                    yield sku
        except NotFound:
            continue


def _used(rows: Path) -> list[_Used]:
    with duckdb.connect() as connection:
        source = f"read_parquet({literal(rows)})"
        columns = {name for name, *_ in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        service, sku, currency = (
            ("x_ServiceId", "SkuId", "BillingCurrency")
            if "BilledCost" in columns
            else ("service.id", "sku.id", "currency")
        )
        found = connection.execute(
            f"SELECT {service}, {currency}, list(DISTINCT {sku}) FROM {source}"
            f" WHERE {service} IS NOT NULL AND {sku} IS NOT NULL AND {currency} IS NOT NULL GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return [_Used(each, money, frozenset(ids)) for each, money, ids in found]
