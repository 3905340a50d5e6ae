"""`trueup ingest`: bills into Trueup."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, progress_bar, say, table
from app.cli.telemetry_told import tell_telemetry
from app.db.session import engine, read_session
from app.domain.period import Period
from app.domain.viewer import operator
from app.errors import BadInput, TrueupError
from app.settings import settings

WARNINGS_SHOWN = 5

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ingest.booking import BookedLoad
    from ingest.pipeline import Outcome
    from ingest.telemetry.pipeline import TelemetryOutcome

app = typer.Typer(help="Bring bills and telemetry in.", no_args_is_help=True)


@app.command()
def file(  # noqa: PLR0917  (typer passes one argument for each option)
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders with files in them.")],
    source: Annotated[str | None, typer.Option(help="The source they are from; a new name adds it.")] = None,
    format: Annotated[  # noqa: A002
        str | None, typer.Option(help="How the bill is written (`trueup sources kinds`); focus, for a new source.")
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of a new source, as name=value; may be repeated.")
    ] = None,
    allow_overlap: Annotated[
        bool, typer.Option(help="Let another source bill the same account in the same period.")
    ] = False,
    replace_accounts: Annotated[
        bool, typer.Option(help="Let billing accounts that this delivery lacks leave the live load.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ingest files as one delivery.

    The same bytes again change nothing; changed bytes replace the billing periods they cover.
    Settings of a new source follow as --set name=value.

    Example: trueup ingest file ~/bills/2026-03.parquet --format focus --source aws
    """
    from app.actions.ingest import ingest_paths
    from app.cli.source_settings import parse_options
    from ingest.kinds import kind

    told = parse_options(kind(format or "focus").settings, [f"--{each}" for each in setting]) if setting else None
    with progress_bar() as progress:
        outcome = ingest_paths(
            engine(),
            operator(),
            settings(),
            paths,
            source_name=source,
            file_format=format,
            settings=told,
            allow_overlap=allow_overlap,
            replace_accounts=replace_accounts,
            progress=progress,
        )
    _tell([outcome], as_json=as_json)


@app.command()
def telemetry(  # noqa: PLR0917  (typer passes one argument for each option)
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders with files in them.")],
    source: Annotated[str | None, typer.Option(help="The source they are from; a new name adds it.")] = None,
    format: Annotated[  # noqa: A002
        str | None, typer.Option(help="How they are written (`trueup sources kinds`); samples, for a new source.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="When pages without a time were seen (2026-03-02T12:00Z); else when each file was written."),
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of a new source, as name=value; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ingest files of GPU telemetry, or of jobs and nodes, as one delivery.

    The same bytes again change nothing; what a source says again of an hour and board replaces what it said, and late
    minutes are added.

    Example: trueup ingest telemetry ~/gpu/2026-03-05.parquet --format samples --source cluster
    """
    from app.actions.telemetry import POSTED, ingest_telemetry_paths
    from app.cli.source_settings import parse_options
    from ingest.telemetry.kinds import telemetry_kind

    model = telemetry_kind(format or POSTED).settings
    with progress_bar() as progress:
        outcome = ingest_telemetry_paths(
            engine(),
            operator(),
            settings(),
            paths,
            source_name=source,
            file_format=format,
            settings=parse_options(model, [f"--{each}" for each in setting]) if setting else None,
            observed_at=_moment(at) if at else None,
            progress=progress,
        )
    _tell([outcome], as_json=as_json)


@app.command()
def run(
    source: Annotated[str | None, typer.Argument(help="The source to run; all that can be, when left out.")] = None,
    period: Annotated[str | None, typer.Option(help="Only this billing month, YYYY-MM.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ingest what configured sources offer now: bills, and telemetry since the last run.

    Example: trueup ingest run aws --period 2026-03
    """
    from app.actions.schedule import runnable_sources
    from app.actions.source_runs import run_any_source

    month = Period.parse_month(period).start if period else None
    with read_session() as session:
        names = [source] if source else runnable_sources(session)
    outcomes: list[Outcome | TelemetryOutcome] = []
    failures: list[str] = []
    for name in names:
        try:
            with progress_bar() as progress:
                run = run_any_source(engine(), operator(), settings(), name, month=month, progress=progress)
            outcomes += run.outcomes
            failures += [f"{name}: {error}" for error in run.failures]
        except TrueupError as error:
            failures.append(f"{name}: {error}")
    _tell(outcomes, as_json=as_json)
    if failures:
        raise TrueupError("\n  ".join(["Not everything was ingested:", *failures]))


def _moment(text: str) -> "datetime | None":
    from ingest.telemetry.moments import moment
    from ingest.telemetry.unreadable import UnreadableRowError

    try:
        return moment(text, "--at")
    except UnreadableRowError as error:
        raise BadInput(f"{error}.") from None


def _tell(outcomes: "Sequence[Outcome | TelemetryOutcome]", *, as_json: bool) -> None:
    from ingest.pipeline import Outcome

    if as_json:
        answer([asdict(outcome) for outcome in outcomes])
        return
    for outcome in outcomes:
        if not isinstance(outcome, Outcome):
            tell_telemetry(outcome)
        elif outcome.unchanged:
            what = outcome.label or "these bytes"
            say(f"{outcome.source}: {what} {'is' if outcome.label else 'are'} live already; nothing changed.")
        else:
            _tell_one(outcome)


def _replaced(load: "BookedLoad", currency: str) -> str:
    """What was live before, so that a bill that lost rows is seen at once."""
    if load.replaced is None:
        return "new"
    before = next((each for each in load.replaced_totals if each["billing_currency"] == currency), None)
    held = f"{before['rows']:,} rows, {before['billed_cost']} billed" if before else "nothing in this currency"
    return f"replaces load {load.replaced} ({held})"


def _tell_one(outcome: "Outcome") -> None:
    say(f"{outcome.source}: {outcome.format_version}, {outcome.rows_in:,} rows in.")
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
    for load in outcome.loads:
        if load.counted_in:
            say(f"{load.period:%Y-%m} is kept as a cross-check: the source {load.counted_in} bills this account.")
        if load.drivers:
            say(f"{load.period:%Y-%m}: {load.drivers:,} rows of quantities (`trueup drivers` shows them).")
    for finding in outcome.findings[:WARNINGS_SHOWN]:
        example = f", for example {finding.example!r}" if finding.example else ""
        say(f"warning: {finding.column} {finding.message} (rows: {finding.rows:,}{example})")
    if len(outcome.findings) > WARNINGS_SHOWN and outcome.loads:
        more = len(outcome.findings) - WARNINGS_SHOWN
        say(f"and {more} warnings more: `trueup loads --rules {outcome.loads[0].load_id}` shows them all.")
    for what, names in _by_content(outcome.set_aside).items():
        others = f" and {len(names) - 1} more hold" if len(names) > 1 else " holds"
        say(f"{names[0]}{others} no charges ({what}).")


def _by_content(set_aside: "Sequence[tuple[str, str]]") -> dict[str, list[str]]:
    """The names of files without charges, by what they hold."""
    found: dict[str, list[str]] = {}
    for name, what in set_aside:
        found.setdefault(what, []).append(name)
    return found
