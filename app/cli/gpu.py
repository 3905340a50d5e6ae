"""`trueup gpu`: where paid GPU time went, what telemetry says, which boards there are."""

from dataclasses import asdict
from typing import Annotated

import typer

from app.cli import gpu_findings, gpu_jobs, gpu_nodes, gpu_prices
from app.cli.output import AsJson, answer, say, table
from app.db.session import read_session
from app.domain.viewer import operator
from app.reports.gpu_query import FactGranularity

app = typer.Typer(help="GPUs: where paid time went, and what it cost.", no_args_is_help=True)
app.add_typer(gpu_nodes.app, name="nodes")
app.add_typer(gpu_findings.app, name="findings")
app.command()(gpu_jobs.jobs)
app.command()(gpu_prices.price)

Month = Annotated[str | None, typer.Option("--period", help="A billing month, YYYY-MM, instead of start and end.")]
Start = Annotated[str | None, typer.Option(help="The first day, YYYY-MM-DD or YYYY-MM.")]
End = Annotated[str | None, typer.Option(help="The first day that is no longer meant.")]
Filters = Annotated[list[str] | None, typer.Option("--filter", help="DIMENSION:VALUE; repeat it for more.")]
By = Annotated[list[str] | None, typer.Option(help="A dimension to group by; repeat it for more.")]


@app.command()
def waste(
    *,
    period: Month = None,
    start: Start = None,
    end: End = None,
    by: By = None,
    filters: Filters = None,
    as_json: AsJson = False,
) -> None:
    """Show what became of paid GPU time, by state or by any other dimension; all of it is the GPU part of the bill.

    Example: trueup gpu waste --period 2026-10 --by team --by state
    """
    from app.api.gpu_questions import asked_waste
    from app.reports.gpu_waste import gpu_waste

    question = asked_waste(period=period, start=start, end=end, group_by=by, filters=filters)
    with read_session() as session:
        report = gpu_waste(session, operator(), question)
    if as_json:
        answer(asdict(report))
        return
    for block in report.blocks:
        rows: list[tuple[object, ...]] = [
            (*row.keys, row.gpu_hours, row.amount, row.recoverable_capacity, row.recoverable_bill, row.confidence)
            for row in block.rows
        ]
        names = question.group_by or ("",)
        whole = ("Total", *[None] * (len(names) - 1), block.gpu_hours, block.total)
        rows.append((*whole, block.recoverable_capacity, block.recoverable_bill, block.confidence))
        amounts = ("GPU-hours", block.currency, "recoverable: capacity", "on the bill")
        right = tuple(range(len(names), len(names) + len(amounts)))
        table((*names, *amounts, "confidence"), rows, right=right)
        if block.reconciliation is not None:
            found = block.reconciliation
            tie = "ties" if found.ties else f"difference {found.difference}"
            say(f"All states {found.states}, the GPU part of the bill {found.bill} {block.currency}: {tie}.")
    if not report.blocks:
        say("No GPU time is paid for in these days. `trueup gpu boards` lists boards that telemetry knows.")


@app.command()
def utilization(
    *,
    start: Start = None,
    end: End = None,
    by: By = None,
    granularity: Annotated[FactGranularity, typer.Option(help="How long a bucket is.")] = FactGranularity.TOTAL,
    filters: Filters = None,
    as_json: AsJson = False,
) -> None:
    """Show what telemetry says: activity, coverage, memory and power, by board or by any other dimension.

    Example: trueup gpu utilization --start 2026-10 --end 2026-11 --by node
    """
    from app.api.gpu_questions import asked_utilization
    from app.reports.gpu_utilization import gpu_utilization

    question = asked_utilization(start=start, end=end, granularity=granularity, group_by=by, filters=filters)
    with read_session() as session:
        report = gpu_utilization(session, operator(), question)
    if as_json:
        answer(asdict(report))
        return
    headers = ("from", *question.group_by, "boards", "hours", "coverage", "active", "activity", "memory", "watts", "by")
    rows = [
        (
            *(row.period_start, *row.keys, row.boards, f"{row.observed_hours:.1f}", _percent(row.coverage_ratio)),
            *(_percent(row.active_ratio), _percent(row.activity_avg), _percent(row.memory_used_ratio)),
            *(None if row.power_watts_avg is None else round(row.power_watts_avg), row.activity_source),
        )
        for row in report.rows
    ]
    first = len(question.group_by) + 1
    table(headers, rows, right=tuple(range(first, first + 7)))


@app.command()
def boards(*, start: Start = None, end: End = None, filters: Filters = None, as_json: AsJson = False) -> None:
    """List boards: node, model, paid GPU-hours, cost, waste, and who had each last.

    Example: trueup gpu boards --start 2026-10 --end 2026-11 --filter node:gpu-01
    """
    from app.api.gpu_questions import asked_boards
    from app.reports.gpu_boards import gpu_boards

    with read_session() as session:
        found = gpu_boards(session, operator(), asked_boards(start=start, end=end, filters=filters))
    if as_json:
        answer([asdict(each) for each in found])
        return
    rows = [
        (
            *(each.node, each.gpu_uuid, each.model, each.gpu_hours, each.amount, each.waste, each.currency),
            *(each.last_owner, each.last_seen_at),
        )
        for each in found
    ]
    headers = ("node", "board", "model", "GPU-hours", "cost", "waste", "currency", "last owner", "last seen")
    table(headers, rows, right=(3, 4, 5))


def _percent(ratio: float | None) -> str | None:
    return None if ratio is None else f"{100 * ratio:.1f} %"
