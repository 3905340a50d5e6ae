"""Tables of money in AG Grid: amounts travel as exact text and are ordered as numbers.

The functions named here are in assets/dashAgGridFunctions.js and assets/dashAgGridComponentFunctions.js.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import dash_ag_grid as dag
from dash import html
from dash.development.base_component import Component

from app.domain.money import plain
from frontend.components.attributes import labelled
from frontend.theme import GRID

Row = Mapping[str, str | int | None]
LONG = 18  # more rows than this, and the table scrolls inside its card


class Kind(StrEnum):
    """How a column is written."""

    TEXT = "text"
    MONEY = "money"  # to the cent, every digit in the tooltip
    EXACT = "exact"  # every digit, decimal points in line
    PERCENT = "percent"
    SHARE = "share"  # a percentage with a bar of it; `FIELD_words` in the row says in words what it is of
    COUNT = "count"


@dataclass(frozen=True)
class Column:
    """A column of a table. With `link`, its cells lead where the row's field of that name says, and `query` besides."""

    field: str
    header: str
    kind: Kind = Kind.TEXT
    link: str | None = None
    query: str = ""
    pinned: bool = False
    width: int | None = None
    hint: str | None = None


def money(amount: Decimal | None) -> str | None:
    """An amount as a cell: exact text, or None where there is none."""
    return None if amount is None else plain(amount)


def money_table(
    name: str, label: str, columns: Sequence[Column], rows: Sequence[Row], *, totals: Sequence[Row] = ()
) -> Component:
    """A table called `name`; `totals` stay in sight below the rows."""
    long = len(rows) > LONG
    grid = dag.AgGrid(
        id=f"table-{name}",
        columnDefs=[_definition(column) for column in columns],
        rowData=list(rows),
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "minWidth": 96,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        },
        dashGridOptions={
            "theme": GRID,
            "domLayout": "normal" if long else "autoHeight",
            "ensureDomOrder": True,
            "suppressFieldDotNotation": True,  # a pool may be called net.shared
            "enableCellTextSelection": True,
            "suppressColumnVirtualisation": True,
            "tooltipShowDelay": 200,
            "pinnedBottomRowData": list(totals),
            "animateRows": False,
            "suppressMovableColumns": True,
        },
        style={"height": 640 if long else None, "width": "100%"},
    )
    return html.Div(grid, className="table", role="region", **labelled(label))


_NUMBERS: dict[Kind, dict[str, Any]] = {
    Kind.MONEY: {"minWidth": 132, "valueFormatter": {"function": "readable(params.value)"}},
    Kind.EXACT: {"cellRenderer": "ExactAmount", "width": 250, "flex": 0},
    Kind.PERCENT: {"valueFormatter": {"function": "percentage(params.value)"}},
    Kind.COUNT: {"valueFormatter": {"function": "count(params.value)"}},
    Kind.SHARE: {
        "cellRenderer": "ShareBar",
        "minWidth": 150,
        "tooltipValueGetter": {"function": "params.data[params.colDef.field + '_words']"},
    },
}


def _definition(column: Column) -> dict[str, Any]:
    definition: dict[str, Any] = {"field": column.field, "headerName": column.header}
    if column.hint:
        definition["headerTooltip"] = column.hint
    if column.pinned:
        definition |= {"pinned": "left", "lockPinned": True}
    if column.width:
        definition["width"] = column.width
    elif not column.pinned:
        definition["flex"] = 1
    if column.kind is Kind.TEXT:
        definition["tooltipField"] = column.field
    else:
        definition |= {
            "type": "rightAligned",
            "comparator": {"function": "byAmount(valueA, valueB)"},
            "tooltipValueGetter": {"function": "exact(params.value)"},
            **_NUMBERS[column.kind],
        }
    if column.link:
        renderer = "ExactAmount" if column.kind is Kind.EXACT else "CellLink"
        parameters = {"hrefField": column.link, "query": column.query}
        definition |= {"cellRenderer": renderer, "cellRendererParams": parameters}
    return definition
