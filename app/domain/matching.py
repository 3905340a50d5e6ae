"""Who owns each charge key, and when: the policy's rules, evaluated for all keys at once.

A month has 10^4 to 10^5 charge keys and a policy some hundred rules, so nothing here loops over rules x keys in Python.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from app.domain.conditions import fulfilling, without
from app.domain.key_columns import CodedColumns, Indices, KeyColumns, Objects
from app.domain.ownership import teams_on, turning_points, valid_on
from app.domain.policy import Policy, Rule, ToPool, ToTeam, ToTeamFromTag

NONE = -1  # picks the last element of a `_lookup`


class Assignment(NamedTuple):
    """The owner of one charge key from `valid_from` up to, not including, `valid_to`; None leaves that side open.

    A tuple, not a dataclass: there are as many as charge keys, and COPY takes tuples.
    """

    key: int  # index of the charge key
    valid_from: date | None
    valid_to: date | None
    rule: int | None  # index of the rule in the policy; None where no rule matches
    team_id: str | None
    pool_id: str | None


def assignments(policy: Policy, keys: KeyColumns) -> Iterator[Assignment]:
    """The owner of every charge key at every time, by key and then by time.

    The owner is the first rule that is valid, whose condition the key fulfils, and whose team exists. The assignments
    of a key cover all of time without overlap, and two neighbours differ in their rule.
    """
    days = turning_points([*policy.rules, *policy.teams])
    columns = CodedColumns(keys)
    key, begin, rule = _changes(policy, columns, days)
    ends_the_key = np.append(key[1:] != key[:-1], True)[: key.size]
    end = np.where(ends_the_key, NONE, np.roll(begin, -1))
    edges = _lookup([None, *days[1:]])
    fields = (
        key,
        edges[begin],
        edges[end],
        _lookup(range(len(policy.rules)))[rule],
        _team_ids(policy, columns, key, rule),
        _lookup(each.target.pool_id if isinstance(each.target, ToPool) else None for each in policy.rules)[rule],
    )
    return map(Assignment, *(field.tolist() for field in fields))


def _changes(policy: Policy, columns: CodedColumns, days: Sequence[date]) -> tuple[Indices, Indices, Indices]:
    """Each change of owner, by key and time: the key, the index of the day it begins on, and the winning rule."""
    team_ids = [frozenset(team.id for team in teams_on(policy.teams, day)) for day in days]
    candidates = _candidates(policy, columns, days, frozenset.intersection(*team_ids))
    before = np.full(columns.size, NONE - 1)
    found: list[tuple[Indices, Indices, Indices]] = []
    for index, day in enumerate(days):
        winners = np.full(columns.size, NONE)
        # Backwards, so that the first rule has the last word.
        for number, rule in reversed(list(enumerate(policy.rules))):
            if valid_on(rule, day):
                winners[_payable(rule, columns, candidates[number], team_ids[index])] = number
        changed = np.flatnonzero(winners != before)
        found.append((changed, np.full(changed.size, index), winners[changed]))
        before = winners
    key, begin, winner = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(key, kind="stable")  # stable: within a key, time stays in order
    return key[order], begin[order], winner[order]


def _candidates(
    policy: Policy, columns: CodedColumns, days: Sequence[date], lasting_teams: frozenset[str]
) -> list[Indices]:
    """The keys that each rule may own at some time: they fulfil its condition, and no earlier rule owns them always."""
    candidates: list[Indices] = []
    free = np.arange(columns.size)
    for rule in policy.rules:
        candidates.append(fulfilling(rule.condition, columns, free))
        if all(valid_on(rule, day) for day in days):
            free = without(free, _payable(rule, columns, candidates[-1], lasting_teams))
    return candidates


def _payable(rule: Rule, columns: CodedColumns, candidates: Indices, team_ids: frozenset[str]) -> Indices:
    """The candidates of a rule whose team, if it names one, exists."""
    match rule.target:
        case ToTeam(team_id):
            return candidates if team_id in team_ids else candidates[:0]
        case ToTeamFromTag(tag):
            return columns[tag].one_of(team_ids, candidates)
        case _:
            return candidates


def _team_ids(policy: Policy, columns: CodedColumns, key: Indices, rule: Indices) -> Objects:
    """The team that pays in each assignment; None for pools, and where nobody does."""
    team_ids = _lookup(each.target.team_id if isinstance(each.target, ToTeam) else None for each in policy.rules)[rule]
    for index, each in enumerate(policy.rules):
        if isinstance(each.target, ToTeamFromTag):
            here = np.flatnonzero(rule == index)
            team_ids[here] = columns[each.target.tag].values(key[here])
    return team_ids


def _lookup(values: Iterable[object]) -> Objects:
    """The values as an array to index, with None in the place of NONE."""
    return np.array([*values, None], dtype=object)
