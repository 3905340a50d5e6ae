"""The kinds of sources there are, of bills and of telemetry."""

from typing import TYPE_CHECKING

from app.errors import BadInput
from ingest.kinds import KINDS
from ingest.kinds import kind as bill_kind
from ingest.telemetry.kinds import TELEMETRY_KINDS, telemetry_kind

if TYPE_CHECKING:
    from ingest.kind import Kind
    from ingest.telemetry.kind import TelemetryKind

SOURCE_KINDS = (*KINDS, *TELEMETRY_KINDS)


def source_kind(name: str) -> "Kind | TelemetryKind":
    """The kind called `name`. Raises BadInput when there is none."""
    if name in TELEMETRY_KINDS:
        return telemetry_kind(name)
    try:
        return bill_kind(name)
    except BadInput:
        there = f"Choose from {', '.join(SOURCE_KINDS)}."
        raise BadInput(f"There is no kind of source called '{name}'. {there}") from None
