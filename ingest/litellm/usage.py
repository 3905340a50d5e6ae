"""Rows of LiteLLM as usage: what was spent, which tokens, how many requests, of whom.

`prompt_tokens` counts tokens read from and written to the vendor's prompt cache too; both are told in the metadata of a
log, in the columns of a daily table (litellm 1.110: llms/anthropic/chat/transformation.py adds them up,
litellm_core_utils/llm_cost_calc/cache_tokens.py says where they stand).
"""

from collections.abc import Mapping, Sequence

import ibis
from ibis import Column, Table

from ingest.columns import exact_columns, is_number, json_object, json_texts, named_view, summed_once
from ingest.engine.duckdb import POSITION
from ingest.focus.cells import instant, present, text_cell
from ingest.litellm.providers import SERVICE_PROVIDERS

COUNTED = ("input", "cached_input", "cache_write", "output")
_USAGE = ("usage_object", "additional_usage_values")
_CACHE_READ = (("cache_read_input_tokens",), ("prompt_tokens_details", "cached_tokens"))
_CACHE_WRITTEN = (
    ("cache_creation_input_tokens",),
    ("prompt_tokens_details", "cache_write_tokens"),
    ("prompt_tokens_details", "cache_creation_tokens"),
)
_LOG_NUMBERS = ("spend", "prompt_tokens", "completion_tokens")
# What is read of a log's metadata.
_TOLD = (
    ("status",),
    ("user_api_key_alias",),
    ("user_api_key_team_alias",),
    *((usage, *place) for usage in _USAGE for place in (*_CACHE_READ, *_CACHE_WRITTEN)),
)
_USER_AGENT = "user-agent:"  # LiteLLM tags each request with the program that sent it


def readable_logs(bill: Table) -> Column:
    """Whether a log can be read: its day, its spend and its tokens."""
    return _readable(bill, "startTime", _LOG_NUMBERS)


def readable_daily(bill: Table) -> Column:
    """Whether a row of a daily table can be read."""
    return _readable(bill, "date", [name for name in _DAILY_NUMBERS if name in bill.columns])


def once(bill: Table) -> Table:
    """The logs, each request once: time windows of the API overlap at their edges."""
    named = bill.filter(bill["request_id"].notnull())
    firsts = named.aggregate(by="request_id", first=named[POSITION].min())[["first"]]
    unnamed = bill.filter(bill["request_id"].isnull())
    return ibis.union(named.semi_join(firsts, named[POSITION] == firsts["first"]), unnamed)


def of_logs(bill: Table, dimensions: Sequence[str]) -> Table:
    """Readable spend logs as usage, one row for each."""
    bill = named_view(bill.mutate(trueup_told=json_texts(_cell(bill, "metadata"), _TOLD)), "trueup_told")
    told = {path: bill["trueup_told"][number] for number, path in enumerate(_TOLD)}
    counts = {"trueup_read": _first_count(told, _CACHE_READ), "trueup_written": _first_count(told, _CACHE_WRITTEN)}
    exact = exact_columns(bill, _LOG_NUMBERS)
    bill = named_view(bill.mutate(**counts, **{f"trueup_{name}": exact[name] for name in exact}), "trueup_counted")
    told = {path: bill["trueup_told"][number] for number, path in enumerate(_TOLD)}
    read, written = bill["trueup_read"], bill["trueup_written"]
    numbers = {name: bill[f"trueup_{name}"] for name in _LOG_NUMBERS}
    status = ibis.coalesce(present(_cell(bill, "status")), told["status",])
    failed = (status == "failure").fill_null(False)
    hit = _cell(bill, "cache_hit").lower() == "true"
    found = {
        "api_key": _cell(bill, "api_key"),
        "api_key_alias": told["user_api_key_alias",],
        "end_user": _cell(bill, "end_user"),
        "model": _cell(bill, "model"),
        "model_group": _cell(bill, "model_group"),
        "organization": _cell(bill, "organization_id"),
        "provider": _cell(bill, "custom_llm_provider"),
        "tags": _tags(_cell(bill, "request_tags")),
        "team": _cell(bill, "team_id"),
        "team_alias": told["user_api_key_team_alias",],
        "user": _cell(bill, "user"),
    }
    # What the gateway answered from its own cache has cost nothing at the vendor, and no tokens there either.
    own = {"cache_hit": ibis.cases((hit, ibis.literal("true")))}
    return bill.select(
        day=instant(bill["startTime"]).cast("date"),
        service_provider_name=_service_provider(found["provider"]),
        **{f"dimension_{name}": found[name] for name in dimensions},
        **{f"dimension_{name}": column for name, column in own.items()},
        spend=numbers["spend"],
        **_tokens(numbers["prompt_tokens"], read, written, numbers["completion_tokens"]),
        ok=(~failed).cast("int64"),
        failed=failed.cast("int64"),
    )


_DAILY_NUMBERS = (
    "spend",
    "prompt_tokens",
    "completion_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "successful_requests",
    "failed_requests",
)
_DAILY_DIMENSIONS = {
    "end_user": "end_user_id",
    "organization": "organization_id",
    "provider": "custom_llm_provider",
    "tags": "tag",
    "team": "team_id",
    "user": "user_id",
}


def of_daily(bill: Table, dimensions: Sequence[str]) -> Table:
    """Readable rows of a daily table as usage, one row for each."""
    have = [name for name in _DAILY_NUMBERS if name in bill.columns]
    numbers = {name: column.fill_null(0) for name, column in exact_columns(bill, have).items()}
    none = ibis.literal(0)
    return bill.select(
        day=instant(bill["date"]).cast("date"),
        service_provider_name=_service_provider(_cell(bill, "custom_llm_provider")),
        **{f"dimension_{name}": _cell(bill, _DAILY_DIMENSIONS.get(name, name)) for name in dimensions},
        spend=numbers["spend"],
        **_tokens(
            numbers["prompt_tokens"],
            numbers.get("cache_read_input_tokens", none),
            numbers.get("cache_creation_input_tokens", none),
            numbers["completion_tokens"],
        ),
        ok=numbers.get("successful_requests", none),
        failed=numbers.get("failed_requests", none),
    )


def drivers(usage: Table, *, currency: str) -> Table:
    """Usage as drivers, summed by day and dimensions: spend, tokens by class, requests by outcome."""
    dimensions = [name for name in usage.columns if name.startswith("dimension_")]
    by = ["day", "service_provider_name", *dimensions]
    measures = ("spend", *COUNTED, "ok", "failed")
    summed = summed_once(usage.aggregate(by=by, **{name: usage[name].sum() for name in measures}))

    def driver(measure: str, name: str, unit: str, **told: str) -> Table:
        values = {each.removeprefix("dimension_"): summed[each] for each in dimensions}
        own = {key: ibis.literal(value) for key, value in told.items()}
        return summed.filter(summed[measure] != 0).select(
            day=summed["day"],
            name=ibis.literal(name),
            unit=ibis.literal(unit),
            service_provider_name=summed["service_provider_name"],
            dimensions=json_object({**values, **own}),
            quantity=summed[measure].cast("string"),  # exact, whatever its scale
        )

    return ibis.union(
        driver("spend", "gateway_spend", currency),
        *(driver(token_class, "tokens", "tokens", token_class=token_class) for token_class in COUNTED),
        *(driver(status, "requests", "requests", status=status) for status in ("ok", "failed")),
    )


def _tokens(prompt: Column, read: Column, written: Column, output: Column) -> dict[str, Column]:
    """Tokens by class. Where the prompt has fewer than its cache classes, it was counted without them."""
    uncached = ibis.cases((prompt >= read + written, prompt - read - written), else_=prompt)
    return {"input": uncached, "cached_input": read, "cache_write": written, "output": output}


def _first_count(told: Mapping[tuple[str, ...], Column], places: Sequence[Sequence[str]]) -> Column:
    """The first count of these places in a log's usage that is not zero."""
    found = [told[usage, *place].try_cast("int64").nullif(0) for usage in _USAGE for place in places]
    return ibis.coalesce(*found, ibis.literal(0))


def _tags(written: Column) -> Column:
    """The tags that the sender gave a request, in order, with commas between."""
    tags = written.try_cast("json").array.map(lambda tag: tag.str)
    given = tags.filter(lambda tag: tag.notnull() & ~tag.lower().startswith(_USER_AGENT))
    return given.sort().join(",")


def _service_provider(provider: Column) -> Column:
    tidy = present(provider).lower()
    known = [(tidy == name, ibis.literal(billed)) for name, billed in SERVICE_PROVIDERS.items()]
    return ibis.cases(*known, else_=present(provider))


def _cell(bill: Table, name: str) -> Column:
    return text_cell(bill, name if name in bill.columns else None)


def _readable(bill: Table, day: str, numbers: Sequence[str]) -> Column:
    readable = instant(bill[day]).notnull()
    for name in numbers:
        readable = readable & is_number(bill, name)
    return readable
