"""Lines of a metrics page: Prometheus' text format and OpenMetrics, as they are pasted, cut together and annotated.

A strict parser refuses a page for one stray title. This one reads each line for itself and tells those it cannot.
Sources: prometheus.io/docs/instrumenting/exposition_formats; the OpenMetrics specification, version 1.0.
"""

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ingest.telemetry.unreadable import UnreadableRowError

# Possessive quantifiers: a label that never ends must not be tried in every way there is.
_LINE = re.compile(
    r'(?P<series>[A-Za-z_:][\w:]*+(?:\s*+\{(?:[^"}]++|"(?:[^"\\]++|\\.)*+")*+\})?)\s++(?P<value>\S++)'
    r"(?:\s++(?P<time>[-+.\deE]++))?\s*+(?:#.*)?$"
)
_LABEL = re.compile(r'\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPED = re.compile(r"\\(.)")
_OBSERVED = re.compile(r"#\s*observed_at:?\s+(\S+)")
# Before 1973 in milliseconds, after 5000 in seconds: Prometheus writes the one, OpenMetrics the other.
_MILLISECONDS_FROM = 1e11
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Point:
    """What a line says: a series as it is written, its value, and when, if it says that."""

    series: str
    value: float
    written: str  # the value as it stands there
    at: datetime | None


def point(line: str, known: Container[str] = ()) -> Point | None:
    """What a line says; None where it says nothing: it is empty or a comment. Raises UnreadableRowError.

    A series that is `known` already, as it is written, is not looked at again.
    """
    end = line.rfind("}") + 1
    if line[:end] in known and 0 < len(cells := line[end:].split()) <= 2:
        return _point(line, line[:end], *cells)
    found = _LINE.match(line)
    if found is None:
        bare = line.strip()
        if not bare or bare.startswith("#"):
            return None
        raise UnreadableRowError(f"'{_shown(bare)}' is no metric with a value")
    return _point(line, *found.group("series", "value", "time"))


def _point(line: str, series: str, written: str, time: str | None = None) -> Point:
    try:
        return Point(series, float(written), written, at(float(time)) if time else None)
    except (ValueError, OverflowError) as error:
        raise UnreadableRowError(f"'{_shown(line.strip())}' has a value or time that is no number") from error


def at(epoch: float) -> datetime:
    """The moment that is so many seconds, or milliseconds, after the first of 1970. Raises OverflowError."""
    return _EPOCH + timedelta(seconds=epoch / 1000 if abs(epoch) >= _MILLISECONDS_FROM else epoch)


def observed(line: str) -> datetime | None:
    """The moment that a comment `# observed_at 2026-07-14T09:00:44Z` gives to the lines after it."""
    found = _OBSERVED.match(line)
    if not found:
        return None
    try:
        moment = datetime.fromisoformat(found.group(1))
    except ValueError as error:
        raise UnreadableRowError(f"observed_at '{found.group(1)}' is no moment such as 2026-03-02T10:00:00Z") from error
    if moment.tzinfo is None:
        raise UnreadableRowError(f"observed_at '{found.group(1)}' has no time zone; write Z after it for UTC")
    return moment.astimezone(UTC)


def name_and_labels(series: str) -> tuple[str, dict[str, str]]:
    """The name and labels of a series as it is written; labels that are empty count as absent.

    Raises UnreadableRowError where they are not written as `name="value", …`.
    """
    name, _, rest = series.partition("{")
    labels: dict[str, str] = {}
    inside, position = rest.rstrip().removesuffix("}").rstrip(), 0
    while position < len(inside):
        found = _LABEL.match(inside, position)
        if not found:
            raise UnreadableRowError(f"the labels of {name.strip()} cannot be read at '{_shown(inside[position:])}'")
        if text := _ESCAPED.sub(_unescaped, found.group(2)):
            labels[found.group(1)] = text
        position = found.end()
    return name.strip(), labels


def _unescaped(found: re.Match[str]) -> str:
    return "\n" if found.group(1) == "n" else found.group(1)


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
