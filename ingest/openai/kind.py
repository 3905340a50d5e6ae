"""OpenAI: the costs and the usage of an organization, from its API or from saved answers of it."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from app.errors import BadInput
from ingest.delivery import OpenDelivery, open_rows
from ingest.files import SourceFile
from ingest.finding import Finding
from ingest.kind import Kind, Opening
from ingest.monthly import read_entries
from ingest.openai.api import check, offers
from ingest.openai.costs import COLUMNS, RESULT, focus_rows, native_rows
from ingest.openai.settings import OpenAISettings
from ingest.openai.usage import operation, quantities
from ingest.quantities import Quantity, driver_table
from ingest.staging import stage_rows


def open_openai(opening: Opening) -> OpenDelivery:
    """Opens saved answers of the costs and usage endpoints as one delivery.

    Raises BadInput when a file is no such answer, and when there are no costs among them.
    """
    buckets = {file: _buckets(file) for file in opening.files}
    with_costs = [file for file, found in buckets.items() if any(_has_costs(each) for each in found)]
    if not with_costs:
        raise BadInput(
            f"{opening.files[0].name} holds no costs of OpenAI (organization.costs.result). Save the answers of"
            " GET /v1/organization/costs beside those about usage."
        )
    staged = [stage_rows(file, native_rows(buckets[file]), COLUMNS, opening.scratch) for file in with_costs]
    used = (each for file, found in buckets.items() for each in _quantities(file, found))
    return open_rows(
        opening.backend,
        staged,
        version="OpenAI costs",
        focus_rows=partial(focus_rows, organization_id=opening.settings.organization_id),
        key_extras=opening.settings.key_extras,
        drivers=driver_table(opening.backend, opening.scratch, "OpenAI", used),
        set_aside=[(file, "OpenAI usage, kept as drivers") for file in buckets if file not in with_costs],
        notes=list(_notes(buckets)),
    )


KIND = Kind(
    "openai",
    "OpenAI costs and usage, from its organization API or saved answers",
    open_openai,
    settings=OpenAISettings,
    suffixes=(".json",),
    offers=offers,
    check=check,
)


def _buckets(file: SourceFile) -> list[dict[str, Any]]:
    found = read_entries(file)
    if not all(isinstance(each.get("results"), list) for each in found):
        raise BadInput(f"{file.name} is no list of OpenAI's daily buckets. Save the answer of the API as it came.")
    return found


def _has_costs(bucket: dict[str, Any]) -> bool:
    return any(result.get("object") == RESULT for result in bucket["results"])


def _quantities(file: SourceFile, buckets: list[dict[str, Any]]) -> Iterator[Quantity]:
    for number, bucket in enumerate(buckets, start=1):
        for result in bucket["results"]:
            yield from quantities(f"{file.name}, bucket {number}", bucket, result)


def _notes(buckets: dict[SourceFile, list[dict[str, Any]]]) -> Iterator[Finding]:
    """Kinds of results that we do not know, so that nobody misses them in silence."""
    unknown: dict[str, int] = {}
    for found in buckets.values():
        for bucket in found:
            for result in bucket["results"]:
                if result.get("object") != RESULT and operation(result) is None:
                    name = str(result.get("object"))
                    unknown[name] = unknown.get(name, 0) + 1
    for name, rows in sorted(unknown.items()):
        yield Finding("trueup-unknown-result", "object", f"OpenAI results of a kind not known: {name}", rows, name)
