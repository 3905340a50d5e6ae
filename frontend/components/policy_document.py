"""A policy document as it was written, what is odd about it, and the teams that it declares."""

from collections.abc import Iterable, Sequence

from dash import html
from dash.development.base_component import Component

from app.domain.ownership import Team
from app.domain.policy import Policy, PolicyProblem
from frontend.components.attributes import labelled, unspoken
from frontend.components.figure import download, saved
from frontend.components.table import Column, Row, money_table

INDENT = "\u2003"  # an em space: HTML folds ordinary ones


def document_card(document: str) -> Component:
    """The document with its line numbers, and as a file."""
    question = "What does the policy say?"
    links = [saved("YAML", "policy.yaml", document, "application/yaml")]
    head = html.Div([html.H3(question), html.Div(links, className="links")], className="card-head")
    return html.Section([head, numbered(document, question)], className="card")


def numbered(document: str, label: str) -> Component:
    """Text in a monospaced font; the numbers of its lines are not copied with it."""
    count = len(document.splitlines())
    numbers = "\n".join(str(number) for number in range(1, count + 1))
    return html.Div(
        [html.Pre(numbers, className="numbers", **unspoken()), html.Pre(document, className="text")],
        className="document",
        tabIndex=0,
        role="region",
        **labelled(label),
    )


def problem_list(problems: Sequence[PolicyProblem], document: str) -> Component:
    """Each problem with its line, and what stands there."""
    lines = document.splitlines()
    items = [html.Li([html.Strong(f"Line {each.line}: "), each.message, *_quoted(each, lines)]) for each in problems]
    return html.Ul(items, className="problems")


def _quoted(problem: PolicyProblem, lines: Sequence[str]) -> Iterable[Component]:
    if 0 < problem.line <= len(lines) and lines[problem.line - 1].strip():
        yield html.Pre(lines[problem.line - 1].strip())


def warnings_card(warnings: Sequence[PolicyProblem], document: str) -> Component:
    """What is odd about the policy in force, though it can be used."""
    if not warnings:
        return html.P("✓ Nothing is odd about it: no rule is out of reach, no team is without cost center.",
                      className="clear")  # fmt: skip
    title = "1 warning" if len(warnings) == 1 else f"{len(warnings)} warnings"
    return html.Section([html.H3(title), problem_list(warnings, document)], className="card")


def teams_card(policy: Policy) -> Component:
    """The tree of teams, with the cost centers and accounts that they are booked to; a line for each validity."""
    question = "Who are the teams, and where are they booked?"
    columns = [
        Column("name", "Team", pinned=True, width=220),
        Column("team", "Id", width=160),
        Column("cost_center", "Cost center"),
        Column("gl_account", "GL account", hint="The team's own, else its cost center's"),
        Column("valid_from", "From", width=120),
        Column("valid_to", "Until", width=120, hint="Not included"),
    ]
    rows = [_row(team, depth, policy) for team, depth in _tree(policy.teams)]
    links = [download("CSV", "/api/v1/teams/export")]
    head = html.Div([html.H3(question), html.Div(links, className="links")], className="card-head")
    return html.Section([head, money_table("teams", question, columns, rows)], className="card flush")


def _row(team: Team, depth: int, policy: Policy) -> Row:
    center = next((each for each in policy.cost_centers if each.id == team.cost_center), None)
    named = f"{center.id} {center.name}" if center else team.cost_center
    return {
        "name": INDENT * depth + team.name,
        "team": team.id,
        "cost_center": named,
        "gl_account": team.gl_account or (center.gl_account if center else None),
        "valid_from": str(team.valid_from) if team.valid_from else None,
        "valid_to": str(team.valid_to) if team.valid_to else None,
    }


def _tree(teams: Sequence[Team]) -> list[tuple[Team, int]]:
    """The teams with how far below the top each stands by its last parent; parents come before children."""
    newest = {team.id: team for team in teams}
    paths = {team_id: _path(team_id, newest) for team_id in newest}
    return [(team, len(paths[team.id]) - 1) for team in sorted(teams, key=lambda team: paths[team.id])]


def _path(team_id: str, newest: dict[str, Team]) -> tuple[str, ...]:
    upward = [team_id]
    # Teams of different days may form a loop that no day has.
    while (parent := newest[upward[-1]].parent) is not None and parent in newest and parent not in upward:
        upward.append(parent)
    return tuple(reversed(upward))
