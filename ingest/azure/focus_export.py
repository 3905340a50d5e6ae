"""Azure's FOCUS exports, and what they do to FOCUS: preview columns, quantities in blocks.

Source: Cost Management, "Cost and usage details (FOCUS)", versions 1.0-preview(v1), 1.0, 1.0r2, 1.2-preview and 1.2.
"""

from collections.abc import Sequence
from dataclasses import replace

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from app.errors import BadInput
from ingest.azure.decimals import times
from ingest.azure.tokens import token_drivers
from ingest.delivery import OpenDelivery, open_rows
from ingest.files import SourceFile
from ingest.focus.cells import instant, present, text_cell
from ingest.focus.kind import open_focus
from ingest.focus.numbers import MAX_DIGITS
from ingest.focus.spec import layout
from ingest.kind import Opening
from ingest.staging import TableFile, open_table, stage_table

# Columns that 1.0 renamed or dropped: a file that has one of them is of the preview.
_OF_THE_PREVIEW = ("ChargeSubcategory", "UsageQuantity", "x_OnDemandCost")
_RENAMED = {
    "UsageQuantity": "ConsumedQuantity",
    "UsageUnit": "ConsumedUnit",
    "x_OnDemandCost": "ContractedCost",
    "x_OnDemandUnitPrice": "ContractedUnitPrice",
}
_PRICING = {"on-demand": "Standard", "commitment-based": "Committed", "commitment based": "Committed"}


def open_focus_export(opening: Opening, files: Sequence[SourceFile]) -> OpenDelivery:
    """Opens the blobs of FOCUS exports as one delivery. Raises BadInput as `ingest.focus.kind.open_focus` does."""
    tables = [open_table(file, opening.scratch) for file in files]
    preview = [table for table in tables if set(_OF_THE_PREVIEW) & set(table.columns)]
    if preview:
        return _open_preview(opening, tables, preview)
    opened = open_focus(replace(opening, files=files))
    return replace(opened, drivers=_tokens(opened.focus))


def _open_preview(opening: Opening, tables: Sequence[TableFile], preview: Sequence[TableFile]) -> OpenDelivery:
    other = next((table for table in tables if table not in preview), None)
    if other:
        raise BadInput(
            f"{preview[0].file.name} is FOCUS 1.0-preview and {other.file.name} is not. Ingest the months of each"
            " version on their own, or run the export again for the older ones."
        )
    for table in tables:
        if table.columns != tables[0].columns and set(table.columns) != set(tables[0].columns):
            raise BadInput(f"{table.file.name} has other columns than {tables[0].file.name}. Export the bill again.")
    renamed = [_RENAMED.get(name, name) for name in tables[0].columns]
    lacking = layout((*renamed, "ChargeClass")).missing
    if lacking:
        raise BadInput(
            f"{tables[0].file.name}, row 1: FOCUS 1.0-preview needs {', '.join(lacking)}. Export the bill again, as"
            " FOCUS 1.0 or later."
        )
    staged = [stage_table(opening.backend, table, opening.scratch, opening.progress) for table in tables]
    opened = open_rows(
        opening.backend,
        staged,
        version="FOCUS 1.0-preview",
        focus_rows=_from_preview,
        key_extras=opening.settings.key_extras,
    )
    return replace(opened, drivers=_tokens(opened.focus))


def _from_preview(bill: Table) -> Table:
    """FOCUS 1.0-preview as FOCUS 1.0: what was renamed, and what ChargeSubcategory said."""
    sort = present(text_cell(bill, "ChargeSubcategory" if "ChargeSubcategory" in bill.columns else None)).lower()
    pricing = text_cell(bill, "PricingCategory" if "PricingCategory" in bill.columns else None)
    committed = text_cell(bill, "CommitmentDiscountId" if "CommitmentDiscountId" in bill.columns else None)
    region = present(text_cell(bill, "Region" if "Region" in bill.columns else None))
    made = {
        "ChargeClass": ibis.cases((sort.contains("refund"), ibis.literal("Correction"))),
        "CommitmentDiscountStatus": ibis.cases(
            (sort.contains("unused"), ibis.literal("Unused")),
            ((bill.ChargeCategory == "Usage") & present(committed).notnull(), ibis.literal("Used")),
        ),
        "PricingCategory": ibis.cases(
            *((pricing.strip().lower() == old, ibis.literal(new)) for old, new in _PRICING.items()), else_=pricing
        ),
        "RegionId": region.lower().replace(" ", ""),
        "RegionName": region,
    }
    renamed = {new: bill[old] for old, new in _RENAMED.items() if old in bill.columns}
    kept = [name for name in bill.columns if name not in {*_RENAMED, *made, *renamed, "Region"}]
    return bill.select(*kept, **renamed, **made)


def _tokens(focus: Table) -> Table | None:
    """The tokens of Azure OpenAI lines. The consumed quantity is in blocks where only that explains the list cost."""
    needed = ("x_SkuMeterName", "x_SkuMeterCategory", "x_PricingBlockSize", "ConsumedQuantity", "ListUnitPrice")
    if not set(needed) <= set(focus.columns):
        return None
    words = ("x_SkuMeterCategory", "x_SkuMeterSubcategory", "ServiceName")
    said = [text_cell(focus, name).lower() for name in words if name in focus.columns]
    about = ibis.or_(*(text.contains("openai") | (text == "foundry models") for text in said))
    models = focus.filter(ibis.coalesce(about, ibis.literal(value=False)))
    quantity = _decimal(models, "ConsumedQuantity", 24, 12)
    block = ibis.coalesce(_decimal(models, "x_PricingBlockSize", 12, 0), ibis.literal(1).cast(dt.Decimal(12, 0)))
    price, cost = (text_cell(models, name).try_cast("float64") for name in ("ListUnitPrice", "ListCost"))
    whole, size = quantity.cast("float64"), block.cast("float64")
    # This decides, it calculates no amount, so floats will do.
    single = (whole * price - cost * size).abs() <= cost.abs() * size * 0.01
    in_blocks = (whole * price - cost).abs() <= cost.abs() * 0.01
    single = ibis.coalesce(single & ~in_blocks & (cost != 0), ibis.literal(value=False))
    tokens = ibis.cases((single, quantity.cast(dt.Decimal(MAX_DIGITS, 12))), else_=times(quantity, block))
    account = text_cell(models, "SubAccountId" if "SubAccountId" in models.columns else None)
    return token_drivers(
        models.select(
            day=instant(models["ChargePeriodStart"]).cast("date"),
            meter=present(text_cell(models, "x_SkuMeterName")),
            quantity=tokens.cast("string"),
            sub_account_id=present(account),
        )
    )


def _decimal(table: Table, name: str, width: int, scale: int) -> Column:
    return present(text_cell(table, name)).try_cast(dt.Decimal(width, scale))
