"""The teams of a policy document."""

from collections.abc import Collection, Iterable, Iterator
from itertools import combinations

import yaml

from app.domain.ownership import Team, cycle, overlap, teams_on, turning_points
from app.domain.policy import PolicyProblem
from app.domain.policy_yaml.ledger import Ledger
from app.domain.policy_yaml.nodes import line_of
from app.domain.policy_yaml.payers import POOL
from app.domain.policy_yaml.reader import Fields, YamlReader

KEYS = ("id", "name", "parent", "cost_center", "gl_account", "valid_from", "valid_to")


def read_teams(reader: YamlReader, node: yaml.Node | None, ledger: Ledger) -> tuple[Team, ...]:
    """The teams, in the order written; those without an id are left out."""
    items = reader.items(node, "`teams`")
    read = [(item, reader.fields(item, "a team", known=KEYS, required=("id",))) for item in items]
    ids = {str(fields["id"].value) for _, fields in read if "id" in fields}
    teams = tuple(team for item, fields in read if (team := _team(reader, item, fields, ids, ledger)))
    reader.problems += [*_repeated(teams), *_cycles(teams)]
    return teams


def _team(reader: YamlReader, node: yaml.Node, fields: Fields, ids: Collection[str], ledger: Ledger) -> Team | None:
    team_id = reader.text(fields.get("id"), "the id of a team")
    if team_id is None:
        return None
    what = f"team `{team_id}`"
    if team_id.startswith(POOL):
        reader.problem(fields["id"], f"the id of {what} cannot start with `{POOL}`, which stands for a pool; rename it")
    valid_from, valid_to = reader.validity(fields, what)
    return Team(
        id=team_id,
        name=reader.text(fields.get("name"), f"the name of {what}") or team_id,
        parent=reader.reference(fields.get("parent"), "team", ids),
        cost_center=ledger.cost_center(reader, fields.get("cost_center"), f"the cost center of {what}"),
        gl_account=ledger.gl_account(reader, fields.get("gl_account"), f"gl_account of {what}"),
        valid_from=valid_from,
        valid_to=valid_to,
        line=line_of(node),
    )


def _repeated(teams: Iterable[Team]) -> Iterator[PolicyProblem]:
    """Two teams with one id on the same day."""
    for one, other in combinations(teams, 2):
        if one.id == other.id and overlap(one, other):
            yield PolicyProblem(
                other.line,
                f"team `{other.id}` is already declared on line {one.line} for some of the same days; "
                "give one of them another id, or a valid_from and valid_to that do not overlap",
            )


def _cycles(teams: Collection[Team]) -> Iterator[PolicyProblem]:
    """Teams that are their own ancestors on some day; each loop once."""
    seen: set[frozenset[str]] = set()
    for day in turning_points(teams):
        existing = teams_on(teams, day)
        loop = cycle(existing)
        if loop and frozenset(loop) not in seen:
            seen.add(frozenset(loop))
            line = max(team.line for team in existing if team.id in loop)
            chain = " → ".join([*loop, loop[0]])
            yield PolicyProblem(line, f"teams cannot be their own parents: {chain}; remove one `parent`")
