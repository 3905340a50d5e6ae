"""An explanation as a table: leaves, lines that were worked out, and rounding, which add up to the figure."""

from sqlalchemy.orm import Session

from app.domain.explanation import Leaf, Working
from app.domain.viewer import Viewer
from app.errors import BadInput
from app.exports.table import Cell, Column, Kind, Table, amounts, texts
from app.reports.explain import Explanation, explain
from app.reports.explain_rows import SourceRows, source_rows
from app.reports.figure_ground import Asked

# A file is made in memory.
MOST_LEAVES = 200_000
MOST_ROWS = 100_000
_DIMENSIONS = (
    "service_provider_name",
    "service_name",
    "charge_category",
    "sub_account_id",
    "region_id",
    "sku_id",
    "resource_id",
    "invoice_id",
)
_COLUMNS = (
    *texts("made_of"),
    Column("billing_period_start", Kind.DAY),
    Column("charge_key", Kind.COUNT),
    *texts("rule"),
    Column("rule_line", Kind.COUNT),
    Column("policy_version", Kind.COUNT),
    *texts("team", "pool", "cost_type", *_DIMENSIONS, "tags"),
    Column("first_day", Kind.DAY),
    Column("last_day", Kind.DAY),
    Column("row_count", Kind.COUNT),
    *texts("billing_currency", "working"),
    *amounts("cost", "share", "amount"),
)


def whole_explanation(session: Session, viewer: Viewer, asked: Asked) -> Explanation:
    """The explanation with every leaf. Raises BadInput when they are too many for one file."""
    found = explain(session, viewer, asked, limit=MOST_LEAVES)
    if found.rest.leaves:
        raise BadInput(
            f"The figure has {found.leaf_count:,} leaves; a file holds {MOST_LEAVES:,}. Ask for a team or a service."
        )
    return found


def explanation_table(found: Explanation) -> Table:
    """The parts of a figure, one line each. `amount` adds up to what is charged, or without a statement to exact."""
    rows: list[tuple[Cell, ...]] = [_leaf(leaf, found.currency) for leaf in found.leaves]
    rows += [_line("line", found, each) for each in found.workings]
    if found.rest_of_workings.leaves:
        rows.append(_sum("other lines", found, found.rest_of_workings.amount))
    if found.rounding:
        rows.append(_sum("rounding", found, found.rounding))
    return Table(f"explanation {found.span.label}", _COLUMNS, rows)


def _leaf(leaf: Leaf, currency: str) -> tuple[Cell, ...]:
    tags = {name: value for name, value in leaf.dimensions.items() if name.startswith("tag:")}
    return (
        "charges",
        leaf.billing_period_start,
        leaf.charge_key,
        leaf.rule.name if leaf.rule else None,
        leaf.rule.line if leaf.rule else None,
        leaf.rule.policy_version if leaf.rule else None,
        leaf.team_id,
        leaf.pool_id,
        leaf.cost_type,
        *(leaf.dimensions.get(name) for name in _DIMENSIONS),
        "; ".join(f"{name.removeprefix('tag:')}={value}" for name, value in tags.items()) or None,
        leaf.first_day,
        leaf.last_day,
        leaf.row_count,
        currency,
        None,
        leaf.cost,
        leaf.share,
        leaf.amount,
    )


def _line(made_of: str, found: Explanation, working: Working) -> tuple[Cell, ...]:
    cells = dict(zip((column.name for column in _COLUMNS), _sum(made_of, found, working.amount), strict=True))
    cells |= {"team": working.team_id, "cost_type": working.cost_type, "service_name": working.service_name}
    return tuple((cells | {"working": working.formula}).values())


def _sum(made_of: str, found: Explanation, amount: Cell) -> tuple[Cell, ...]:
    cells: dict[str, Cell] = dict.fromkeys(column.name for column in _COLUMNS)
    cells |= {"made_of": made_of, "billing_currency": found.currency, "amount": amount}
    return tuple(cells.values())


def every_source_row(session: Session, viewer: Viewer, asked: Asked, charge_key: int) -> SourceRows:
    """Every row behind a leaf. Raises BadInput when they are too many for one file."""
    found = source_rows(session, viewer, asked, charge_key, limit=MOST_ROWS)
    if found.total_rows > MOST_ROWS:
        raise BadInput(f"These are {found.total_rows:,} rows; a file holds {MOST_ROWS:,}. Ask for fewer days.")
    return found


def source_rows_table(found: SourceRows) -> Table:
    """The rows of bills behind a leaf, one line each; the column `amount` adds up to the leaf."""
    columns = (
        *texts("source", "file"),
        Column("row_number", Kind.COUNT),
        Column("charge_period_start", Kind.INSTANT),
        Column("charge_period_end", Kind.INSTANT),
        *texts("billing_currency"),
        *amounts(found.metric, "share", "amount"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            item.source,
            item.file,
            item.row_number,
            item.charge_period_start,
            item.charge_period_end,
            item.currency,
            getattr(item, found.metric),
            item.share,
            item.amount,
        )
        for item in found.items
    ]
    return Table(f"rows of charge key {found.charge_key}", columns, rows)
