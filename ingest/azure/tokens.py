"""Tokens that lines of Azure OpenAI are charged for, by model and class, as drivers."""

import json

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from ingest.azure.token_meters import TokenMeter, token_meter
from ingest.engine.duckdb import quoted, sql_of
from ingest.focus.numbers import MAX_DIGITS, NUMBER

_SCALE = 12  # fractional digits of a quantity of tokens; a vendor that sends more has no more tokens


@ibis.udf.scalar.builtin
def json_merge_patch(one: str, other: str) -> str:  # type: ignore[empty-body]
    """One flat JSON object with the entries of the other."""


@ibis.udf.scalar.builtin
def json_object(key: str, value: str) -> str:  # type: ignore[empty-body]
    """A JSON object with one entry."""


def token_drivers(lines: Table) -> Table | None:
    """The tokens of `lines`: day, meter, quantity (of tokens, as text) and sub_account_id; None when there are none."""
    backend = lines.get_backend()
    names = backend.raw_sql(sql_of(lines.filter(lines.meter.notnull())[["meter"]].distinct()))
    counted = {name: found for (name,) in names.fetchall() if (found := token_meter(name))}
    if not counted:
        return None
    values = ", ".join(f"({quoted(name)}, {quoted(_dimensions(found))})" for name, found in sorted(counted.items()))
    backend.raw_sql(
        "CREATE OR REPLACE TEMP TABLE azure_token_meter AS"
        f" SELECT * FROM (VALUES {values}) AS meters(meter, dimensions)"
    )
    joined = lines.join(backend.table("azure_token_meter"), "meter")
    amount = joined.quantity.try_cast(dt.Decimal(MAX_DIGITS, _SCALE))
    readable = joined.filter(joined.quantity.re_search(NUMBER) & amount.notnull() & joined.day.notnull())
    return readable.select(
        day=readable.day,
        name=ibis.literal("tokens"),
        unit=ibis.literal("tokens"),
        service_provider_name=ibis.literal("Microsoft"),
        dimensions=_with_account(readable.dimensions, readable.sub_account_id),
        quantity=readable.quantity.try_cast(dt.Decimal(MAX_DIGITS, _SCALE)),
    )


def _dimensions(meter: TokenMeter) -> str:
    found = {"model": meter.model, "token_class": meter.token_class}
    if meter.batch:
        found["batch"] = "true"
    if meter.priority:
        found["service_tier"] = "priority"
    return json.dumps(found)


def _with_account(dimensions: Column, account: Column) -> Column:
    both = json_merge_patch(dimensions, json_object("sub_account_id", account))
    return ibis.cases((account.isnull(), dimensions), else_=both)
