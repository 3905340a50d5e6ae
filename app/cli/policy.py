"""`trueup policy`: who pays for what."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say, table, tell
from app.db.session import engine, write_session
from app.domain.period import Period
from app.domain.viewer import operator
from app.errors import BadInput

if TYPE_CHECKING:
    from app.domain.policy import Policy, PolicyProblem
    from app.reports.policy_preview import Move

app = typer.Typer(help="Who pays for what.", no_args_is_help=True)
PolicyFile = Annotated[Path, typer.Argument(metavar="FILE", help="A policy document in YAML.")]


def read_document(file: Path) -> str:
    """The text of a file in UTF-8. Raises BadInput when it is none."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read ({error}). Check the path; the file must be UTF-8.") from error


@app.command()
def check(file: PolicyFile, as_json: AsJson = False) -> None:
    """Check a policy without applying it. Problems and warnings read FILE:LINE: message, as editors like them.

    Example: trueup policy check policy.yaml
    """
    from app.domain.policy import PolicyError
    from app.domain.policy_check import check as warnings_of
    from app.domain.policy_document import parse_policy

    try:
        policy = parse_policy(read_document(file))
    except PolicyError as error:
        _tell_problems(file, error.problems, as_json=as_json)
        raise typer.Exit(1) from error
    _tell_policy(file, policy, warnings_of(policy), as_json=as_json)


def _tell_problems(file: Path, problems: "Sequence[PolicyProblem]", *, as_json: bool) -> None:
    lines = [f"{file}:{problem.line}: {problem.message}" for problem in problems]
    told = [{"line": problem.line, "message": problem.message} for problem in problems]
    tell("\n".join(lines), {"valid": False, "problems": told}, as_json=as_json)


def _tell_policy(file: Path, policy: "Policy", warnings: "Sequence[PolicyProblem]", *, as_json: bool) -> None:
    counts = {"teams": len(policy.teams), "pools": len(policy.pools), "rules": len(policy.rules)}
    summary = ", ".join(f"{count} {things}" for things, count in counts.items())
    lines = [f"{file}:{warning.line}: warning: {warning.message}" for warning in warnings]
    lines.append(f"{policy.name}: {summary}. It is valid.")
    told = [str(warning) for warning in warnings]
    tell("\n".join(lines), {"valid": True, "name": policy.name, **counts, "warnings": told}, as_json=as_json)


@app.command()
def schema() -> None:
    """Print the JSON Schema (2020-12) of a policy, for editors.

    Example: trueup policy schema > policy.schema.json
    """
    from app.domain.policy_yaml.schema import policy_schema

    say(json.dumps(policy_schema(), indent=2, ensure_ascii=False))


@app.command()
def apply(file: PolicyFile, as_json: AsJson = False) -> None:
    """Put a policy in force and post every billing period by it.

    Example: trueup policy apply policy.yaml
    """
    from app.actions.policy import apply_policy

    with write_session() as session:
        version = apply_policy(session, operator(), read_document(file))
        text = f"{version.name} is in force as version {version.id}." if version else "It is in force already."
        tell(text, {"changed": version is not None, "version": version.id if version else None}, as_json=as_json)


@app.command()
def diff(
    file: PolicyFile,
    period: Annotated[
        list[str] | None, typer.Option(help="A billing period, YYYY-MM; repeatable. Left out: the newest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a policy would move, by team, before it is applied.

    For a closed period it is what adjustments would move.

    Example: trueup policy diff policy.yaml --period 2026-03
    """
    from app.reports.policy_preview import policy_preview

    months = [Period.parse_month(each) for each in period or ()]
    moves = policy_preview(engine(), operator(), read_document(file), *months)
    if as_json:
        answer(moves_as_json(moves))
    else:
        tell_moves(moves)


def moves_as_json(moves: "Sequence[Move]") -> list[dict[str, object]]:
    """What a policy would move, for machines."""
    return [
        {
            "period": move.period.label,
            "currency": move.currency,
            "team_id": move.team_id,
            "name": move.name,
            "before": move.before,
            "after": move.after,
            "change": move.change,
        }
        for move in moves
    ]


def tell_moves(moves: "Sequence[Move]") -> None:
    """What a policy would move, for people."""
    table(
        ("period", "currency", "team", "before", "after", "change"),
        [(move.period.label, move.currency, move.name, move.before, move.after, move.change) for move in moves],
        right=(3, 4, 5),
    )
