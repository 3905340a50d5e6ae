import fnmatch
import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.key_columns import InMemoryKeys
from app.domain.matching import Assignment, assignments
from app.domain.ownership import Team, teams_on, turning_points, valid_on
from app.domain.policy import (
    AllOf,
    AnyOf,
    Column,
    Condition,
    Glob,
    Not,
    OneOf,
    Policy,
    Pool,
    Present,
    Regex,
    Rule,
    Split,
    Tag,
    ToNobody,
    ToPool,
    ToTeam,
    ToTeamFromTag,
)

Row = dict[str, str | Mapping[str, str] | None]

JUNE, JULY = date(2025, 6, 1), date(2025, 7, 1)
REGION = Column("region_id")
EVERYTHING = AllOf()


def equals(field: Column | Tag, *values: str) -> OneOf:
    return OneOf(field, frozenset(values))


def owners(policy: Policy, *rows: Row) -> list[Assignment]:
    return list(assignments(policy, InMemoryKeys(rows)))


def test_the_first_rule_that_matches_wins() -> None:
    rules = (Rule("east", equals(REGION, "us-east-1"), ToPool("net")), Rule("rest", EVERYTHING, ToNobody()))
    assert owners(Policy("p", rules=rules), {"region_id": "us-east-1"}, {"region_id": "eu-west-1"}) == [
        Assignment(key=0, valid_from=None, valid_to=None, rule=0, team_id=None, pool_id="net"),
        Assignment(key=1, valid_from=None, valid_to=None, rule=1, team_id=None, pool_id=None),
    ]


def test_a_key_that_no_rule_matches_is_unallocated() -> None:
    assert owners(Policy("p"), {"region_id": "x"}) == [Assignment(0, None, None, None, None, None)]


def test_no_keys_have_no_owners() -> None:
    assert owners(Policy("p", rules=(Rule("all", EVERYTHING, ToNobody()),))) == []


def test_a_rule_that_ends_hands_over_to_the_next() -> None:
    rules = (Rule("old", EVERYTHING, ToPool("a"), valid_to=JULY), Rule("new", EVERYTHING, ToPool("b"), valid_from=JUNE))
    assert owners(Policy("p", rules=rules), {}) == [
        Assignment(0, None, JULY, 0, None, "a"),
        Assignment(0, JULY, None, 1, None, "b"),
    ]


def test_a_team_pays_only_while_it_exists() -> None:
    teams = (Team("search", "Search", valid_from=JUNE, valid_to=JULY),)
    assert owners(Policy("p", teams, rules=(Rule("s", EVERYTHING, ToTeam("search")),)), {}) == [
        Assignment(0, None, JUNE, None, None, None),
        Assignment(0, JUNE, JULY, 0, "search", None),
        Assignment(0, JULY, None, None, None, None),
    ]


def test_a_reorg_that_keeps_the_team_does_not_cut_its_ownership() -> None:
    teams = (Team("search", "Search", valid_to=JUNE), Team("search", "Search", parent="x", valid_from=JUNE))
    assert owners(Policy("p", teams, rules=(Rule("s", EVERYTHING, ToTeam("search")),)), {}) == [
        Assignment(0, None, None, 0, "search", None)
    ]


def test_a_tag_names_the_team_and_a_tag_that_names_none_is_passed_over() -> None:
    teams = (Team("search", "Search"), Team("speech", "Speech", valid_from=JUNE))
    rules = (Rule("tag", EVERYTHING, ToTeamFromTag(Tag("team"))), Rule("rest", EVERYTHING, ToPool("rest")))
    rows: list[Row] = [{"tags": {"team": name}} for name in ("search", "speech", "Search", "")]
    assert owners(Policy("p", teams, rules=rules), *rows, {}) == [
        Assignment(0, None, None, 0, "search", None),
        Assignment(1, None, JUNE, 1, None, "rest"),
        Assignment(1, JUNE, None, 0, "speech", None),
        Assignment(2, None, None, 1, None, "rest"),
        Assignment(3, None, None, 1, None, "rest"),
        Assignment(4, None, None, 1, None, "rest"),
    ]


@pytest.mark.parametrize(
    ("condition", "matching"),
    [
        (equals(REGION, "us-east-1", "none"), {"us-east-1"}),
        (Glob(REGION, "us-*"), {"us-east-1", "us-west-2"}),
        (Glob(REGION, "*-[12]"), {"us-east-1", "us-west-2", "eu-west-1"}),
        (Glob(REGION, "??-west-?"), {"us-west-2", "eu-west-1"}),
        (Glob(REGION, "US-*"), set()),
        (Regex(REGION, "^(us|eu)-west"), {"us-west-2", "eu-west-1"}),
        (Regex(REGION, "west"), {"us-west-2", "eu-west-1"}),
        (Glob(REGION, "*"), {"us-east-1", "us-west-2", "eu-west-1"}),
        (Regex(REGION, ""), {"us-east-1", "us-west-2", "eu-west-1"}),
        (Present(REGION), {"us-east-1", "us-west-2", "eu-west-1"}),
        (Present(REGION, present=False), {None, ""}),
        (Not(equals(REGION, "us-east-1")), {"us-west-2", "eu-west-1", None, ""}),
        (AllOf((Glob(REGION, "us-*"), Glob(REGION, "*-1"))), {"us-east-1"}),
        (AnyOf((Glob(REGION, "us-*"), Glob(REGION, "*-1"))), {"us-east-1", "us-west-2", "eu-west-1"}),
    ],
)
def test_what_a_condition_matches(condition: Condition, matching: set[str | None]) -> None:
    regions = ("us-east-1", "us-west-2", "eu-west-1", None, "")
    policy = Policy("p", rules=(Rule("r", condition, ToNobody()),))
    rows: list[Row] = [{"region_id": region} for region in regions]
    found = owners(policy, *rows)
    assert {region for region, owner in zip(regions, found, strict=True) if owner.rule == 0} == matching


# The same meaning, written row by row and day by day: slow, and plain enough to believe.


def holds(condition: Condition, row: Row) -> bool:
    match condition:
        case AllOf(conditions):
            return all(holds(each, row) for each in conditions)
        case AnyOf(conditions):
            return any(holds(each, row) for each in conditions)
        case Not(inner):
            return not holds(inner, row)
        case _:
            return passes(condition, value_of(condition.field, row))


def passes(test: OneOf | Glob | Regex | Present, value: str | None) -> bool:
    match test:
        case Present(_, present):
            return bool(value) is present
        case OneOf(_, values):
            return value in values
        case Glob(_, pattern):
            return bool(value) and fnmatch.fnmatchcase(value or "", pattern)
        case Regex(_, pattern):
            return bool(value) and re.search(pattern, value or "") is not None


def value_of(field: Column | Tag, row: Row) -> str | None:
    source = row if isinstance(field, Column) else row["tags"]
    assert isinstance(source, Mapping)
    value = source.get(field.name if isinstance(field, Column) else field.key)
    return value if isinstance(value, str) else None


def owner_on(policy: Policy, row: Row, day: date) -> tuple[int | None, str | None, str | None]:
    team_ids = {team.id for team in teams_on(policy.teams, day)}
    for index, rule in enumerate(policy.rules):
        if not (valid_on(rule, day) and holds(rule.condition, row)):
            continue
        match rule.target:
            case ToPool(pool_id):
                return index, None, pool_id
            case ToNobody():
                return index, None, None
            case ToTeam(team_id) if team_id in team_ids:
                return index, team_id, None
            case ToTeamFromTag(tag) if value_of(tag, row) in team_ids:
                return index, value_of(tag, row), None
    return None, None, None


days = st.none() | st.integers(min_value=1, max_value=6).map(lambda month: date(2025, month, 1))
spans = st.tuples(days, days).filter(lambda span: not (span[0] and span[1]) or span[0] < span[1])
words = st.sampled_from(["a", "b", "ab", "ba", "a/b", "", "search", "speech"])
fields = st.sampled_from([Column("region_id"), Column("service_name"), Tag("team"), Tag("x")])
tests = st.one_of(
    st.builds(OneOf, fields, st.frozensets(words.filter(bool), min_size=1)),
    st.builds(Glob, fields, st.sampled_from(["a*", "*b", "?", "[ab]*", "*a*b", "se*[!x]h", "[", "*"])),
    st.builds(Regex, fields, st.sampled_from(["^a", "b$", "a.?b", "", "e[ae]", "(?i)SPEECH"])),
    st.builds(Present, fields, st.booleans()),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(AllOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=5,
)
targets = st.one_of(
    st.builds(ToTeam, st.sampled_from(["search", "speech"])),
    st.builds(ToTeamFromTag, st.sampled_from([Tag("team"), Tag("x")])),
    st.just(ToPool("pool")),
    st.just(ToNobody()),
)
rules = st.builds(lambda condition, target, span: Rule("r", condition, target, *span), conditions, targets, spans)
teams = st.builds(
    lambda team_id, span: Team(team_id, team_id, None, None, *span), st.sampled_from(["search", "speech", "a"]), spans
)
policies = st.builds(
    lambda teams, rules: Policy("p", tuple(teams), (Pool("pool", "P", Split.EVEN),), tuple(rules)),
    st.lists(teams, max_size=4),
    st.lists(rules, max_size=6),
)
rows = st.fixed_dictionaries(
    {
        "region_id": st.none() | words,
        "service_name": words,
        "tags": st.dictionaries(st.sampled_from(["team", "x"]), words),
    }
)


@given(policy=policies, rows=st.lists(rows, max_size=6))
def test_every_key_has_the_owner_that_reading_rule_by_rule_gives(policy: Policy, rows: list[Row]) -> None:
    found = owners(policy, *rows)
    for day in turning_points([*policy.rules, *policy.teams]):
        on_day = [each for each in found if valid_on(each, day)]
        assert [each.key for each in on_day] == list(range(len(rows)))
        assert [each[3:] for each in on_day] == [owner_on(policy, row, day) for row in rows]


@given(policy=policies, rows=st.lists(rows, min_size=1, max_size=6))
def test_the_assignments_of_a_key_cover_all_of_time_without_overlap(policy: Policy, rows: list[Row]) -> None:
    for key in range(len(rows)):
        own = [each for each in owners(policy, *rows) if each.key == key]
        assert own[0].valid_from is None
        assert own[-1].valid_to is None
        for one, following in pairwise(own):
            assert one.valid_to is not None
            assert one.valid_to == following.valid_from
            assert one.rule != following.rule


@given(policy=policies, rows=st.lists(rows, max_size=6))
def test_the_order_of_keys_does_not_matter(policy: Policy, rows: list[Row]) -> None:
    backwards = [each._replace(key=len(rows) - 1 - each.key) for each in owners(policy, *reversed(rows))]
    assert sorted(backwards, key=lambda each: (each.key, each.valid_from or date.min)) == owners(policy, *rows)
