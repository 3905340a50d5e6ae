"""Small Cost and Usage Reports, written as a test wants them: a line item, CUR 2.0 in CSV or Parquet, CUR 1 in CSV."""

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.aws.cur_report import KIND
from ingest.engine.duckdb import POSITION, rows_of
from ingest.finding import Finding
from tests.ingest.opening import opened

Item = dict[str, Any]

MAPS = ("product", "resource_tags", "tags", "cost_category")
# CUR 1 spells these as AWS' dictionary of columns has them; the rest follows from the parts of the name.
_SECTIONS = {
    "identity": "identity",
    "bill": "bill",
    "line_item": "lineItem",
    "pricing": "pricing",
    "product": "product",
    "reservation": "reservation",
    "savings_plan": "savingsPlan",
    "split_line_item": "splitLineItem",
}
_ACRONYMS = {"SavingsPlanARN": "savings_plan_a_r_n", "ReservationARN": "reservation_a_r_n"}
_INSTANTS = (
    "bill_billing_period_start_date",
    "bill_billing_period_end_date",
    "line_item_usage_start_date",
    "line_item_usage_end_date",
)
_DOUBLES = ("_cost", "_commitment", "_fee", "_amount", "_usage", "_ratio", "_to_date", "_period", "_quantity")


def item(kind: str = "Usage", cost: str | None = "1", *, hour: int = 0, **cells: Any) -> Item:
    """A line item of CUR 2.0: an hour of an instance in March 2026. `cells` are columns with what they hold instead."""
    start = datetime(2026, 3, 2) + timedelta(hours=hour)  # noqa: DTZ001  (UTC without saying so, as CUR has it)
    return {
        "bill_billing_period_start_date": datetime(2026, 3, 1),  # noqa: DTZ001
        "bill_billing_period_end_date": datetime(2026, 4, 1),  # noqa: DTZ001
        "bill_payer_account_id": "111122223333",
        "bill_invoice_id": "EUINAB26-1",
        "bill_invoicing_entity": "Amazon Web Services, Inc.",
        "bill_billing_entity": "AWS",
        "line_item_usage_account_id": "444455556666",
        "line_item_line_item_type": kind,
        "line_item_usage_start_date": start,
        "line_item_usage_end_date": start + timedelta(hours=1),
        "line_item_product_code": "AmazonEC2",
        "line_item_usage_type": "USE1-BoxUsage:m5.xlarge",
        "line_item_operation": "RunInstances",
        "line_item_resource_id": "i-1",
        "line_item_currency_code": "USD",
        "line_item_legal_entity": "Amazon Web Services, Inc.",
        "line_item_line_item_description": "An hour of a machine",
        "line_item_usage_amount": "1",
        "line_item_unblended_cost": cost,
        "pricing_public_on_demand_cost": cost,
        "pricing_unit": "Hrs",
        "product_region_code": "us-east-1",
        **cells,
    }


def plan(kind: str, cost: str | None = "0", **cells: Any) -> Item:
    """A line item that belongs to a savings plan."""
    return item(kind, cost, **{"savings_plan_savings_plan_a_r_n": "arn:aws:savingsplans::1:savingsplan/sp-1", **cells})


def reservation(kind: str, cost: str | None = "0", **cells: Any) -> Item:
    """A line item that belongs to a reservation."""
    arn = "arn:aws:ec2:us-east-1:1:reserved-instances/ri-1"
    return item(kind, cost, **{"reservation_reservation_a_r_n": arn, **cells})


def pod(parent: str, cost: str | None, unused: str | None = "0", **cells: Any) -> Item:
    """A line item of split cost allocation data: an hour of a pod's CPU on the instance `parent`."""
    return item(
        "Usage",
        **{
            "cost": "0",
            "line_item_product_code": "AmazonEKS",
            "line_item_operation": "EKSPod-EC2",
            "line_item_usage_type": "USE1-EKS-EC2-vCPU-Hours",
            "line_item_resource_id": "arn:aws:eks:us-east-1:4:pod/training/search/ranker-0/uid-1",
            "pricing_public_on_demand_cost": None,
            "pricing_unit": "vCPU-Hours",
            "split_line_item_parent_resource_id": parent,
            "split_line_item_split_cost": cost,
            "split_line_item_unused_cost": unused,
            **cells,
        },
    )


def write(path: Path, items: Sequence[Item], *, legacy: bool = False) -> Path:
    """Writes the line items as `path` is called: Parquet, CSV or gzipped CSV; `legacy` is CUR 1, as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        assert not legacy
        pq.write_table(_table(items), path)
        return path
    rows = [_legacy(each) if legacy else _csv_cells(each) for each in items]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    data = text.getvalue().encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def _table(items: Sequence[Item]) -> pa.Table:
    """Amounts are doubles, as AWS has them."""
    columns = list(dict.fromkeys(name for each in items for name in each))
    arrays: dict[str, pa.Array[Any]] = {}
    for name in columns:
        cells = [each.get(name) for each in items]
        if name in MAPS:
            arrays[name] = pa.array(
                [None if cell is None else list(cell.items()) for cell in cells], pa.map_(pa.string(), pa.string())
            )
        elif name in _INSTANTS:
            arrays[name] = pa.array(cells, pa.timestamp("us"))
        elif name.endswith(_DOUBLES):
            arrays[name] = pa.array([None if cell is None else float(cell) for cell in cells], pa.float64())
        else:
            arrays[name] = pa.array(cells, pa.string())
    return pa.table(arrays)


def _csv_cells(each: Item) -> dict[str, str | None]:
    return {name: _csv_cell(name, cell) for name, cell in each.items()}


def _csv_cell(name: str, cell: Any) -> str | None:
    if cell is None:
        return None
    if name in MAPS:
        return json.dumps(cell)
    return cell.strftime("%Y-%m-%dT%H:%M:%S.000Z") if isinstance(cell, datetime) else str(cell)


def _legacy(each: Item) -> dict[str, str | None]:
    """The same in CUR 1: slashes in the names; each tag, cost category and attribute of the product is a column."""
    row: dict[str, str | None] = {}
    for name, cell in each.items():
        if name not in MAPS:
            row[_legacy_name(name)] = _csv_cell(name, cell)
    for key, value in _cells(each, "resource_tags"):
        row["resourceTags/" + key.replace("_", ":", 1)] = value
    row |= {f"costCategory/{key}": value for key, value in _cells(each, "cost_category")}
    row |= {f"product/{_camel(key)}": value for key, value in _cells(each, "product")}
    return row


def _cells(each: Item, name: str) -> Sequence[tuple[str, str]]:
    found: Mapping[str, str] = each.get(name) or {}
    return list(found.items())


def _legacy_name(name: str) -> str:
    section = max((each for each in _SECTIONS if name.startswith(f"{each}_")), key=len)
    rest = name.removeprefix(f"{section}_")
    acronym = next((written for written, snake in _ACRONYMS.items() if snake == rest), None)
    camel = acronym or (_camel(rest) if section == "product" else "".join(part.title() for part in rest.split("_")))
    return f"{_SECTIONS[section]}/{camel}"


def _camel(name: str) -> str:
    """How CUR 1 spells an attribute of a product, the odd ProductName included."""
    if name == "product_name":
        return "ProductName"
    first, *others = name.split("_")
    return first + "".join(part.title() for part in others)


@dataclass(frozen=True)
class Cur:
    """What Trueup makes of a report."""

    version: str
    rows: tuple[dict[str, Any], ...]  # its FOCUS rows
    lines: tuple[dict[str, Any], ...]  # the same, in the same order, costs as decimals
    notes: Mapping[str, Finding]

    def total(self, cost: str) -> Decimal:
        """The sum of a cost over what can be booked."""
        return sum((line[cost] for line in self.lines if not line["problem"] and line[cost] is not None), Decimal(0))

    def costs(self, **having: str | None) -> list[tuple[Any, Any]]:
        """Billed and effective cost of the rows whose dimensions are `having`."""
        return [
            (line["billed_cost"], line["effective_cost"])
            for line in self.lines
            if all(line[name] == value for name, value in having.items())
        ]


def read(path: Path, *, key_extras: Sequence[str] = ()) -> Cur:
    """What `aws-cur` makes of a file or folder."""
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(KIND, Path(folder), path, key_extras=tuple(key_extras)) as found,
    ):
        delivery = found.delivery
        lines = sorted(rows_of(delivery.lines), key=lambda line: line[POSITION])
        return Cur(delivery.version, tuple(found.focus), tuple(lines), {note.rule: note for note in delivery.notes})
