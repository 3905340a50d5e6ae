"""`trueup loads`: what was handed over and what became of it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say, table
from app.db.session import read_session
from app.domain.viewer import operator

if TYPE_CHECKING:
    from app.reports.deliveries import DeliveryRow, UnbookedRow
    from app.reports.loads import LoadRow


def loads(
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Show the rows that could not be booked.")] = False,
    as_json: AsJson = False,
) -> None:
    """List deliveries and loads: when, how many rows, what was quarantined, what replaced what.

    Example: trueup loads --source aws
    """
    from app.reports.deliveries import deliveries, unbooked_rows
    from app.reports.loads import loads as booked_loads

    with read_session() as session:
        if quarantine:
            _tell_quarantine(unbooked_rows(session, operator(), source), as_json=as_json)
            return
        handed_over, booked = deliveries(session, operator(), source), booked_loads(session, operator(), source)
    if as_json:
        answer({"deliveries": [asdict(each) for each in handed_over], "loads": [asdict(each) for each in booked]})
    else:
        _tell(handed_over, booked)


def _tell_quarantine(rows: "tuple[UnbookedRow, ...]", *, as_json: bool) -> None:
    if as_json:
        answer([asdict(row) for row in rows])
        return
    table(
        ("source", "file", "row", "column", "value", "reason"),
        [(row.source, row.file, row.row_number, row.column_name, row.value, row.reason) for row in rows],
        right=(2,),
    )


def _tell(handed_over: "tuple[DeliveryRow, ...]", booked: "tuple[LoadRow, ...]") -> None:
    say("Deliveries")
    table(
        ("id", "source", "received", "state", "rows in", "quarantined", "message"),
        [(d.id, d.source, d.received_at, d.state, d.rows_in, d.rows_quarantined, d.message) for d in handed_over],
        right=(0, 4, 5),
    )
    say("\nLoads")
    table(
        ("id", "source", "period", "state", "rows", "replaced by"),
        [
            (
                load.id,
                load.source,
                f"{load.billing_period_start:%Y-%m}",
                load.state,
                load.rows_loaded,
                load.superseded_by,
            )
            for load in booked
        ],
        right=(0, 4),
    )
