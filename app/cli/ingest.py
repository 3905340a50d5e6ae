"""`trueup ingest`: bills into Trueup."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, progress_bar, say, table
from app.db.session import engine, read_session
from app.domain.viewer import operator
from app.errors import TrueupError
from app.settings import settings

if TYPE_CHECKING:
    from ingest.booking import BookedLoad
    from ingest.pipeline import Outcome

app = typer.Typer(help="Bring bills in.", no_args_is_help=True)


@app.command()
def file(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders with files in them.")],
    source: Annotated[str | None, typer.Option(help="The source they are from; a new name adds it.")] = None,
    format: Annotated[str, typer.Option(help="How the bill is written: focus.")] = "focus",  # noqa: A002
    replace_accounts: Annotated[
        bool, typer.Option(help="Let billing accounts that this delivery lacks leave the live load.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ingest files as one delivery.

    The same bytes again change nothing; changed bytes replace the billing periods they cover.

    Example: trueup ingest file ~/bills/2026-03.parquet --format focus --source aws
    """
    from app.actions.ingest import ingest_paths

    with progress_bar() as progress:
        outcome = ingest_paths(
            engine(),
            operator(),
            settings(),
            paths,
            source_name=source,
            file_format=format,
            replace_accounts=replace_accounts,
            progress=progress,
        )
    _tell([outcome], as_json=as_json)


@app.command()
def run(
    source: Annotated[
        str | None, typer.Argument(help="The source to run; all that have a folder, when left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ingest what configured sources offer now.

    Example: trueup ingest run aws
    """
    from app.actions.ingest import run_source
    from app.db.queries.source import runnable_sources

    with read_session() as session:
        names = [source] if source else runnable_sources(session)
    outcomes, failures = [], []
    for name in names:
        try:
            with progress_bar() as progress:
                outcomes.append(run_source(engine(), operator(), settings(), name, progress=progress))
        except TrueupError as error:
            failures.append(f"{name}: {error}")
    _tell(outcomes, as_json=as_json)
    if failures:
        raise TrueupError("\n  ".join(["Some sources failed:", *failures]))


def _tell(outcomes: "list[Outcome]", *, as_json: bool) -> None:
    if as_json:
        answer([asdict(outcome) for outcome in outcomes])
        return
    for outcome in outcomes:
        if outcome.unchanged:
            say(f"{outcome.source}: these bytes are live already; nothing changed.")
            continue
        _tell_one(outcome)


def _replaced(load: "BookedLoad", currency: str) -> str:
    """What was live before, so that a bill that lost rows is seen at once."""
    if load.replaced is None:
        return "new"
    before = next((each for each in load.replaced_totals if each["billing_currency"] == currency), None)
    held = f"{before['rows']:,} rows, {before['billed_cost']} billed" if before else "nothing in this currency"
    return f"replaces load {load.replaced} ({held})"


def _tell_one(outcome: "Outcome") -> None:
    say(f"{outcome.source}: FOCUS {outcome.focus_version}, {outcome.rows_in:,} rows in.")
    rows = [
        (f"{load.period:%Y-%m}", total["billing_currency"], f"{total['rows']:,}", total["billed_cost"],
         total["effective_cost"], _replaced(load, total["billing_currency"]))
        for load in outcome.loads
        for total in load.totals
    ]  # fmt: skip
    table(("period", "currency", "rows", "billed_cost", "effective_cost", ""), rows, right=(2, 3, 4))
    if outcome.rows_quarantined:
        count = outcome.rows_quarantined
        rows_word = "row" if count == 1 else "rows"
        say(f"{count:,} {rows_word} could not be booked: `trueup loads --quarantine` shows them.")
    for finding in outcome.findings:
        example = f", for example {finding.example!r}" if finding.example else ""
        say(f"warning: {finding.column} {finding.message} (rows: {finding.rows:,}{example})")
    for name in outcome.also_live_in:
        say(f"warning: the same bytes are live in the source {name} too, so their cost counts twice.")
    for name, dataset in outcome.set_aside:
        say(f"{name} is a FOCUS {dataset} file: it holds no charges and was left alone.")
