"""`trueup drivers`: the quantities that explain cost."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import AsJson, answer, progress_bar, say, table
from app.db.session import engine, read_session
from app.domain.viewer import operator
from app.reports.cost_query import Granularity
from app.settings import settings

app = typer.Typer(help="Daily quantities that explain cost: tokens, requests, GPU-hours, …", no_args_is_help=True)


@app.command("import")
def import_file(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV or Parquet files, or folders of them.")],
    source: Annotated[str | None, typer.Option(help="The source they are from; a new name adds it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in daily quantities from files, or nothing of them if a row cannot be used.

    The columns are day, name, unit and quantity, service_provider_name if it matters, and one for each dimension,
    such as team, model or product. The files stand for the whole of every month in them: what the source had there
    before gives way.

    Example: trueup drivers import requests-2026-03.csv --source checkout
    """
    from app.actions.driver_files import import_drivers

    with progress_bar() as progress:
        outcome = import_drivers(engine(), operator(), settings(), paths, source_name=source, progress=progress)
    if as_json:
        answer(asdict(outcome))
    elif outcome.unchanged:
        say(f"{outcome.source}: these bytes are live already; nothing changed.")
    for load in outcome.loads if not as_json else ():
        instead = f", in place of load {load.replaced}" if load.replaced else ""
        say(f"{outcome.source} {load.period:%Y-%m}: {load.drivers:,} quantities in load {load.load_id}{instead}.")


@app.command("list")
def list_drivers(as_json: AsJson = False) -> None:
    """List the drivers there are: name, unit, source, first and last day, days with a quantity, dimensions.

    Example: trueup drivers list
    """
    from app.reports.drivers import driver_names

    with read_session() as session:
        known = driver_names(session, operator())
    if as_json:
        answer([asdict(each) for each in known])
        return
    table(
        ("name", "unit", "source", "first day", "last day", "days", "dimensions"),
        [
            (each.name, each.unit, each.source, each.first_day, each.last_day, each.days, " ".join(each.dimensions))
            for each in known
        ],
        right=(5,),
    )


@app.command()
def show(
    *,
    name: Annotated[str, typer.Option(help="Which driver; `trueup drivers list` tells.")],
    start: Annotated[str, typer.Option(help="The first day, YYYY-MM-DD or YYYY-MM.")],
    end: Annotated[str, typer.Option(help="The first day that is no longer meant.")],
    by: Annotated[list[str] | None, typer.Option(help="A dimension to group by; repeat it for more.")] = None,
    filter: Annotated[list[str] | None, typer.Option(help="DIMENSION=VALUE; repeat it for more.")] = None,  # noqa: A002  (its name on the command line)
    granularity: Annotated[Granularity, typer.Option(help="How long a bucket is.")] = Granularity.TOTAL,
    as_json: AsJson = False,
) -> None:
    """Show quantities of a driver, exact, by any of its dimensions.

    Example: trueup drivers show --name tokens --start 2026-03 --end 2026-04 --by model --by token_class
    """
    from app.api.questions import parse_day
    from app.reports.driver_query import DriverQuery, driver_filter
    from app.reports.drivers import drivers

    filters = tuple(driver_filter(text) for text in filter or ())
    query = DriverQuery(parse_day(start), parse_day(end), name, granularity, tuple(by or ()), filters)
    with read_session() as session:
        report = drivers(session, operator(), query)
    if as_json:
        answer(asdict(report))
        return
    bucketed = granularity is not Granularity.TOTAL
    headers = (*(["from"] if bucketed else []), *query.group_by, "unit", "quantity")
    rows: list[tuple[object, ...]] = [
        (*([row.period_start] if bucketed else []), *row.keys, row.unit, row.quantity) for row in report.rows
    ]
    if before := len(headers) - 2:
        rows += [("Total", *[None] * (before - 1), each.unit, each.quantity) for each in report.totals]
    table(headers, rows, right=(len(headers) - 1,))
