"""The `gpu` part of a policy document."""

import pytest

from app.domain.gpu.settings import GpuPolicy, OwnerRule, WasteThresholds
from app.domain.policy import PolicyError
from app.domain.policy_document import parse_policy

TEAMS = "name: x\nteams: [{id: search}, {id: speech}]\n"


def test_a_team_has_the_thresholds_of_all_but_for_its_own() -> None:
    text = """
gpu:
  idle_minutes: 20
  activity_below: 0.10
  teams: {search: {idle_minutes: 60, tensor_below: 0}}
  owners: [{team: search, namespace: 'search-*'}, {team: speech, account: speech, user: 007}]
"""
    common = WasteThresholds(idle_minutes=20, activity_below=0.1)
    own = WasteThresholds(idle_minutes=60, activity_below=0.1, tensor_below=0)
    rules = (OwnerRule("search", namespace="search-*"), OwnerRule("speech", account="speech", user="007"))
    policy = parse_policy(TEAMS + text).gpu
    assert policy == GpuPolicy(common, {"search": own}, rules)
    assert (policy.of("search"), policy.of("speech"), policy.of(None)) == (own, common, common)


def test_a_document_without_one_says_nothing() -> None:
    assert parse_policy(TEAMS).gpu is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("gpu:\n  idle_minutes: 0", "line 4: `idle_minutes` of `gpu` must be whole minutes from 1 to 1440, not `0`"),
        ("gpu:\n  idle_minutes: 1441", "line 4: `idle_minutes` of `gpu` must be whole minutes from 1 to 1440"),
        ("gpu:\n  starting_minutes: 2.5", "line 4: `starting_minutes` of `gpu` must be whole minutes from 0 to 1440"),
        (
            "gpu:\n  dram_below: 30%",
            "line 4: `dram_below` of `gpu` must be a number from 0 to 1 such as 0.2, not `30%`",
        ),
        ("gpu:\n  idle_minute: 30", "line 4: `gpu` cannot have `idle_minute`; did you mean `idle_minutes`?"),
        ("gpu:\n  teams:\n    serch: {}", "line 5: there is no team `serch` under `teams`; did you mean `search`?"),
        ("gpu:\n  teams: {search: {owners: []}}", "line 4: the thresholds of `search` cannot have `owners`"),
        ("gpu:\n  owners: [{namespace: x}]", "line 4: an owner of `gpu` needs `team`"),
        ("gpu:\n  owners: [{team: search}]", "line 4: an owner of `gpu` needs one of `namespace`, `account`, `user`"),
    ],
)
def test_what_is_wrong_is_told_by_line(text: str, problem: str) -> None:
    with pytest.raises(PolicyError, match="nothing was changed") as refused:
        parse_policy(TEAMS + text)
    assert problem in str(refused.value)
