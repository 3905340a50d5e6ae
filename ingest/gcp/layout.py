"""Which of the three exports a file is, by its columns, nested as in BigQuery or flattened."""

import re
from collections.abc import Iterable
from enum import StrEnum

from app.errors import BadInput

DOCS = "docs/sources/gcp-billing.md says which columns there must be"


class Export(StrEnum):
    """The exports of Cloud Billing to BigQuery that hold charges, as a delivery's version names them."""

    STANDARD = "Google Cloud standard usage cost"
    DETAILED = "Google Cloud detailed usage cost"
    FOCUS = "Google Cloud FOCUS preview"


_NATIVE = (
    "billing_account_id",
    "service.description",
    "sku.id",
    "usage_start_time",
    "usage_end_time",
    "cost",
    "currency",
    "credits",
    "invoice.month",
)
_FOCUS = (
    "BilledCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodStart",
    "ChargePeriodStart",
    "EffectiveCost",
)


def canonical(path: str) -> str:
    """A column's path as it is looked for: `project.id`, `project_id` and `Project.ID` are the same."""
    return re.sub(r"[.:]", "_", path).casefold()


def export_of(columns: Iterable[str], name: str) -> Export:
    """The export that a file called `name` with these columns (or paths of nested ones) is.

    Raises BadInput when it is none, naming the columns that are missing.
    """
    there = {canonical(column) for column in columns}
    tops = there | {column.split("_", 1)[0] for column in there}
    if "billedcost" in there:
        _require(_FOCUS, there, tops, name, "the FOCUS export")
        return Export.FOCUS
    _require(_NATIVE, there, tops, name, "a Cloud Billing export")
    detailed = any(column == "resource" or column.startswith(("resource_name", "resource_global")) for column in there)
    return Export.DETAILED if detailed else Export.STANDARD


def _require(paths: Iterable[str], there: set[str], tops: set[str], name: str, what: str) -> None:
    def present(path: str) -> bool:
        return canonical(path) in there or ("." in path and path.split(".", maxsplit=1)[0] in tops & there)

    missing = [path for path in paths if not present(path)]
    if missing:
        raise BadInput(
            f"{name}: not {what} of Google Cloud, or not all of it; there is no {', '.join(missing)}."
            f" Export the whole table ({DOCS})."
        )
