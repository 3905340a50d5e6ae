"""How a Cloud Billing export is reached."""

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from ingest.kind import SourceSettings

MAXIMUM_BYTES_BILLED = 1 << 40  # 1 TiB: some USD 6 of BigQuery's on-demand analysis
_TABLE = re.compile(r"[a-z0-9.:-]+\.[A-Za-z0-9_]+\.[A-Za-z0-9_-]+")
_LABEL = re.compile(r"[a-z][a-z0-9_-]{0,62}=[a-z0-9_-]{0,63}")
# The exports name their tables after the account: gcp_billing_export_v1_01A2B3_4C5D6E_7F8091
_ACCOUNT = re.compile(r"_([0-9A-F]{6})_([0-9A-F]{6})_([0-9A-F]{6})$", re.IGNORECASE)


def _table(written: str) -> str:
    if not _TABLE.fullmatch(written):
        raise ValueError("write the table as PROJECT.DATASET.TABLE")
    return written


def _label(written: str) -> str:
    if not _LABEL.fullmatch(written):
        raise ValueError("write a label as key=value, in lower case")
    return written


class GcpSettings(SourceSettings):
    """Where the export lies, who runs the queries, and what they may cost. Credentials come from Google's own chain."""

    fetched_from: ClassVar[str | None] = "table"

    key_extras: tuple[str, ...] = Field(
        ("x_Folders",),
        description="x_ columns that the policy matches on; x_Folders is the path of a project's folders",
    )
    table: Annotated[str, AfterValidator(_table)] | None = Field(
        None,
        description="the export's table, PROJECT.DATASET.TABLE: gcp_billing_export_v1_…, …_resource_v1_… or …_focus_…",
    )
    project: str | None = Field(None, description="the project that runs and pays for the queries; else the table's")
    location: str | None = Field(None, description="where the dataset lies, such as EU; else BigQuery finds out")
    maximum_bytes_billed: int = Field(
        MAXIMUM_BYTES_BILLED, gt=0, description="a query that would read more bytes than this is refused"
    )
    job_labels: tuple[Annotated[str, AfterValidator(_label)], ...] = Field(
        ("application=trueup",), description="key=value labels of the query jobs"
    )
    catalog: bool = Field(
        default=False, description="also pull list prices (Cloud Billing Catalog) and which project has which account"
    )
    billing_account: str | None = Field(
        None, description="the account whose projects the catalogue lists, 01A2B3-4C5D6E-7F8091; else the table's"
    )
    billing_account_name: str | None = Field(None, description="what to call the account; the export does not say")
    invoice_issuer_name: str = Field("Google Cloud", description="who issues the invoice, as on the invoice")
    bigquery_endpoint: str | None = Field(None, description="another address of BigQuery's API")
    billing_endpoint: str | None = Field(
        None, description="another address of Cloud Billing's API, HOST:PORT; insecure://HOST:PORT speaks without TLS"
    )

    @property
    def query_project(self) -> str | None:
        """The project that runs the queries."""
        return self.project or (self.table.rsplit(".", 2)[0] if self.table else None)

    @property
    def account(self) -> str | None:
        """The billing account, as its own API writes it."""
        found = _ACCOUNT.search(self.table or "")
        return self.billing_account or ("-".join(found.groups()).upper() if found else None)

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the query jobs."""
        return dict(each.split("=", 1) for each in self.job_labels)
