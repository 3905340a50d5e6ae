"""The columns of an AWS Cost and Usage Report, found by their CUR 2.0 names, however a file writes them.

Three spellings hold the same line items: CUR 2.0 (`line_item_unblended_cost`, maps for products and tags), CUR 1 in
CSV (`lineItem/UnblendedCost`, a column for each tag) and CUR 1 in Parquet (CUR 2.0's spelling, a column for each tag).
Source: AWS Data Exports user guide, "Cost and Usage Report (CUR) 2.0" and "Data dictionary".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from ingest.engine.duckdb import RESERVED
from ingest.focus.spec import snake

REQUIRED = (
    "bill_billing_period_start_date",
    "bill_payer_account_id",
    "line_item_currency_code",
    "line_item_line_item_type",
    "line_item_product_code",
    "line_item_unblended_cost",
    "line_item_usage_account_id",
    "line_item_usage_start_date",
)
# What a tag column starts with, as CUR 1 writes it in CSV and in Parquet, and what its key starts with in FOCUS. A
# user's own tag has no prefix there; one that AWS made has `aws:` (FOCUS, column Tags).
_TAG_PREFIXES = {
    "resourceTags/user:": "",
    "resourceTags/aws:": "aws:",
    "resourceTags/": "",
    "resource_tags_user_": "",
    "resource_tags_aws_": "aws:",
    "costCategory/": "costCategory/",
    "cost_category_": "costCategory/",
}


@dataclass(frozen=True)
class Names:
    """Where a file has each column."""

    columns: Mapping[str, str]  # CUR 2.0's name -> as the file writes it
    tags: Mapping[str, str]  # key of a tag that has a column of its own -> the column
    legacy: bool  # CUR 1

    @property
    def missing(self) -> tuple[str, ...]:
        """The columns without which a line item cannot be booked."""
        return tuple(name for name in REQUIRED if name not in self.columns)


def names(header: Iterable[str]) -> Names:
    """What the columns of a file with this `header` are."""
    columns: dict[str, str] = {}
    tags: dict[str, str] = {}
    written = [name for name in header if name.casefold() not in RESERVED]
    for name in written:
        prefix = next((each for each in _TAG_PREFIXES if name.startswith(each)), None)
        if prefix:
            tags.setdefault(_TAG_PREFIXES[prefix] + name.removeprefix(prefix), name)
        else:
            columns.setdefault(cur2_name(name), name)
    legacy = bool(tags) or "product_product_name" in columns or any("/" in name for name in written)
    return Names(columns, tags, legacy)


def cur2_name(written: str) -> str:
    """CUR 2.0's name of a column: `reservation/ReservationARN` is `reservation_reservation_a_r_n`."""
    return "_".join(snake(part) for part in written.split("/")) if "/" in written else written.lower()


@dataclass(frozen=True)
class Native:
    """Line items of a report. `prefix` is what their columns start with where two line items stand side by side."""

    table: Table
    names: Names
    prefix: str = ""

    def on(self, table: Table, *, prefix: str = "") -> "Native":
        """The same columns of another table, one that was filtered or joined."""
        return replace(self, table=table, prefix=prefix)

    def has(self, *names: str) -> bool:
        """Whether the report has all these columns."""
        return all(name in self.names.columns for name in names)

    def written(self, name: str) -> str:
        """The column's name in the file, or CUR 2.0's where the file lacks it."""
        return self.names.columns.get(name, name)

    def column(self, name: str) -> Column:
        """A column that the report has."""
        return self.table[self.prefix + self.names.columns[name]]

    def text(self, name: str) -> Column:
        """A column as text; nulls where the report lacks it."""
        if name not in self.names.columns:
            return ibis.null("string")
        column = self.column(name)
        return column if column.type().is_string() else column.cast("string")

    def said(self, *names: str) -> Column:
        """The first of these texts that is there and not empty."""
        found = [self.text(name).nullif("") for name in names if self.has(name)]
        return ibis.coalesce(*found) if found else ibis.null("string")

    def first(self, *names: str) -> Column:
        """The first of these columns, dates say, that has a value."""
        found = [self.column(name) for name in names if self.has(name)]
        return ibis.coalesce(*(each.nullif("") if each.type().is_string() else each for each in found))

    def own(self, name: str) -> Column:
        """A column that we added to the table."""
        return self.table[self.prefix + name]

    def product(self, attribute: str) -> Column:
        """An attribute of the product, from its column or from CUR 2.0's map."""
        if self.has(f"product_{attribute}"):
            return self.said(f"product_{attribute}")
        if not self.has("product"):
            return ibis.null("string")
        products = self.column("product")
        if products.type().is_map():
            return map_extract_value(products, attribute)
        return json_extract_string(products, f'$."{attribute}"')


@ibis.udf.scalar.builtin
def map_extract_value(texts: dt.Map(dt.string, dt.string), key: str) -> str:  # type: ignore[valid-type, empty-body]
    """The value of a key, or null."""


@ibis.udf.scalar.builtin
def json_extract_string(text: str, path: str) -> str:  # type: ignore[empty-body]
    """The text at a path in a JSON document, or null."""
