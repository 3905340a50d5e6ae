"""What the catalogue beside a bill knows of its rows, written beside them: list prices, project and account names.

It is written into the staged rows, not joined when they are read, because line items are read again years later by the
stored mapping alone.
"""

from collections.abc import Mapping
from pathlib import Path

from ibis.backends.duckdb import Backend

from app.errors import BadInput
from ingest.engine.duckdb import literal, quoted, sql_of
from ingest.files import SourceFile, csv_header
from ingest.focus.numbers import significant_digits
from ingest.gcp.catalog import PROJECT_COLUMNS, PROJECTS, SKU_COLUMNS, SKUS
from ingest.gcp.catalog_columns import ACCOUNT_NAME, BILLED_PROJECT, LIST_COST, LIST_UNIT_PRICE, PROJECT_NAME
from ingest.gcp.fields import Fields
from ingest.staging import StagedFile

_COLUMNS = {SKUS: SKU_COLUMNS, PROJECTS: PROJECT_COLUMNS}
# A price has nine fractional digits (nanos). A quantity of more than 18 is left without a list cost, not rounded.
_PRICE, _QUANTITY, _MOST_FRACTION = "DECIMAL(38, 9)", "DECIMAL(38, 18)", 18


def is_dimension(file: SourceFile) -> bool:
    """Whether this file is no bill and tells of one."""
    return Path(file.name).name in _COLUMNS


def tables_of(files: Mapping[str, SourceFile]) -> dict[str, str]:
    """SQL over each of the catalogue's tables; one that is not at hand is empty. Raises BadInput for another header."""
    found = {}
    for name, columns in _COLUMNS.items():
        typed = ", ".join(f"{quoted(each)}: 'VARCHAR'" for each in columns)
        if name not in files:
            found[name] = f"(SELECT {', '.join(f'NULL::VARCHAR AS {each}' for each in columns)} WHERE false)"
            continue
        file = files[name]
        if csv_header(file.path, file.name) != columns:
            raise BadInput(f"{file.name}, row 1: the columns are not {', '.join(columns)}. Pull the catalogue again.")
        found[name] = (
            f"(SELECT * FROM read_csv({literal(file.path)}, columns = {{{typed}}}, header = true, delim = ',',"
            " quote = '\"', escape = '\"', auto_detect = false))"
        )
    return found


def with_dimensions(
    backend: Backend, staged: StagedFile, tables: Mapping[str, str], scratch: Path, *, focus: bool
) -> StagedFile:
    """The staged rows with the columns of `ingest.gcp.catalog_columns`.

    A list price is only taken for a SKU in the row's currency and pricing unit. Where prices are tiered, the row must
    say its tier: what one row used says nothing of the account's usage in the month.
    """
    target = scratch / "dimensioned" / f"{staged.file.name}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    backend.raw_sql(
        f"COPY (SELECT k.* EXCLUDE (file_row_number, k_project, k_account, k_sku, k_currency, k_unit, k_tier,"
        f" k_quantity, k_fraction), p.project_id AS {_name(PROJECT_NAME)}, p.account AS {_name(BILLED_PROJECT)},"
        f" a.account_name AS {_name(ACCOUNT_NAME)}, s.unit_price AS {_name(LIST_UNIT_PRICE)},"
        f" CASE WHEN k_fraction <= {_MOST_FRACTION}"
        f" THEN TRY(s.unit_price * CAST(k_quantity AS {_QUANTITY})) END AS {_name(LIST_COST)}"
        f" FROM ({_keyed(backend, staged, focus=focus)}) AS k"
        f" LEFT JOIN (SELECT project_id, max(billing_account_id) AS account FROM {tables[PROJECTS]}"
        " GROUP BY ALL) AS p ON p.project_id = k_project"
        f" LEFT JOIN (SELECT billing_account_id, max(nullif(billing_account_name, '')) AS account_name"
        f" FROM {tables[PROJECTS]} GROUP BY ALL) AS a ON a.billing_account_id = k_account"
        f" LEFT JOIN ({_prices(tables[SKUS])}) AS s ON s.sku_id = k_sku AND s.currency = k_currency"
        f" AND (s.usage_unit = k_unit OR s.usage_unit_description = k_unit)"
        f" AND (s.tiers = 1 OR s.tier_start = TRY_CAST(k_tier AS {_PRICE}))"
        f" ORDER BY file_row_number) TO {quoted(str(target))} (FORMAT parquet, COMPRESSION snappy)"
    )
    return StagedFile(staged.file, target, rewritten=True, header_rows=staged.header_rows)


def _keyed(backend: Backend, staged: StagedFile, *, focus: bool) -> str:
    rows = backend.read_parquet(str(staged.parquet), table_name="undimensioned", file_row_number=True)
    fields = Fields(rows)
    if focus:
        said = ("SubAccountId", "BillingAccountId", "SkuId", "BillingCurrency", "PricingUnit", "", "PricingQuantity")
    else:
        said = (
            *("project.id", "billing_account_id", "sku.id", "currency"),
            *("usage.pricing_unit", "price.tier_start_amount", "usage.amount_in_pricing_units"),
        )
    names = ("k_project", "k_account", "k_sku", "k_currency", "k_unit", "k_tier", "k_quantity")
    keyed = rows.mutate(**{name: fields.text(path) for name, path in zip(names, said, strict=True)})
    whole = keyed.mutate(k_fraction=significant_digits(keyed, "k_quantity")[1])
    return sql_of(whole)


def _prices(skus: str) -> str:
    """One row for each tier of a SKU, with how many tiers it has."""
    return (
        f"SELECT *, count(*) OVER (PARTITION BY sku_id, currency) AS tiers FROM (SELECT DISTINCT ON"
        f" (sku_id, currency, tier_start) sku_id, currency, usage_unit, usage_unit_description,"
        f" TRY_CAST(tier_start AS {_PRICE}) AS tier_start, TRY_CAST(unit_price AS {_PRICE}) AS unit_price FROM {skus})"
    )


def _name(column: str) -> str:
    return f'"{column}"'
