"""Anthropic's daily usage as quantities, from either API: tokens by class, requests, web searches.

Source: Claude Platform docs, "Usage and Cost Analytics API" and "Usage and Cost API": the five counts of tokens do not
overlap.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from app.errors import BadInput
from ingest.anthropic.costs import actor_id
from ingest.quantities import Quantity, counts

_TOKENS = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cached_input",
    "output_tokens": "output",
}
_CACHE_WRITES = {
    "ephemeral_5m_input_tokens": "cache_write_5m",
    "ephemeral_1h_input_tokens": "cache_write_1h",
}
_SEARCHES = "web_search_requests"
# Ours -> Anthropic's name for it.
_DIMENSIONS = {
    "model": "model",
    "service_tier": "service_tier",
    "sub_account_id": "workspace_id",
    "api_key_id": "api_key_id",
    "context_window": "context_window",
    "inference_geo": "inference_geo",
    "product": "product",
    "speed": "speed",
}


def quantities(where: str, entry: Mapping[str, Any]) -> Iterator[Quantity]:
    """What a row (analytics) or bucket (legacy) counts. Raises BadInput, with `where`, for what is no number or day."""
    if "usage" in entry:
        yield from _quantities(where, _day(where, entry), entry["usage"], entry.get("group") or {})
    for result in entry.get("results", ()):
        if "amount" not in result:
            yield from _quantities(where, _day(where, entry), result, result)


def _quantities(where: str, day: date, used: Mapping[str, Any], group: Mapping[str, Any]) -> Iterator[Quantity]:
    dimensions: dict[str, str | bool | None] = {ours: group.get(theirs) for ours, theirs in _DIMENSIONS.items()}
    dimensions["user_id"] = actor_id(group.get("actor") or {})
    if dimensions["service_tier"] is not None:
        dimensions["batch"] = dimensions["service_tier"] == "batch"
    said = [(used, _TOKENS), (used.get("cache_creation") or {}, _CACHE_WRITES)]
    for counted, classes in said:
        for field, tokens in counts(where, counted, classes):
            yield Quantity(day, "tokens", "tokens", {**dimensions, "token_class": classes[field]}, tokens)
    for _, requests in counts(where, used, ("requests",)):
        yield Quantity(day, "requests", "requests", dimensions, requests)
    for _, searches in counts(where, used.get("server_tool_use") or {}, (_SEARCHES,)):
        yield Quantity(day, "web_searches", "requests", dimensions, searches)


def _day(where: str, entry: Mapping[str, Any]) -> date:
    try:
        return datetime.fromisoformat(str(entry["starting_at"])).date()
    except (KeyError, ValueError) as error:
        raise BadInput(f"{where}: there is no starting_at that is a day. Download the file again.") from error
