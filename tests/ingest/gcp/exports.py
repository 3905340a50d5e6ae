"""Small billing exports as BigQuery holds them: a row, a Parquet file, a table of the emulator."""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from google.cloud import bigquery

Row = dict[str, Any]
ACCOUNT = "01A2B3-4C5D6E-7F8091"
_LABELS = [{"key": "STRING", "value": "STRING"}]
# What Google documents as the detailed export, without columns that say nothing here.
DETAILED: dict[str, Any] = {
    "billing_account_id": "STRING",
    "service": {"id": "STRING", "description": "STRING"},
    "sku": {"id": "STRING", "description": "STRING"},
    "usage_start_time": "TIMESTAMP",
    "usage_end_time": "TIMESTAMP",
    "project": {
        "id": "STRING",
        "number": "STRING",
        "name": "STRING",
        "labels": _LABELS,
        "ancestry_numbers": "STRING",
        "ancestors": [{"resource_name": "STRING", "display_name": "STRING"}],
    },
    "labels": _LABELS,
    "system_labels": _LABELS,
    "location": {"location": "STRING", "country": "STRING", "region": "STRING", "zone": "STRING"},
    "resource": {"name": "STRING", "global_name": "STRING"},
    "tags": [{"key": "STRING", "value": "STRING", "inherited": "BOOL", "namespace": "STRING"}],
    "price": {"effective_price": "NUMERIC", "tier_start_amount": "NUMERIC", "list_price": "NUMERIC"},
    "subscription": {"instance_id": "STRING"},
    "consumption_model": {"id": "STRING", "description": "STRING"},
    "transaction_type": "STRING",
    "seller_name": "STRING",
    "export_time": "TIMESTAMP",
    "cost": "FLOAT64",
    "currency": "STRING",
    "currency_conversion_rate": "FLOAT64",
    "usage": {
        "amount": "FLOAT64",
        "unit": "STRING",
        "amount_in_pricing_units": "FLOAT64",
        "pricing_unit": "STRING",
    },
    "credits": [{"id": "STRING", "name": "STRING", "full_name": "STRING", "type": "STRING", "amount": "FLOAT64"}],
    "invoice": {"month": "STRING", "publisher_type": "STRING"},
    "cost_type": "STRING",
    "adjustment_info": {"id": "STRING", "description": "STRING", "type": "STRING", "mode": "STRING"},
    "cost_at_list": "FLOAT64",
}
STANDARD = {name: kind for name, kind in DETAILED.items() if name not in {"resource", "subscription"}}


def gcp_row(cost: float | None = 1.0, *given: tuple[str, float | None], month: str = "202606", **cells: Any) -> Row:
    """An hour of a machine on the 2nd of the invoice `month`; `given` are credits, (type, amount).

    `cells` are columns with what they shall hold instead; members of a record are given as record__member.
    """
    year, number = month[:4], month[4:]
    row: Row = {
        "billing_account_id": ACCOUNT,
        "service": {"id": "6F81-5844-456A", "description": "Compute Engine"},
        "sku": {"id": "AAAA-0001", "description": "A3 Instance Core running in Americas"},
        "usage_start_time": f"{year}-{number}-02 10:00:00",
        "usage_end_time": f"{year}-{number}-02 11:00:00",
        "project": {"id": "acme-search", "number": "77", "name": "Acme Search"},
        "location": {"location": "us-central1", "country": "US", "region": "us-central1", "zone": "us-central1-a"},
        "resource": {"name": "vm-1", "global_name": "//compute.googleapis.com/projects/77/zones/z/instances/1"},
        "export_time": f"{year}-{number}-02 15:00:00",
        "cost": cost,
        "currency": "USD",
        "usage": {"amount": 3600.0, "unit": "seconds", "amount_in_pricing_units": 1.0, "pricing_unit": "hour"},
        "credits": [{"id": f"id-{kind}", "name": f"A {kind}", "type": kind, "amount": each} for kind, each in given],
        "invoice": {"month": month},
        "cost_type": "regular",
        "cost_at_list": cost,
    }
    for name, value in cells.items():
        top, _, member = name.partition("__")
        if member:
            row[top] = {**(row.get(top) or {}), member: value}
        else:
            row[top] = value
    return row


def labels(**pairs: str) -> list[Row]:
    return [{"key": key, "value": value} for key, value in pairs.items()]


def write_parquet(path: Path, rows: Sequence[Row], schema: Mapping[str, Any] = DETAILED) -> Path:
    """The rows as Parquet, nested as BigQuery exports them."""
    fields = [pa.field(name, _arrow(kind)) for name, kind in schema.items()]
    typed = [{name: _typed(row.get(name), kind) for name, kind in schema.items()} for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(typed, schema=pa.schema(fields)), path)
    return path


def write_ndjson(path: Path, rows: Sequence[Row], schema: Mapping[str, Any] = DETAILED) -> Path:
    """The rows as `bq extract` writes JSON: one object a line, NUMERIC in quotes, FLOAT64 not."""
    lines = [json.dumps({name: _jsonable(row.get(name), kind) for name, kind in schema.items()}) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def write_flat_csv(path: Path, rows: Sequence[Row], schema: Mapping[str, Any] = STANDARD, *, joint: str = ".") -> Path:
    """The rows as CSV: members of a record as record.member, repeated records as JSON."""
    flat = [dict(_flat(row, schema, "", joint)) for row in rows]
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(flat[0]))
        writer.writeheader()
        writer.writerows(flat)
    return path


def create_table(
    client: bigquery.Client, name: str, schema: Mapping[str, Any] = DETAILED, *, partitioned: bool = True
) -> str:
    """An empty table of the emulator, partitioned by arrival as the exports are."""
    dataset, table = "billing", f"{client.project}.billing.{name}"
    client.create_dataset(dataset, exists_ok=True)
    made = bigquery.Table(table, schema=[_field(each, kind) for each, kind in schema.items()])
    if partitioned:
        made.time_partitioning = bigquery.TimePartitioning()
    client.delete_table(table, not_found_ok=True)
    client.create_table(made)
    return table


def append(client: bigquery.Client, table: str, rows: Sequence[Row], schema: Mapping[str, Any] = DETAILED) -> None:
    """Appends rows, as Google's export does."""
    selects = (
        "SELECT " + ", ".join(f"{_literal(row.get(name), kind)} AS {name}" for name, kind in schema.items())
        for row in rows
    )
    client.query_and_wait(f"INSERT INTO `{table}` " + " UNION ALL ".join(selects))


_ARROW: dict[str, pa.DataType] = {
    "STRING": pa.string(),
    "FLOAT64": pa.float64(),
    "NUMERIC": pa.decimal128(38, 9),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
    "BOOL": pa.bool_(),
}


def _arrow(kind: Any) -> pa.DataType:
    if isinstance(kind, list):
        return pa.list_(_arrow(kind[0]))
    if isinstance(kind, dict):
        return pa.struct([pa.field(name, _arrow(each)) for name, each in kind.items()])
    return _ARROW[str(kind)]


def _typed(value: Any, kind: Any) -> Any:
    if isinstance(kind, list):
        return [_typed(each, kind[0]) for each in value or ()]
    if isinstance(kind, dict):
        return {name: _typed((value or {}).get(name), each) for name, each in kind.items()}
    if value is None or not isinstance(value, str):
        return value
    if kind == "TIMESTAMP":
        return datetime.fromisoformat(f"{value}+00:00")
    return Decimal(value) if kind == "NUMERIC" else value


def _jsonable(value: Any, kind: Any) -> Any:
    if isinstance(kind, list):
        return [_jsonable(each, kind[0]) for each in value or ()]
    if isinstance(kind, dict):
        return {name: _jsonable((value or {}).get(name), each) for name, each in kind.items()}
    return f"{value} UTC" if kind == "TIMESTAMP" and value else value


def _flat(row: Row, schema: Mapping[str, Any], prefix: str, joint: str) -> Any:
    for name, kind in schema.items():
        value = row.get(name)
        if isinstance(kind, dict):
            yield from _flat(value or {}, kind, f"{prefix}{name}{joint}", joint)
        elif isinstance(kind, list):
            yield prefix + name, json.dumps(_jsonable(value, kind))
        else:
            yield prefix + name, _jsonable(value, kind)


def _field(name: str, kind: Any) -> bigquery.SchemaField:
    mode = "REPEATED" if isinstance(kind, list) else "NULLABLE"
    kind = kind[0] if isinstance(kind, list) else kind
    if isinstance(kind, dict):
        return bigquery.SchemaField(name, "RECORD", mode=mode, fields=[_field(*each) for each in kind.items()])
    return bigquery.SchemaField(name, kind, mode=mode)


def _type(kind: Any) -> str:
    if isinstance(kind, list):
        return f"ARRAY<{_type(kind[0])}>"
    if isinstance(kind, dict):
        return f"STRUCT<{', '.join(f'{name} {_type(each)}' for name, each in kind.items())}>"
    return str(kind)


def _literal(value: Any, kind: Any) -> str:
    if isinstance(kind, list):
        return f"[{', '.join(_literal(each, kind[0]) for each in value)}]" if value else f"CAST([] AS {_type(kind)})"
    if isinstance(kind, dict):
        members = (f"{_literal((value or {}).get(name), each)} AS {name}" for name, each in kind.items())
        return f"STRUCT({', '.join(members)})"
    if value is None:
        return f"CAST(NULL AS {kind})"
    text = repr(value) if kind == "FLOAT64" else str(value)
    if kind == "NUMERIC":
        return f"NUMERIC '{text}'"  # the emulator casts to fewer digits
    utc = "+00:00" if kind == "TIMESTAMP" else ""
    return f"CAST('{text}{utc}' AS {kind})"
