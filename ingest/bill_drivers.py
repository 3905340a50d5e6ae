"""The drivers of a delivery, by the billing period whose load keeps them.

A delivery may state quantities itself (a vendor's usage pages, a gateway's logs). Token quantities on cloud bills are
read off the charges: which charge keys meter tokens, and how many, `ingest.meters` knows.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from ibis.backends.duckdb import Backend

from app.db.load_driver import DriverRow
from app.domain.charge import KEY_COLUMNS
from app.domain.money import EXACT
from ingest.delivery import OpenDelivery
from ingest.engine.duckdb import POSITION, rows_of
from ingest.keys import Key
from ingest.meters import TokenMeter, token_meter

_ASKED = ("service_provider_name", "service_name", "sku_meter", "sku_id", "consumed_unit", "pricing_unit")
_KEPT = ("service_name", "sub_account_id", "resource_id", "region_id")
_PLACE = {name: KEY_COLUMNS.index(name) for name in (*_ASKED, *_KEPT)}


def drivers_by_period(
    backend: Backend, delivery: OpenDelivery, keys: Mapping[int, Key], periods: Sequence[date]
) -> dict[date, list[DriverRow]]:
    """The drivers of a delivery. `keys` are its charge keys by position, `periods` its billing periods.

    What a delivery states itself goes with the billing period of its month, or the nearest; with a period of its own
    where there are no charges.
    """
    found: dict[date, list[DriverRow]] = {}
    for row in _stated(delivery):
        month = row[0].replace(day=1)
        period = min(periods, key=lambda each: (abs(each - month), each)) if periods else month
        found.setdefault(period, []).append(row)
    if delivery.drivers is None:  # what a delivery states itself is not read off its charges again
        for period, row in _metered(backend, keys):
            found.setdefault(period, []).append(row)
    return found


def _stated(delivery: OpenDelivery) -> list[DriverRow]:
    if delivery.drivers is None:
        return []
    return [
        (
            row["day"],
            row["name"],
            row["unit"],
            row["service_provider_name"],
            row["dimensions"] or "{}",
            Decimal(row["quantity"]),
        )
        for row in rows_of(delivery.drivers)
    ]


def _metered(backend: Backend, keys: Mapping[int, Key]) -> list[tuple[date, DriverRow]]:
    """Tokens of the charges that meter them."""
    meters = {position: meter for position, key in keys.items() if (meter := _meter(key))}
    if not meters:
        return []
    backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE metered ({POSITION} BIGINT)")
    backend.raw_sql(f"INSERT INTO metered VALUES {', '.join(f'({position})' for position in meters)}")
    summed = backend.raw_sql(
        f"SELECT billing_period_start, charge_day, {POSITION}, sum(consumed_quantity), sum(pricing_quantity)"
        " FROM rolled JOIN line_key ON rolled.key_hash = line_key.key_hash"
        f" AND rolled.resource_hash = line_key.resource_hash JOIN metered USING ({POSITION})"
        " WHERE problem IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    rows = []
    for period, day, position, consumed, priced in summed.fetchall():
        meter, key = meters[position], keys[position]
        units = consumed if meter.quantity == "consumed_quantity" else priced
        if units:
            tokens = EXACT.multiply(units, meter.tokens_per_unit)
            provider = key.values[_PLACE["service_provider_name"]]
            rows.append((period, (day, "tokens", "tokens", provider, _dimensions(meter, key), tokens)))
    return rows


def _meter(key: Key) -> TokenMeter | None:
    return token_meter(**{name: key.values[_PLACE[name]] for name in _ASKED})


def _dimensions(meter: TokenMeter, key: Key) -> str:
    said = {"model": meter.model, "token_class": meter.token_class, "service_tier": meter.service_tier}
    said |= {name: key.values[_PLACE[name]] for name in _KEPT}
    told = {name: value for name, value in said.items() if value is not None}
    return json.dumps({**told, "batch": meter.batch}, sort_keys=True, ensure_ascii=False)
