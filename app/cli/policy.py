"""`trueup policy`: who pays for what."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import AsJson, answer, table, tell
from app.db.session import engine, write_session
from app.domain.period import Period
from app.domain.viewer import operator
from app.errors import BadInput

app = typer.Typer(help="Who pays for what.", no_args_is_help=True)
PolicyFile = Annotated[Path, typer.Argument(metavar="FILE", help="A policy document in YAML.")]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read ({error}). Check the path; the file must be UTF-8.") from error


@app.command()
def check(file: PolicyFile, as_json: AsJson = False) -> None:
    """Check a policy without applying it.

    Example: trueup policy check policy.yaml
    """
    from app.domain.policy_check import check as warnings_of
    from app.domain.policy_document import parse_policy

    policy = parse_policy(_read(file))
    counts = {"teams": len(policy.teams), "pools": len(policy.pools), "rules": len(policy.rules)}
    warnings = [str(problem) for problem in warnings_of(policy)]
    summary = ", ".join(f"{count} {things}" for things, count in counts.items())
    lines = [*(f"warning: {warning}" for warning in warnings), f"{policy.name}: {summary}. It is valid."]
    tell("\n".join(lines), {"name": policy.name, **counts, "warnings": warnings}, as_json=as_json)


@app.command()
def apply(file: PolicyFile, as_json: AsJson = False) -> None:
    """Put a policy in force and post every billing period by it.

    Example: trueup policy apply policy.yaml
    """
    from app.actions.policy import apply_policy

    with write_session() as session:
        version = apply_policy(session, operator(), _read(file))
        text = f"{version.name} is in force as version {version.id}." if version else "It is in force already."
        tell(text, {"changed": version is not None, "version": version.id if version else None}, as_json=as_json)


@app.command()
def diff(
    file: PolicyFile,
    period: Annotated[str, typer.Option(help="The billing period, YYYY-MM.")],
    as_json: AsJson = False,
) -> None:
    """Show what a policy would move, by team, before it is applied.

    Example: trueup policy diff policy.yaml --period 2026-03
    """
    from app.reports.policy_preview import policy_preview

    moves = policy_preview(engine(), operator(), _read(file), Period.parse_month(period))
    if as_json:
        answer([{**asdict(move), "change": move.change} for move in moves])
        return
    table(
        ("currency", "team", "before", "after", "change"),
        [(move.currency, move.name, move.before, move.after, move.change) for move in moves],
        right=(2, 3, 4),
    )
