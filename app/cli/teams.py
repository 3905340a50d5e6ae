"""`trueup teams`: who pays, as a file."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say
from app.cli.policy import moves_as_json, read_document, tell_moves
from app.db.session import engine, read_session, write_session
from app.domain.viewer import operator

if TYPE_CHECKING:
    from app.reports.team_file import TeamImportPreview

app = typer.Typer(help="The teams of the policy in force, as a file.", no_args_is_help=True)


@app.command("export")
def export_teams(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Where to; left out: the terminal.")] = None,
) -> None:
    """Write the teams of the policy in force as CSV, a line for each team and validity.

    Example: trueup teams export teams.csv
    """
    from app.exports.team_file import team_file_bytes
    from app.reports.team_file import team_file

    with read_session() as session:
        content = team_file_bytes(team_file(session, operator()))
    if file is None:
        sys.stdout.buffer.write(content)
    else:
        file.write_bytes(content)
        say(f"{file} is written.")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file as `trueup teams export` writes it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would change and move.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put the teams of a CSV file in the place of the policy's own, as a new version of it, or change nothing.

    Its columns: team_id, name, parent, cost_center, gl_account, valid_from, valid_to. A team that moves comes twice:
    up to a day as it was, and from that day as it is. The rest of the policy stays as it is written.

    Example: trueup teams import teams.csv --dry-run
    """
    from app.actions.teams import import_teams
    from app.reports.team_file import team_import_preview

    document = read_document(file)
    preview = team_import_preview(engine(), operator(), document, file.name)
    version = None
    if not dry_run:
        with write_session() as session:
            applied = import_teams(session, operator(), document, file.name)
            version = applied.id if applied else None
    _tell(preview, version, dry_run=dry_run, as_json=as_json)


def _tell(preview: "TeamImportPreview", version: int | None, *, dry_run: bool, as_json: bool) -> None:
    change = preview.change
    ids = {"added": change.added, "changed": change.changed, "removed": change.removed}
    if as_json:
        moves = moves_as_json(preview.moves)
        answer({"changed": version is not None, "version": version, "teams": ids, "moves": moves})
        return
    said = "; ".join(f"{word}: {', '.join(teams)}" for word, teams in ids.items() if teams)
    say(said or "The policy has these teams already.")
    if preview.moves:
        tell_moves(preview.moves)
    if dry_run:
        say("Nothing was changed. Without --dry-run it is.")
    elif version:
        say(f"The policy is in force as version {version}.")
