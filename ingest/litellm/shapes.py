"""What a file of LiteLLM is: spend logs, a daily table, or an answer of its API; and the rows in it.

Sources: litellm 1.110, schema.prisma (LiteLLM_SpendLogs, LiteLLM_Daily…Spend) and
types/proxy/management_endpoints/common_daily_activity.py.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import IO, Any, cast

from app.domain.money import EXACT, ZERO, plain
from app.errors import BadInput
from ingest.files import SourceFile

JSON_SUFFIXES = (".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
LOG_COLUMNS = (
    "request_id",
    "startTime",
    "spend",
    "prompt_tokens",
    "completion_tokens",
    "model",
    "model_group",
    "custom_llm_provider",
    "api_key",
    "user",
    "end_user",
    "team_id",
    "organization_id",
    "cache_hit",
    "request_tags",
    "status",
    "metadata",
)
DAILY_COLUMNS = (
    "date",
    "spend",
    "prompt_tokens",
    "completion_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "successful_requests",
    "failed_requests",
    "model",
    "model_group",
    "custom_llm_provider",
    "api_key",
    "api_key_alias",
    "user_id",
    "end_user_id",
    "team_id",
    "organization_id",
    "tag",
)
_METRICS = DAILY_COLUMNS[1:8]
# Of a log's metadata, which can hold whole prompts, only this is needed.
_METADATA = ("additional_usage_values", "status", "usage_object", "user_api_key_alias", "user_api_key_team_alias")
_PAGE_OF_MONTH = re.compile(r"(?:^|/)logs-([0-9]{4}-[0-9]{2})-[0-9]{5}\.json$")  # as `ingest.litellm.api` names them
_UNATTRIBUTED = "unattributed"  # what its reports call a request without a key
_OWNERS = ("user_id", "team_id", "tag", "organization_id", "end_user_id", "agent_id")


class Shape(StrEnum):
    """What the rows of a file are."""

    LOGS = "spend logs"
    DAILY = "daily spend"


def is_json(file: SourceFile) -> bool:
    """Whether a file is JSON; the others are tables."""
    return file.name.lower().endswith(JSON_SUFFIXES)


def shape_of(columns: Iterable[str], file: SourceFile) -> tuple[Shape, str]:
    """The shape of a table with these columns, and the column that says whose its rows are.

    Raises BadInput when it is no table of LiteLLM's.
    """
    names = set(columns)
    if {"request_id", "startTime", "spend"} <= names:
        return Shape.LOGS, "request_id"
    if {"date", "spend", "prompt_tokens"} <= names:
        return Shape.DAILY, next((owner for owner in _OWNERS if owner in names), "date")
    raise BadInput(
        f"{file.name} is no table of LiteLLM's: it has neither the columns of LiteLLM_SpendLogs (request_id, startTime,"
        " spend) nor those of a daily table (date, spend, prompt_tokens). Export one of these."
    )


def json_rows(file: SourceFile) -> tuple[Shape, str, Iterator[Mapping[str, str | None]]]:
    """The shape of a JSON file, whose its rows are, and the rows. Raises BadInput when it is none of LiteLLM's."""
    documents = _documents(file)
    first = next(documents, None)
    if isinstance(first, dict) and "results" in first:
        return Shape.DAILY, "activity", _every(file, _activity, first, documents)
    if isinstance(first, dict) and isinstance(first.get("data"), list):
        rows = _every(file, _logs, first, documents)
        month = _PAGE_OF_MONTH.search(file.name)
        return Shape.LOGS, "request_id", _only_in(month[1], rows) if month else rows
    if isinstance(first, list) and first and isinstance(first[0], dict):
        shape, owner = shape_of(first[0], file)
        read = _logs if shape is Shape.LOGS else _daily
        return shape, owner, _every(file, read, {"data": first}, documents)
    if isinstance(first, dict):
        shape, owner = shape_of(first, file)
        read = _logs if shape is Shape.LOGS else _daily
        return shape, owner, _every(file, read, {"data": [first]}, ({"data": [each]} for each in documents))
    raise BadInput(f"{file.name} holds no rows of LiteLLM's. Export the spend logs or a daily table as JSON.")


def _only_in(month: str, rows: Iterable[Mapping[str, str | None]]) -> Iterator[Mapping[str, str | None]]:
    """The logs of a month: the API can only be asked up to the first instant of the next, that instant included."""
    return (row for row in rows if (row["startTime"] or "").startswith(month))


def _every(file: SourceFile, read: Any, first: Any, rest: Iterator[Any]) -> Iterator[Mapping[str, str | None]]:
    try:
        yield from read(first)
        for each in rest:
            yield from read(each)
    except (AttributeError, KeyError, TypeError) as error:
        raise BadInput(f"{file.name} is not as LiteLLM writes it ({error!r}). Export it again.") from error


def _documents(file: SourceFile) -> Iterator[Any]:
    """The JSON documents of a file: one, or one on each line. Amounts keep the text they have."""
    lines = file.name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson"))
    row = 0
    try:
        with _opened(file) as stream:
            if not lines:
                yield json.loads(stream.read(), parse_float=str)
                return
            for line in stream:
                row += 1
                if line.strip():
                    yield json.loads(line, parse_float=str)
    except (ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        where = f"{file.name}, row {row}" if lines else file.name
        raise BadInput(f"{where}: not readable as JSON ({error}). The file is cut off or damaged.") from error


def _opened(file: SourceFile) -> IO[bytes]:
    if file.is_gzip:
        return cast("IO[bytes]", gzip.open(file.path))
    return file.path.open("rb")


def _logs(answer: Mapping[str, Any]) -> Iterator[Mapping[str, str | None]]:
    for row in answer["data"]:
        found = {name: _text(row.get(name)) for name in LOG_COLUMNS}
        metadata = row.get("metadata")
        if isinstance(metadata, str):
            try:
                metadata = json.loads(metadata, parse_float=str)
            except ValueError:
                metadata = None
        if isinstance(metadata, dict):
            found["metadata"] = json.dumps({key: metadata[key] for key in _METADATA if key in metadata})
        yield found


def _daily(answer: Mapping[str, Any]) -> Iterator[Mapping[str, str | None]]:
    for row in answer["data"]:
        yield {name: _text(row.get(name)) for name in DAILY_COLUMNS}


def _activity(answer: Mapping[str, Any]) -> Iterator[Mapping[str, str | None]]:
    """The rows of `/user/daily/activity`: day × model × key, with the key's team.

    It does not say which provider a model of a key was served by, unless the key has used only one that day.
    """
    for day in answer["results"]:
        breakdown = day.get("breakdown") or {}
        providers = _only_providers(breakdown.get("providers") or {})
        rest = {name: _number(day["metrics"].get(name)) for name in _METRICS}
        for model, of_model in (breakdown.get("models") or {}).items():
            for key, of_key in (of_model.get("api_key_breakdown") or {}).items():
                metadata = of_key.get("metadata") or {}
                metrics = {name: _number(of_key["metrics"].get(name)) for name in _METRICS}
                rest = {name: EXACT.subtract(rest[name], metrics[name]) for name in _METRICS}
                yield {
                    "date": day["date"],
                    "model": model,
                    "custom_llm_provider": providers.get(key),
                    "api_key": None if key == _UNATTRIBUTED else key,
                    "api_key_alias": _text(metadata.get("key_alias")),
                    "team_id": _text(metadata.get("team_id")),
                    **{name: plain(amount) for name, amount in metrics.items()},
                }
        # Where the day has more requests than its models, the rest belongs to none (a tool, a key cut off the list).
        # Without such requests, a difference of spend is only the noise of LiteLLM's own floats.
        if any(rest[name] for name in _METRICS if name != "spend"):
            yield {"date": day["date"], **{name: plain(amount) for name, amount in rest.items()}}


def _only_providers(providers: Mapping[str, Any]) -> dict[str, str]:
    """The provider of each key that has used one alone."""
    used: dict[str, list[str]] = {}
    for provider, of_provider in providers.items():
        for key in of_provider.get("api_key_breakdown") or {}:
            used.setdefault(key, []).append(provider)
    return {key: names[0] for key, names in used.items() if len(names) == 1}


def _number(value: Any) -> Decimal:
    return ZERO if value is None else Decimal(str(value))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)
