"""The manifest of one run of a Cost Management export: which blobs it wrote, for which days, and how much is in them.

Source: Cost Management, "Create and manage Cost Management exports" (manifest version 2024-04-01 and later).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.errors import BadInput

FILE_NAME = "manifest.json"
_PERIOD_FOLDER = re.compile(r"(\d{4})(\d{2})(\d{2})-(\d{4})(\d{2})(\d{2})")
_SCOPE_END = re.compile(r"/providers/microsoft\.costmanagement/", re.IGNORECASE)
FOCUS, ACTUAL, AMORTIZED = "FocusCost", "ActualCost", "AmortizedCost"


@dataclass(frozen=True)
class Blob:
    """A file that a run wrote."""

    name: str  # from the root of the container
    bytes: int | None
    rows: int | None

    @property
    def file_name(self) -> str:
        """The last part of its name."""
        return self.name.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Manifest:
    """One run of an export."""

    place: str  # where the manifest stands, with slashes
    type: str  # FocusCost, ActualCost, AmortizedCost, or a type without costs
    export: str
    scope: str  # of the export: a billing account, a subscription, …; empty when the manifest does not tell
    data_version: str
    overwrites: bool  # whether each run overwrites the one before it
    run_id: str
    submitted: str  # an ISO 8601 instant; sorts as text because every run writes it in one form
    start: date
    end: date  # the last day, which belongs to it
    blobs: tuple[Blob, ...]
    rows: int | None  # in all blobs

    @property
    def folder(self) -> str:
        """The folder that the manifest stands in; empty for the root."""
        return self.place.rpartition("/")[0]

    @property
    def months(self) -> tuple[date, date]:
        """The first and the last month that it covers. A month to date covers the same ones as the month."""
        return self.start.replace(day=1), self.end.replace(day=1)

    @property
    def period(self) -> str:
        """The days it covers, as Cost Management names a folder."""
        return f"{self.start:%Y%m%d}-{self.end:%Y%m%d}"


def manifest(raw: bytes, place: str) -> Manifest:
    """The manifest that `raw` holds. Raises BadInput when it is none."""
    try:
        content = json.loads(raw)
        run, config = content["runInfo"], content["exportConfig"]
        found = Manifest(
            place=place,
            type=str(config["type"]),
            export=str(config["exportName"]),
            scope=_SCOPE_END.split(str(config.get("resourceId") or ""))[0].casefold(),
            data_version=str(config.get("dataVersion") or ""),
            overwrites=content.get("deliveryConfig", {}).get("dataOverwriteBehavior") == "OverwritePreviousReport",
            run_id=str(run["runId"]),
            submitted=str(run["submittedTime"]),
            start=_day(run["startDate"]),
            end=_day(run["endDate"]),
            blobs=tuple(_blob(each) for each in content["blobs"]),
            rows=_count(content, "dataRowCount"),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            f"{place} is not the manifest of an export ({_what(error)}). Download it from the container again."
        ) from error
    if content.get("blobCount", len(found.blobs)) != len(found.blobs):
        raise BadInput(
            f"{place} says that there are {content['blobCount']} files and names {len(found.blobs)}."
            " Download the manifest again, or run the export again in Cost Management."
        )
    return found


def period_of_folder(name: str) -> tuple[date, date] | None:
    """The days of a folder called `yyyymmdd-yyyymmdd`; None for any other folder."""
    found = _PERIOD_FOLDER.fullmatch(name)
    if not found:
        return None
    numbers = [int(part) for part in found.groups()]
    try:
        return date(*numbers[:3]), date(*numbers[3:])
    except ValueError:
        return None


def _blob(entry: Mapping[str, Any]) -> Blob:
    return Blob(str(entry["blobName"]), _count(entry, "byteCount"), _count(entry, "dataRowCount"))


def _count(entry: Mapping[str, Any], name: str) -> int | None:
    value = entry.get(name)
    return None if value is None else int(value)


def _day(text: str) -> date:
    return datetime.fromisoformat(text).date()


def _what(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)
