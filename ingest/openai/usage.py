"""OpenAI's daily usage as quantities: tokens by class that do not overlap, requests, images, seconds.

Source: OpenAI API reference, Administration, "Usage": `input_tokens` includes cached and cache-write tokens, and text,
audio and image.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from app.domain.money import ZERO, total
from app.errors import BadInput
from ingest.quantities import Quantity, counts

_PREFIX, _SUFFIX = "organization.usage.", ".result"
# What each kind of result counts besides tokens: field -> (name, unit).
_REQUESTS = {"num_model_requests": ("requests", "requests")}
_COUNTED = {
    "completions": _REQUESTS,
    "embeddings": _REQUESTS,
    "moderations": _REQUESTS,
    "images": {**_REQUESTS, "images": ("images", "images")},
    "audio_speeches": {**_REQUESTS, "characters": ("characters", "characters")},
    "audio_transcriptions": {**_REQUESTS, "seconds": ("audio_seconds", "seconds")},
    "vector_stores": {"usage_bytes": ("vector_store_bytes", "bytes")},
    "code_interpreter_sessions": {"num_sessions": ("sessions", "sessions")},
    "file_searches": {"num_requests": ("file_searches", "requests")},
    # Not num_model_requests: completions have counted those already.
    "web_searches": {"num_requests": ("web_searches", "requests")},
}
_WITH_TOKENS = ("completions", "embeddings", "moderations")
# Ours -> OpenAI's name for it.
_DIMENSIONS = {
    "model": "model",
    "batch": "batch",
    "service_tier": "service_tier",
    "sub_account_id": "project_id",
    "api_key_id": "api_key_id",
    "user_id": "user_id",
    "size": "size",
    "source": "source",
    "context_level": "context_level",
    "vector_store_id": "vector_store_id",
}


def operation(result: Mapping[str, Any]) -> str | None:
    """What a usage result is about, such as "completions"; None for a result of another kind."""
    name = str(result.get("object", ""))
    found = name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
    return found if found in _COUNTED and name == f"{_PREFIX}{found}{_SUFFIX}" else None


def quantities(where: str, bucket: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[Quantity]:
    """What a usage result counts. Raises BadInput, with `where`, when a count is no number or the bucket has no day."""
    what = operation(result)
    if what is None:
        return
    day = _day(where, bucket)
    dimensions = {ours: result.get(theirs) for ours, theirs in _DIMENSIONS.items()}
    dimensions["operation"] = what
    for field, count in counts(where, result, _COUNTED[what]):
        name, unit = _COUNTED[what][field]
        yield Quantity(day, name, unit, dimensions, count)
    if what in _WITH_TOKENS:
        for token_class, tokens in token_classes(dict(counts(where, result, _TOKENS))).items():
            yield Quantity(day, "tokens", "tokens", {**dimensions, "token_class": token_class}, tokens)


_TOKENS = (
    "input_tokens",
    "output_tokens",
    "input_cached_tokens",
    "input_cached_audio_tokens",
    "input_cached_image_tokens",
    "input_cache_write_tokens",
    "input_cache_write_30m_tokens",
    "input_cache_write_12h_tokens",
    "input_audio_tokens",
    "input_image_tokens",
    "output_audio_tokens",
    "output_image_tokens",
)


def token_classes(said: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Tokens by class; the classes do not overlap and add up to `input_tokens` + `output_tokens`.

    Where the parts that are stated exceed the whole (older answers counted cached audio in two of them), they are not
    told apart.
    """
    cached = _split(
        said.get("input_cached_tokens", ZERO),
        "cached_input",
        {
            "cached_input_audio": said.get("input_cached_audio_tokens", ZERO),
            "cached_input_image": said.get("input_cached_image_tokens", ZERO),
        },
    )
    written = _split(
        said.get("input_cache_write_tokens", ZERO),
        "cache_write",
        {
            "cache_write_30m": said.get("input_cache_write_30m_tokens", ZERO),
            "cache_write_12h": said.get("input_cache_write_12h_tokens", ZERO),
        },
    )
    uncached = {
        "input_audio": said.get("input_audio_tokens", ZERO),
        "input_image": said.get("input_image_tokens", ZERO),
    }
    whole, known = said.get("input_tokens", ZERO), {**cached, **written}
    fit = total((*known.values(), *uncached.values())) <= whole
    inputs = _split(whole, "input", {**known, **uncached} if fit else known)
    outputs = _split(
        said.get("output_tokens", ZERO),
        "output",
        {
            "output_audio": said.get("output_audio_tokens", ZERO),
            "output_image": said.get("output_image_tokens", ZERO),
        },
    )
    return {**inputs, **outputs}


def _split(whole: Decimal, rest: str, parts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """`whole` as its `parts` and what is left of it; undivided where the parts exceed it."""
    left = whole - total(parts.values())
    return {**parts, rest: left} if left >= 0 else {rest: whole}


def _day(where: str, bucket: Mapping[str, Any]) -> date:
    try:
        return datetime.fromtimestamp(int(str(bucket["start_time"])), UTC).date()
    except (KeyError, ValueError, OverflowError, OSError) as error:
        raise BadInput(f"{where}: the bucket has no start_time that is a day. Download the file again.") from error
