"""`trueup loads`: what was handed over and what became of it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say, table
from app.db.session import read_session
from app.domain.viewer import operator

if TYPE_CHECKING:
    from app.reports.deliveries import DeliveryRow, UnbookedRow
    from app.reports.loads import BrokenRule, LoadRow


def loads(
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Show the rows that could not be booked.")] = False,
    rules: Annotated[
        int | None, typer.Option(metavar="LOAD", help="Show the rules of FOCUS that the delivery of this load breaks.")
    ] = None,
    only_deliveries: Annotated[
        bool, typer.Option("--deliveries", help="Show only what was handed over, refused attempts with the reason.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List deliveries and loads: when, how many rows, what was quarantined, what replaced what.

    Example: trueup loads --source aws; trueup loads --rules 12
    """
    from app.reports.deliveries import deliveries, unbooked_rows
    from app.reports.loads import load_report
    from app.reports.loads import loads as booked_loads

    with read_session() as session:
        if rules is not None:
            _tell_rules(load_report(session, operator(), rules).findings, as_json=as_json)
            return
        if quarantine:
            _tell_quarantine(unbooked_rows(session, operator(), source), as_json=as_json)
            return
        handed_over = deliveries(session, operator(), source)
        if only_deliveries:
            _tell_deliveries(handed_over, as_json=as_json)
            return
        booked = booked_loads(session, operator(), source)
    if as_json:
        answer({"deliveries": [asdict(each) for each in handed_over], "loads": [asdict(each) for each in booked]})
    else:
        _tell(handed_over, booked)


def _tell_rules(broken: "tuple[BrokenRule, ...]", *, as_json: bool) -> None:
    if as_json:
        answer([asdict(each) for each in broken])
        return
    if not broken:
        say("It breaks none of the rules that we check.")
        return
    table(
        ("rule", "column", "what is wrong", "rows", "share", "row", "which has"),
        [
            (each.requirement or each.rule, each.column_name, each.message, f"{each.rows:,}", _share(each), _row(each),
             each.example)
            for each in broken
        ],
        right=(3, 4),
    )  # fmt: skip


def _share(broken: "BrokenRule") -> str | None:
    return None if broken.share_of_rows is None else f"{broken.share_of_rows * 100:.2f}%"


def _row(broken: "BrokenRule") -> str | None:
    return f"{broken.file}:{broken.row_number}" if broken.file else None


def _tell_quarantine(rows: "tuple[UnbookedRow, ...]", *, as_json: bool) -> None:
    if as_json:
        answer([asdict(row) for row in rows])
        return
    table(
        ("source", "file", "row", "column", "value", "reason"),
        [(row.source, row.file, row.row_number, row.column_name, row.value, row.reason) for row in rows],
        right=(2,),
    )


def _tell_deliveries(handed_over: "tuple[DeliveryRow, ...]", *, as_json: bool) -> None:
    if as_json:
        answer([asdict(each) for each in handed_over])
        return
    table(
        ("id", "source", "received", "state", "snapshot of", "rows in", "quarantined", "message"),
        [
            (d.id, d.source, d.received_at, d.state, d.scope, d.rows_in, d.rows_quarantined, d.message)
            for d in handed_over
        ],
        right=(0, 5, 6),
    )


def _tell(handed_over: "tuple[DeliveryRow, ...]", booked: "tuple[LoadRow, ...]") -> None:
    say("Deliveries")
    _tell_deliveries(handed_over, as_json=False)
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
