"""`trueup sources`: the places bills come from."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import AsJson, answer, table, tell
from app.db.session import read_session, write_session
from app.domain.viewer import operator

app = typer.Typer(help="The places bills come from.", no_args_is_help=True)


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
        ("source", "kind", "last delivery", "state", "newest charge day", "live loads", "rows", "quarantined"),
        [
            (s.name, s.kind, s.last_received_at, s.last_state, s.newest_charge_day, s.live_loads, s.rows_loaded,
             s.rows_quarantined)
            for s in found
        ],
        right=(5, 6, 7),
    )  # fmt: skip


@app.command()
def add(
    kind: Annotated[str, typer.Argument(help="focus")],
    name: Annotated[str, typer.Argument(help="How you want to call it.")],
    path: Annotated[Path | None, typer.Option(help="A folder that `trueup ingest run` and the scheduler read.")] = None,
    extra: Annotated[
        list[str] | None, typer.Option(help="An x_ column that the policy matches on; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a source.

    Example: trueup sources add focus aws --path /bills/aws --extra x_CostCenter
    """
    from app.actions.sources import add_source

    config: dict[str, object] = {}
    if path:
        config["path"] = str(path.resolve())
    if extra:
        config["key_extras"] = extra
    with write_session() as session:
        add_source(session, operator(), kind=kind, name=name, config=config)
    tell(f"Added {name}.", {"name": name, "kind": kind, **config}, as_json=as_json)


@app.command()
def remove(name: Annotated[str, typer.Argument(help="The source to remove.")], as_json: AsJson = False) -> None:
    """Remove a source of which nothing was ever booked.

    Example: trueup sources remove aws
    """
    from app.actions.sources import remove_source

    with write_session() as session:
        remove_source(session, operator(), name)
    tell(f"Removed {name}.", {"removed": name}, as_json=as_json)
