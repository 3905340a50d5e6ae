"""`trueup loads`: what was handed over and what became of it."""

from dataclasses import asdict
from typing import Annotated

import typer

from app.cli.output import AsJson, answer, say, table
from app.db.session import read_session
from app.domain.viewer import operator


def loads(
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Show the rows that could not be booked.")] = False,
    as_json: AsJson = False,
) -> None:
    """List deliveries and loads: when, how many rows, what was quarantined, what replaced what.

    Example: trueup loads --source aws
    """
    from app.reports.sources import deliveries, loads as list_loads, quarantined_rows

    with read_session() as session:
        viewer = operator()
        if quarantine:
            rows = quarantined_rows(session, viewer, source=source)
            if as_json:
                answer([asdict(row) for row in rows])
                return
            table(
                ("source", "file", "row", "column", "value", "reason"),
                [(row.source, row.file, row.row_number, row.column, row.value, row.reason) for row in rows],
                right=(2,),
            )
            return
        handed_over, booked = deliveries(session, viewer, source=source), list_loads(session, viewer, source=source)
    if as_json:
        answer({"deliveries": [asdict(each) for each in handed_over], "loads": [asdict(each) for each in booked]})
        return
    say("Deliveries")
    table(
        ("id", "source", "received", "state", "rows in", "quarantined", "message"),
        [(d.id, d.source, d.received_at, d.state, d.rows_in, d.rows_quarantined, d.message) for d in handed_over],
        right=(0, 4, 5),
    )
    say("\nLoads")
    table(
        ("id", "source", "period", "state", "rows", "replaced by"),
        [(each.id, each.source, f"{each.period:%Y-%m}", each.state, each.rows, each.superseded_by) for each in booked],
        right=(0, 4),
    )
