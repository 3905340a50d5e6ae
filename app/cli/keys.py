"""`trueup keys`: keys to the API."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from app.cli.output import AsJson, answer, table, tell
from app.db.session import read_session, write_session
from app.domain.viewer import Scope, operator

app = typer.Typer(help="Keys to the API and the dashboard.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="What it may do; may be repeated.")] = None,
    team: Annotated[list[str] | None, typer.Option(help="See only this team and those below it.")] = None,
    days: Annotated[int, typer.Option(help="How long it is valid.")] = 365,
    as_json: AsJson = False,
) -> None:
    """Create a key. It is shown once and never again.

    Example: trueup keys create finance-export --scope read:costs --days 90
    """
    from app.actions.keys import create_key

    with write_session() as session:
        made = create_key(
            session,
            operator(),
            name=name,
            scopes=scope or [Scope.READ_COSTS],
            teams=team,
            now=datetime.now(UTC),
            days=days,
        )
    tell(made.text, asdict(made), as_json=as_json)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys, without their secrets.

    Example: trueup keys list
    """
    from app.reports.keys import keys

    with read_session() as session:
        found = keys(session, operator())
    if as_json:
        answer([asdict(each) for each in found])
        return
    table(
        ("prefix", "name", "scopes", "teams", "expires", "revoked"),
        [
            (k.prefix, k.name, " ".join(k.scopes), "all" if k.teams is None else " ".join(k.teams), k.expires_at,
             k.revoked_at)
            for k in found
        ],
    )  # fmt: skip


@app.command()
def rotate(
    prefix: Annotated[str, typer.Argument(help="The key's prefix, from `trueup keys list`.")], as_json: AsJson = False
) -> None:
    """Replace a key by a new one with the same rights; the old one ends now.

    Example: trueup keys rotate 3f9a1c2b
    """
    from app.actions.keys import rotate_key

    with write_session() as session:
        made = rotate_key(session, operator(), prefix, now=datetime.now(UTC))
    tell(made.text, asdict(made), as_json=as_json)


@app.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="The key's prefix, from `trueup keys list`.")], as_json: AsJson = False
) -> None:
    """End a key now.

    Example: trueup keys revoke 3f9a1c2b
    """
    from app.actions.keys import revoke_key

    with write_session() as session:
        key = revoke_key(session, operator(), prefix, now=datetime.now(UTC))
    tell(f"Revoked {prefix}.", asdict(key), as_json=as_json)
