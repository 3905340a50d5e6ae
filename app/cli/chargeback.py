"""`trueup chargeback`: what each team owes."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli import closing, focus_export, journal, pack
from app.cli.output import AsJson, answer, say, table, tell
from app.db.session import read_session
from app.domain.charge import Metric
from app.domain.period import Period
from app.domain.viewer import operator

app = typer.Typer(help="What each team owes for a billing period.", no_args_is_help=True)
for _command in (closing.lines, closing.status, closing.issue, closing.close, closing.replay):
    app.command()(_command)
app.command("reconciliation")(journal.reconciliation)
app.command("journal")(journal.journal)
app.command("focus")(focus_export.focus)
Month = Annotated[str, typer.Argument(metavar="PERIOD", help="The billing period, YYYY-MM.")]
# What `show` has in a column, and what only where a team has any.
_AMOUNTS = {
    "direct": "direct",
    "shared_total": "shared",
    "adjustments": "adjustments",
    "commitment_benefit": "commitment benefit",
    "markup": "markup",
    "total": "total",
    "charged": "charged",
    "previous_total": "previous period",
    "change": "change",
    "moved": "moved since",
}
_SELDOM = ("adjustments", "commitment_benefit", "markup", "charged", "moved")
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
    state = report.statement.state.value if report.statement else "live charges"
    for block in report.blocks:
        say(f"{report.period.label}  {report.metric.value}  {block.currency}  {state}")
        charges = (*block.teams, block.unallocated)
        shown = [name for name in _AMOUNTS if name not in _SELDOM or any(getattr(each, name) for each in charges)]
        rows: list[tuple[object, ...]] = [
            (each.name, each.cost_center, *(getattr(each, name) for name in shown)) for each in charges
        ]
        rows.append(("Total", None, *(getattr(block, name, None) for name in shown)))
        headers = ("team", "cost center", *(_AMOUNTS[name] for name in shown))
        table(headers, rows, right=range(2, len(headers)))
        for pool in block.pools:
            say(split_sentence(pool))


@app.command()
def export(
    period: Month,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; .csv, .xlsx or .parquet: one line for each team.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to write the finance pack: a folder, in place of a file.")
    ] = None,
    *,
    metric: Cost = None,
    force: Annotated[bool, typer.Option("--force", help="Move a folder with other files aside.")] = False,
    focus: Annotated[bool, typer.Option(help="With the pack's FOCUS files, which can be large.")] = True,
    as_json: AsJson = False,
) -> None:
    """Write the chargeback of a billing period to a file, or its whole finance pack to a folder.

    Example: trueup chargeback export 2026-03 --to march
    """
    if (file is None) == (to is None):
        raise typer.BadParameter("Name a FILE, or a folder with --to DIR.")
    if file is None:
        assert to is not None
        if metric is not None:
            raise typer.BadParameter("A finance pack is drawn on the cost that its statement says; leave --metric out.")
        pack.write(Period.parse_month(period), to, force=force, focus=focus, as_json=as_json)
        return
    from app.exports.files import file_bytes
    from app.exports.tables import chargeback_table
    from app.reports.chargeback import chargeback

    with read_session() as session:
        report = chargeback(session, operator(), Period.parse_month(period), metric)
    file.write_bytes(file_bytes(chargeback_table(report), file.suffix.removeprefix(".")))
    tell(f"Wrote {file}.", {"file": file}, as_json=as_json)
