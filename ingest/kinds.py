"""The kinds of sources there are. A kind's module, and the SDK it needs, is imported when the kind is first used."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from app.errors import BadInput

if TYPE_CHECKING:  # Ibis takes a second to import, and a server that reads no bill needs none
    from ingest.kind import Kind

_MODULES = {
    "focus": "ingest.focus.kind",
    "aws-export": "ingest.aws.data_export",
    "aws-cur": "ingest.aws.cur_report",
    "aws-cost-explorer": "ingest.aws.cost_explorer",
    "gcp-billing": "ingest.gcp.billing_export",
    "azure-export": "ingest.azure.export",
    "azure-native": "ingest.azure.native",
    "openai": "ingest.openai.kind",
    "anthropic": "ingest.anthropic.kind",
    "litellm": "ingest.litellm.kind",
    "opencost": "ingest.opencost.kind",
    "drivers": "ingest.drivers.kind",
    "csv": "ingest.mapped.kind",
    "rate-card": "ingest.rate_card.kind",
}
KINDS = tuple(_MODULES)


@cache
def kind(name: str) -> "Kind":
    """The kind called `name`. Raises BadInput when there is none."""
    if name not in _MODULES:
        raise BadInput(f"There is no kind of source called '{name}'. Choose from {', '.join(KINDS)}.")
    found: Kind = import_module(_MODULES[name]).KIND
    return found
