"""What a file of teams changes in a policy document."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.domain.ownership import Team, teams_on, turning_points
from app.domain.policy import PolicyError, PolicyProblem
from app.domain.policy_document import parse_policy
from app.domain.policy_yaml.team_block import Rewritten, with_teams
from app.domain.team_file import cells_of, refuse, team_rows

_LINE = re.compile(r"\bline (\d+)")


@dataclass(frozen=True)
class TeamChange:
    """A policy document with the teams of a file, and the ids of those that are added, changed or gone.

    `since` is the first day on which the teams are others than before (`date.min`: since ever); None if on none.
    """

    document: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    since: date | None


def team_change(document: str, text: str, name: str) -> TeamChange:
    """What the CSV `text`, from the file called `name`, makes of the policy `document`.

    Raises BadInput with every row that cannot be used, and with what the rest of the policy says against it.
    """
    before = parse_policy(document).teams
    rewritten = with_teams(document, [cells_of(team) for team in before], team_rows(text, name))
    try:
        after = parse_policy(rewritten.document).teams
    except PolicyError as error:
        refuse(_by_row(error.problems, rewritten), name)
        raise
    old, new = _by_id(before), _by_id(after)
    return TeamChange(
        document=rewritten.document,
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(team_id for team_id in new.keys() & old.keys() if new[team_id] != old[team_id])),
        removed=tuple(sorted(old.keys() - new.keys())),
        since=_first_difference(before, after),
    )


def _by_row(problems: Iterable[PolicyProblem], rewritten: Rewritten) -> list[str]:
    """The problems by row of the file; those of other lines after them, as the policy would have them."""

    def row_for_line(line: re.Match[str]) -> str:
        row = rewritten.row_of_line.get(int(line[1]))
        return f"row {row}" if row else line[0]

    of_rows = {problem: rewritten.row_of_line.get(problem.line) for problem in problems}
    return [
        *(f"row {row}: {_LINE.sub(row_for_line, problem.message)}" for problem, row in of_rows.items() if row),
        *(f"with these teams, policy {problem}" for problem, row in of_rows.items() if not row),
    ]


def _by_id(teams: Iterable[Team]) -> dict[str, set[Team]]:
    found: dict[str, set[Team]] = {}
    for team in teams:
        found.setdefault(team.id, set()).add(team)
    return found


def _first_difference(before: Sequence[Team], after: Sequence[Team]) -> date | None:
    for day in turning_points([*before, *after]):
        old, new = (
            {replace(each, valid_from=None, valid_to=None) for each in teams_on(t, day)} for t in (before, after)
        )
        if old != new:
            return day
    return None
