"""What is odd about a policy, though it can be used: warnings for the person who writes it."""

from collections.abc import Iterator, Sequence
from datetime import date

from app.domain.allocation import payers
from app.domain.ownership import teams_on, turning_points, valid_on
from app.domain.policy import (
    AllOf,
    AnyOf,
    Condition,
    Not,
    Policy,
    PolicyProblem,
    Pool,
    Rule,
    ToPool,
    ToTeam,
    ToTeamFromTag,
)


def check(policy: Policy) -> tuple[PolicyProblem, ...]:
    """The warnings about a policy, by line."""
    days = turning_points([*policy.rules, *policy.teams])
    return tuple(
        sorted(
            [
                *_unreachable_rules(policy, days),
                *_unused_pools(policy),
                *_pools_without_payers(policy, days),
                *_untargeted_teams(policy),
                *_teams_without_cost_center(policy),
            ]
        )
    )


def _unreachable_rules(policy: Policy, days: Sequence[date]) -> Iterator[PolicyProblem]:
    """Rules that never decide, because earlier ones already took every charge whenever they hold."""
    team_ids = {day: frozenset(team.id for team in teams_on(policy.teams, day)) for day in days}
    for index, rule in enumerate(policy.rules):
        active = [day for day in days if _holds(rule, day, team_ids[day])]
        if not active:
            yield PolicyProblem(rule.line, f"rule `{rule.name}` never holds: its team does not exist while it is valid")
            continue
        rivals = [earlier for earlier in policy.rules[:index] if _covers(earlier, rule)]
        taken_by = [next((each for each in rivals if _holds(each, day, team_ids[day])), None) for day in active]
        if taken_by[0] and all(taken_by):
            first = taken_by[0]
            message = f"`{first.name}` (line {first.line}) takes every charge before it; move it up or remove it"
            yield PolicyProblem(rule.line, f"rule `{rule.name}` is never reached: {message}")


def _holds(rule: Rule, day: date, team_ids: frozenset[str]) -> bool:
    return valid_on(rule, day) and (not isinstance(rule.target, ToTeam) or rule.target.team_id in team_ids)


def _covers(earlier: Rule, later: Rule) -> bool:
    """Whether, on a day when both hold, the earlier rule takes every charge that the later could."""
    if isinstance(earlier.target, ToTeamFromTag) and earlier.target != later.target:
        return False  # it lets charges pass whose tag is no team
    return earlier.condition == later.condition or is_certain(earlier.condition)


def is_certain(condition: Condition) -> bool:
    """Whether every charge fulfils the condition, as far as its form shows."""
    match condition:
        case AllOf(conditions):
            return all(is_certain(each) for each in conditions)
        case AnyOf(conditions):
            return any(is_certain(each) or Not(each) in conditions for each in conditions)
        case _:
            return False


def _unused_pools(policy: Policy) -> Iterator[PolicyProblem]:
    used = {rule.target.pool_id for rule in policy.rules if isinstance(rule.target, ToPool)}
    for pool in policy.pools:
        if pool.id not in used:
            yield PolicyProblem(pool.line, f"no rule sends cost to pool `{pool.id}`; add one or remove the pool")


def _pools_without_payers(policy: Policy, days: Sequence[date]) -> Iterator[PolicyProblem]:
    """Pools that nobody pays for since some day. Days before the first team are no news."""
    existing = {day: frozenset(team.id for team in teams_on(policy.teams, day)) for day in days}
    staffed = [day for day in days if existing[day]]
    for pool in policy.pools:
        gap = next((day for day in staffed if not payers(pool, existing[day])), None)
        if not staffed or gap:
            since = f" from {gap}" if gap and gap > date.min else ""
            message = (
                f"nobody can pay for pool `{pool.id}`{since}; its cost stays unallocated until a team it names exists"
            )
            yield PolicyProblem(pool.line, message)


def _untargeted_teams(policy: Policy) -> Iterator[PolicyProblem]:
    """Teams that get no cost. A parent may be there only to sum up; a tag or a driver may name any team."""
    by_tag = any(isinstance(rule.target, ToTeamFromTag) for rule in policy.rules)
    if by_tag or any(_may_name_any_team(pool) for pool in policy.pools):
        return
    reached = {rule.target.team_id for rule in policy.rules if isinstance(rule.target, ToTeam)}
    reached |= {team.parent for team in policy.teams if team.parent}
    reached |= {team_id for pool in policy.pools for team_id in (*pool.among, *pool.weights)}
    reached |= {team_id for pool in policy.pools if pool.by for team_id in pool.by.teams.values()}
    for team in {team.id: team for team in policy.teams}.values():
        if team.id not in reached:
            yield PolicyProblem(team.line, f"no rule sends cost to team `{team.id}`; add one or remove the team")


def _may_name_any_team(pool: Pool) -> bool:
    return pool.by is not None and not pool.by.teams and not pool.among


def _teams_without_cost_center(policy: Policy) -> Iterator[PolicyProblem]:
    for team in policy.teams:
        if team.cost_center is None:
            yield PolicyProblem(team.line, f"team `{team.id}` has no cost_center; the journal cannot book its cost")
