"""`trueup sources`: the places bills and telemetry come from."""

from dataclasses import asdict
from typing import Annotated

import typer

from app.cli.output import AsJson, answer, table, tell
from app.db.session import read_session, write_session
from app.domain.viewer import operator

app = typer.Typer(help="The places bills and telemetry come from.", no_args_is_help=True)

# What a kind can be told differs from kind to kind, so its options are read from the kind itself.
_OPTIONS_OF_THE_KIND = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command("list")
def list_sources(as_json: AsJson = False) -> None:
    """List the sources and how fresh they are.

    Example: trueup sources list
    """
    from app.reports.sources import sources

    with read_session() as session:
        found = sources(session, operator())
    if as_json:
        answer([asdict(each) for each in found])
        return
    table(
        ("source", "kind", "last delivery", "state", "newest charge day", "live loads", "rows", "quarantined", "next run"),
        [
            (s.name, s.kind, s.last_received_at, s.last_state, s.newest_charge_day, s.live_loads, s.rows_loaded,
             s.rows_quarantined, s.next_run_at)
            for s in found
        ],
        right=(5, 6, 7),
    )  # fmt: skip


@app.command()
def kinds(
    kind: Annotated[str | None, typer.Argument(help="The kind whose options to list.")] = None, as_json: AsJson = False
) -> None:
    """List the kinds of sources, or the options of one.

    Example: trueup sources kinds aws-export
    """
    from app.cli.source_settings import described
    from ingest.source_kinds import SOURCE_KINDS, source_kind

    if kind:
        options = described(source_kind(kind).settings)
        if as_json:
            answer([{"option": option, "default": default, "meaning": meaning} for option, default, meaning in options])
        else:
            table(("option", "default", "meaning"), options)
        return
    listed = [(name, source_kind(name).summary) for name in SOURCE_KINDS]
    if as_json:
        answer([{"kind": name, "summary": summary} for name, summary in listed])
    else:
        table(("kind", "what it reads"), listed)


@app.command(context_settings=_OPTIONS_OF_THE_KIND)
def add(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="What it is; `trueup sources kinds` lists them.")],
    name: Annotated[str, typer.Argument(help="How you want to call it.")],
    as_json: AsJson = False,
) -> None:
    """Add a source. The options of its kind follow the name; `trueup sources kinds KIND` lists them.

    Example: trueup sources add focus aws --path /bills/aws --key-extras x_CostCenter
    """
    from app.actions.sources import add_source
    from app.cli.source_settings import parse_options
    from ingest.source_kinds import source_kind

    config = parse_options(source_kind(kind).settings, context.args)
    with write_session() as session:
        kept = add_source(session, operator(), kind=kind, name=name, config=config).config
    tell(f"Added {name}.", {"name": name, "kind": kind, **kept}, as_json=as_json)


@app.command("set", context_settings=_OPTIONS_OF_THE_KIND)
def change(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The source to change.")],
    unset: Annotated[list[str] | None, typer.Option(help="A setting to forget, such as path; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of a source. The next delivery is read with them; what is live stays as it is.

    Example: trueup sources set aws --key-extras x_CostCenter --unset path
    """
    from app.actions.sources import change_source, find_source
    from app.cli.source_settings import parse_options
    from ingest.source_kinds import source_kind

    with write_session() as session:
        source = find_source(session, name)
        told = parse_options(source_kind(source.kind).settings, context.args)
        forgotten = dict.fromkeys((each.replace("-", "_") for each in unset or ()), None)
        kept = change_source(session, operator(), name, {**told, **forgotten}).config
    tell(f"Changed {name}.", {"name": name, **kept}, as_json=as_json)


@app.command()
def remove(name: Annotated[str, typer.Argument(help="The source to remove.")], as_json: AsJson = False) -> None:
    """Remove a source of which nothing was ever booked.

    Example: trueup sources remove aws
    """
    from app.actions.sources import remove_source

    with write_session() as session:
        remove_source(session, operator(), name)
    tell(f"Removed {name}.", {"removed": name}, as_json=as_json)
