"""`trueup gpu jobs`: what schedulers' jobs did with their GPUs."""

from dataclasses import asdict
from typing import Annotated

import typer

from app.cli.output import AsJson, answer, say, table
from app.db.session import read_session
from app.domain.viewer import operator


def jobs(
    *,
    start: Annotated[str, typer.Option(help="The first day, YYYY-MM-DD or YYYY-MM.")],
    end: Annotated[str, typer.Option(help="The first day that is no longer meant.")],
    by: Annotated[list[str] | None, typer.Option(help="team, outcome, state, account or user; repeat it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show GPU-hours of schedulers' jobs by outcome, or by team, state, account, user; and how long they waited.

    Example: trueup gpu jobs --start 2026-10 --end 2026-11 --by team --by outcome
    """
    from app.api.questions import parse_day
    from app.reports.gpu_jobs import JobsQuestion, gpu_jobs

    question = JobsQuestion(parse_day(start), parse_day(end), tuple(by or ("outcome",)))
    with read_session() as session:
        report = gpu_jobs(session, operator(), question)
    if as_json:
        answer(asdict(report))
        return
    if not report.rows:
        say("No job with GPUs ran in these days. `trueup ingest telemetry FILE --format sacct` takes them in.")
        return
    rows: list[tuple[object, ...]] = [
        (*row.keys, row.jobs, round(row.gpu_hours, 1), _percent(row.share), round(row.waited_gpu_hours, 1))
        for row in report.rows
    ]
    before = len(question.group_by)
    whole = (report.jobs, round(report.gpu_hours, 1), None, round(report.waited_gpu_hours, 1))
    rows.append(("Total", *[None] * (before - 1), *whole))
    table((*question.group_by, "jobs", "GPU-hours", "share", "waited"), rows, right=tuple(range(before, before + 4)))


def _percent(share: object) -> str | None:
    return None if share is None else f"{100 * float(str(share)):.1f} %"
