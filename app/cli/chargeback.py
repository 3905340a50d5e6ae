"""`trueup chargeback`: what each team owes."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import AsJson, answer, say, table, tell
from app.db.session import read_session
from app.domain.charge import Metric
from app.domain.period import Period
from app.domain.viewer import operator

app = typer.Typer(help="What each team owes for a billing period.", no_args_is_help=True)
Month = Annotated[str, typer.Argument(metavar="PERIOD", help="The billing period, YYYY-MM.")]
Cost = Annotated[Metric | None, typer.Option(help="Which cost; the policy's own when left out.")]


@app.command()
def show(period: Month, metric: Cost = None, as_json: AsJson = False) -> None:
    """Show each team's charge for a billing period.

    Example: trueup chargeback show 2026-03 --metric billed_cost
    """
    from app.reports.chargeback import chargeback
    from app.reports.pool_splits import split_sentence

    with read_session() as session:
        report = chargeback(session, operator(), Period.parse_month(period), metric)
    if as_json:
        answer(asdict(report))
        return
    for block in report.blocks:
        say(f"{report.period.label}  {report.metric.value}  {block.currency}")
        rows: list[tuple[object, ...]] = [
            (each.name, each.cost_center, each.direct, each.shared_total, each.total, each.previous_total, each.change)
            for each in (*block.teams, block.unallocated)
        ]
        rows.append(("Total", None, None, None, block.total, block.previous_total, None))
        headers = ("team", "cost center", "direct", "shared", "total", "previous period", "change")
        table(headers, rows, right=(2, 3, 4, 5, 6))
        for pool in block.pools:
            say(split_sentence(pool))


@app.command()
def export(
    period: Month,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; .csv, .xlsx or .parquet.")],
    metric: Cost = None,
    as_json: AsJson = False,
) -> None:
    """Write the chargeback of a billing period to a file.

    Example: trueup chargeback export 2026-03 march.xlsx
    """
    from app.exports.files import file_bytes
    from app.exports.tables import chargeback_table
    from app.reports.chargeback import chargeback

    with read_session() as session:
        report = chargeback(session, operator(), Period.parse_month(period), metric)
    file.write_bytes(file_bytes(chargeback_table(report), file.suffix.removeprefix(".")))
    tell(f"Wrote {file}.", {"file": file}, as_json=as_json)
