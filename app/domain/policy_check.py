"""What is odd about a policy, though it can be used: warnings for the person who writes it."""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

from app.domain.allocation import payers
from app.domain.between_pools import Payers, pools_named, reciprocal, step_down
from app.domain.ownership import teams_on, turning_points
from app.domain.policy import BetweenPools, Policy, PolicyProblem, Pool, ToPool, ToTeam, ToTeamFromTag
from app.domain.rule_check import Calendar, missing_teams, overlapping_rules, unreachable_rules


def check(policy: Policy) -> tuple[PolicyProblem, ...]:
    """The warnings about a policy, by line."""
    days = turning_points([*policy.rules, *policy.teams])
    calendar = Calendar(policy, days)
    return tuple(
        sorted(
            [
                *unreachable_rules(policy, calendar),
                *overlapping_rules(policy),
                *missing_teams(policy, calendar),
                *_unused_pools(policy),
                *_pools_without_payers(policy, days),
                *_closed_pools(policy),
                *_untargeted_teams(policy),
                *_teams_that_cannot_be_booked(policy),
            ]
        )
    )


def _unused_pools(policy: Policy) -> Iterator[PolicyProblem]:
    used = {rule.target.pool_id for rule in policy.rules if isinstance(rule.target, ToPool)}
    used |= {other for pool in policy.pools for other in pools_named(pool)}
    for pool in policy.pools:
        if pool.id not in used:
            yield PolicyProblem(pool.line, f"no rule sends cost to pool `{pool.id}`; add one or remove the pool")


def _pools_without_payers(policy: Policy, days: Sequence[date]) -> Iterator[PolicyProblem]:
    """Pools that nobody pays for since some day. Days before the first team are no news."""
    existing = {day: frozenset(team.id for team in teams_on(policy.teams, day)) for day in days}
    staffed = [day for day in days if existing[day]]
    paid = {day: _paid_pools(policy, existing[day]) for day in staffed}
    for pool in policy.pools:
        gap = next((day for day in staffed if pool.id not in paid[day]), None)
        if not staffed or gap:
            since = f" from {gap}" if gap and gap > date.min else ""
            message = (
                f"nobody can pay for pool `{pool.id}`{since}; its cost stays unallocated until a team it names exists"
            )
            yield PolicyProblem(pool.line, message)


def _paid_pools(policy: Policy, existing: frozenset[str]) -> frozenset[str]:
    """The pools whose cost can reach one of the teams that exist."""
    paying = {
        pool.id: Payers(
            dict.fromkeys(payers(pool, existing), Fraction(1)), dict.fromkeys(pools_named(pool), Fraction(1))
        )
        for pool in policy.pools
    }
    shares = (reciprocal if policy.between_pools is BetweenPools.RECIPROCAL else step_down)(paying)
    return frozenset(pool_id for pool_id, parts in shares.items() if parts)


def _closed_pools(policy: Policy) -> Iterator[PolicyProblem]:
    """Pools that are closed, in the step-down order, before one that names them as payers."""
    if policy.between_pools is not BetweenPools.STEP_DOWN:
        return
    closed: list[str] = []
    for pool in policy.pools:
        for other in sorted(pools_named(pool).intersection(closed)):
            yield PolicyProblem(
                pool.line,
                f"pool `{pool.id}` names pool `{other}`, which is closed before it and takes no more; declare"
                f" `{pool.id}` first, or remove `pool:{other}`",
            )
        closed.append(pool.id)


def _untargeted_teams(policy: Policy) -> Iterator[PolicyProblem]:
    """Teams that get no cost. A parent may be there only to sum up; a tag or a driver may name any team."""
    by_tag = any(isinstance(rule.target, ToTeamFromTag) for rule in policy.rules)
    if by_tag or any(_may_name_any_team(pool) for pool in policy.pools):
        return
    reached = {rule.target.team_id for rule in policy.rules if isinstance(rule.target, ToTeam)}
    reached |= {team.parent for team in policy.teams if team.parent}
    reached |= {team_id for pool in policy.pools for team_id in (*pool.among, *pool.weights)}
    reached |= {team_id for pool in policy.pools if pool.by for team_id in pool.by.teams.values()}
    reached |= {pool.by.idle_team for pool in policy.pools if pool.by and pool.by.idle_team}
    reached |= {policy.markup.to} if policy.markup else set()
    for team in {team.id: team for team in policy.teams}.values():
        if team.id not in reached:
            yield PolicyProblem(team.line, f"no rule sends cost to team `{team.id}`; add one or remove the team")


def _may_name_any_team(pool: Pool) -> bool:
    return pool.by is not None and not pool.by.teams and not pool.among


def _teams_that_cannot_be_booked(policy: Policy) -> Iterator[PolicyProblem]:
    """Teams without cost center, and, once accounts are declared, those whose cost has no account of its own."""
    of_center = {center.id: center.gl_account for center in policy.cost_centers}
    for team in policy.teams:
        if team.cost_center is None:
            yield PolicyProblem(team.line, f"team `{team.id}` has no cost_center; the journal cannot book its cost")
        if policy.gl_accounts and not (team.gl_account or of_center.get(team.cost_center or "")):
            yield PolicyProblem(
                team.line,
                f"team `{team.id}` has no gl_account, nor has its cost center; its cost is booked to"
                f" `{policy.accounts.expense}`",
            )
