"""Anthropic: the costs and the usage of an organization, from its APIs or from saved answers of them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from app.errors import BadInput
from ingest.anthropic.api import check, offers
from ingest.anthropic.costs import COLUMNS, focus_rows, has_costs, native_rows
from ingest.anthropic.settings import AnthropicSettings
from ingest.anthropic.usage import quantities
from ingest.delivery import OpenDelivery, open_rows
from ingest.files import SourceFile
from ingest.kind import Kind, Opening
from ingest.monthly import read_entries
from ingest.quantities import Quantity, driver_table
from ingest.staging import stage_rows


def open_anthropic(opening: Opening) -> OpenDelivery:
    """Opens saved answers about costs and usage, of the analytics API or the legacy reports, as one delivery.

    Raises BadInput when a file is no such answer, when there are no costs among them, and when a month comes from both
    APIs, because it would count twice.
    """
    entries = {file: _entries(file) for file in opening.files}
    with_costs = [file for file, found in entries.items() if any(map(has_costs, found))]
    if not with_costs:
        raise BadInput(
            f"{opening.files[0].name} holds no costs of Anthropic. Save the answers of GET"
            " /v1/organizations/analytics/cost (or cost_report) beside those about usage."
        )
    versions = {_version(entry): file for file in with_costs for entry in entries[file] if has_costs(entry)}
    if len(versions) > 1:
        one, other = (file.name for file in versions.values())
        raise BadInput(
            f"{one} and {other} come from different APIs of Anthropic and may hold the same cost. Ingest those of one."
        )
    staged = [stage_rows(file, native_rows(entries[file]), COLUMNS, opening.scratch) for file in with_costs]
    used = (each for file, found in entries.items() for each in _quantities(file, found))
    return open_rows(
        opening.backend,
        staged,
        version=next(iter(versions)),
        focus_rows=partial(focus_rows, organization_id=opening.settings.organization_id),
        key_extras=opening.settings.key_extras,
        drivers=driver_table(opening.backend, opening.scratch, "Anthropic", used),
        set_aside=[(file, "Anthropic usage, kept as drivers") for file in entries if file not in with_costs],
    )


KIND = Kind(
    "anthropic",
    "Anthropic cost and usage, from its organization APIs or saved answers",
    open_anthropic,
    settings=AnthropicSettings,
    suffixes=(".json",),
    offers=offers,
    check=check,
)


def _entries(file: SourceFile) -> list[dict[str, Any]]:
    found = read_entries(file)
    for each in found:
        if (
            not ("cost" in each or "usage" in each or isinstance(each.get("results"), list))
            or "starting_at" not in each
        ):
            raise BadInput(f"{file.name} is no list of Anthropic's rows or buckets. Save the answer as it came.")
    return found


def _version(entry: dict[str, Any]) -> str:
    return "Anthropic analytics" if "cost" in entry else "Anthropic cost report"


def _quantities(file: SourceFile, entries: list[dict[str, Any]]) -> Iterator[Quantity]:
    for number, entry in enumerate(entries, start=1):
        yield from quantities(f"{file.name}, entry {number}", entry)
