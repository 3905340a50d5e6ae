import pytest

from app.domain.policy_check import check
from app.domain.policy_document import parse_policy

HEAD = """name: x
teams: [{id: a, cost_center: C1}, {id: b, cost_center: C2, valid_from: 2025-01-01}]
pools: [{id: p, split: even}]
rules:
"""
TARGET_ALL = "- {name: A, when: {tag: t, equals: a}, team: a}\n- {name: B, when: {tag: t, equals: b}, team: b}\n"


def warnings(text: str) -> list[str]:
    return [str(problem) for problem in check(parse_policy(text))]


def rule_warnings(*rules: str) -> list[str]:
    return warnings(HEAD + TARGET_ALL + "- {name: P, when: {tag: t, equals: p}, pool: p}\n" + "\n".join(rules))


def never_reached(name: str, line: int, by: str) -> list[str]:
    return [f"line {line}: rule `{name}` is never reached: {by} takes every charge before it; move it up or remove it"]


def test_a_sound_policy_has_no_warnings() -> None:
    assert rule_warnings() == []


def test_a_rule_after_the_same_condition_is_never_reached() -> None:
    assert rule_warnings("- {name: Again, when: {tag: t, equals: a}, team: b}") == never_reached(
        "Again", 8, "`A` (line 5)"
    )


def test_a_rule_after_one_that_takes_everything_is_never_reached() -> None:
    rules = "- {name: All, unallocated: true}", "- {name: Late, when: {tag: t, equals: z}, team: b}"
    assert rule_warnings(*rules) == never_reached("Late", 9, "`All` (line 8)")
    either = "- {name: All, when: {any: [{tag: u, present: true}, {not: {tag: u, present: true}}]}, pool: p}"
    assert rule_warnings(either, rules[1]) == never_reached("Late", 9, "`All` (line 8)")


@pytest.mark.parametrize(
    "first",
    [
        "- {name: Ends, valid_to: 2026-01-01, pool: p}",
        "- {name: Begins, valid_from: 2026-01-01, pool: p}",
        "- {name: A team that came late, team: b}",
        "- {name: A tag may name no team, team_from_tag: owner}",
    ],
)
def test_a_rule_is_reached_while_the_one_before_it_does_not_hold(first: str) -> None:
    assert rule_warnings(first, "- {name: Late, pool: p}") == []


def test_a_rule_that_earlier_ones_take_turns_to_cover_is_never_reached() -> None:
    turns = "- {name: Old, valid_to: 2026-01-01, pool: p}", "- {name: New, valid_from: 2026-01-01, pool: p}"
    assert rule_warnings(*turns, "- {name: Late, pool: p}") == never_reached("Late", 10, "`Old` (line 8)")


def test_a_rule_for_a_team_that_is_not_there_never_holds() -> None:
    assert rule_warnings("- {name: Early, when: {tag: t, equals: e}, team: b, valid_to: 2024-01-01}") == [
        "line 8: rule `Early` never holds: its team does not exist while it is valid"
    ]


def test_a_pool_without_rules_is_told() -> None:
    assert warnings(HEAD + TARGET_ALL) == ["line 3: no rule sends cost to pool `p`; add one or remove the pool"]


def test_a_pool_that_nobody_can_pay_for_is_told() -> None:
    text = """name: x
teams:
- {id: a, cost_center: C1}
- {id: b, cost_center: C2, valid_to: 2025-07-01}
pools: [{id: p, split: even, among: [b]}]
rules: [{name: A, when: {tag: t, present: true}, team: a}, {name: P, pool: p}]
"""
    assert warnings(text) == [
        "line 5: nobody can pay for pool `p` from 2025-07-01; its cost stays unallocated until a team it names exists"
    ]


def test_a_team_that_gets_no_cost_is_told_unless_it_is_a_parent_or_a_tag_may_name_it() -> None:
    text = """name: x
teams:
- {id: parent, cost_center: C1}
- {id: a, cost_center: C2, parent: parent}
- {id: idle, cost_center: C3}
rules:
- {name: A, when: {tag: t, present: true}, team: a}
"""
    assert warnings(text) == ["line 5: no rule sends cost to team `idle`; add one or remove the team"]
    assert warnings(text + "- {name: T, team_from_tag: team}") == []


def test_a_driver_names_the_teams_that_pay() -> None:
    text = """name: x
teams: [{id: a, cost_center: C1}, {id: b, cost_center: C2}]
pools: [{id: p, split: {driver: tokens, fallback: even%s}}]
rules: [{name: P, pool: p}]
"""
    assert warnings(text % "") == []  # its dimension may name either
    assert warnings(text % ", teams: {x: a, y: b}") == []
    assert warnings(text % ", teams: {x: a}") == ["line 2: no rule sends cost to team `b`; add one or remove the team"]


def test_a_driver_that_names_a_team_that_has_ended_is_told() -> None:
    text = """name: x
teams:
- {id: a, cost_center: C1}
- {id: b, cost_center: C2, valid_to: 2025-07-01}
pools: [{id: p, split: {driver: tokens, fallback: even, teams: {x: b}}}]
rules: [{name: A, when: {tag: t, present: true}, team: a}, {name: P, pool: p}]
"""
    assert warnings(text) == [
        "line 5: nobody can pay for pool `p` from 2025-07-01; its cost stays unallocated until a team it names exists"
    ]


def test_a_team_without_a_cost_center_is_told() -> None:
    text = "name: x\nteams: [{id: a}]\nrules: [{name: A, team: a}]"
    assert warnings(text) == ["line 2: team `a` has no cost_center; the journal cannot book its cost"]


TWO = "name: x\nteams: [{id: a, cost_center: C}, {id: b, cost_center: C}]\n"


def test_a_rule_within_an_earlier_one_is_never_reached() -> None:
    assert rule_warnings("- {name: Late, when: {all: [{tag: t, equals: a}, {tag: u, equals: b}]}, team: b}") == (
        never_reached("Late", 8, "`A` (line 5)")
    )


def test_a_rule_that_earlier_ones_take_together_is_never_reached() -> None:
    assert warnings(TWO + "rules:\n" + TARGET_ALL + "- {name: Late, when: {tag: t, in: [a, b]}, team: b}") == [
        (
            "line 6: rule `Late` is never reached: the rules above take together every charge before it;"
            " move it up or remove it"
        )
    ]


def test_a_tag_takes_only_what_names_a_team() -> None:
    rules = TWO + "rules:\n- {name: Tagged, team_from_tag: t}\n- {name: Late, when: {tag: t, equals: %s}, team: b}\n"
    assert warnings(rules % "nobody") == []
    assert [each.split(":")[0] for each in warnings(rules % "a")] == ["line 5"]


def test_rules_whose_dates_overlap_are_told() -> None:
    rules = (
        "- {name: Old, when: {tag: u, equals: x}, team: a, valid_to: 2026-03-01}",
        "- {name: New, when: {tag: u, equals: x}, pool: p, valid_from: 2026-02-01}",
    )
    told = (
        "rule `New` overlaps `Old` (line 8) from 2026-02-01 up to 2026-03-01, when `Old` decides; let one end on the"
        " day the other begins"
    )
    assert rule_warnings(*rules) == [f"line 9: {told}"]
    assert rule_warnings(rules[0], rules[1].replace("02-01", "03-01")) == []


GAP = """name: x
teams:
- {id: a, cost_center: C, valid_to: 2026-03-01}
- {id: a, cost_center: C, valid_from: 2026-05-01}
- {id: b, cost_center: C}
rules:
- {name: A, when: {tag: t, equals: a}, team: a}
- {name: B, when: {tag: t, equals: %s}, team: b}
"""


def test_days_without_an_owner_are_told() -> None:
    told = "line 7: rule `A` names team `a`, which does not exist from 2026-03-01 up to 2026-05-01;"
    assert warnings(GAP % "b") == [f"{told} its charges may have no owner then: end the rule, or add one for that time"]
    assert warnings(GAP % "a") == [f"{told} its charges then go to rule `B` (line 8), or one between"]


def test_a_team_that_ended_while_its_rule_goes_on_is_told() -> None:
    text = GAP.replace("- {id: a, cost_center: C, valid_from: 2026-05-01}\n", "") % "b"
    assert warnings(text) == [
        (
            "line 6: rule `A` names team `a`, which does not exist from 2026-03-01; its charges may have no owner then:"
            " end the rule, or add one for that time"
        )
    ]
    ended = text.replace("team: a}", "team: a, valid_to: 2026-03-01}")
    assert warnings(ended) == []


def test_a_pool_that_names_a_closed_one_is_told() -> None:
    text = (
        TWO
        + """between_pools: step_down
pools:
- {id: net, split: even, among: [a]}
- {id: ops, split: even, among: [b, pool:net]}
rules: [{name: N, when: {tag: t, equals: n}, pool: net}, {name: O, pool: ops}]
"""
    )
    assert warnings(text) == [
        (
            "line 6: pool `ops` names pool `net`, which is closed before it and takes no more; declare `ops` first, or"
            " remove `pool:net`"
        )
    ]


def test_a_pool_that_other_pools_alone_pay_is_paid_by_their_teams() -> None:
    text = (
        TWO
        + """between_pools: step_down
pools:
- {id: ops, split: even, among: [pool:net]}
- {id: net, split: even, among: [a, b]}
rules: [{name: O, pool: ops}]
"""
    )
    assert warnings(text) == []


def test_a_team_without_an_account_is_told_once_accounts_are_declared() -> None:
    text = """name: x
gl_accounts: [6310]
cost_centers: [{id: C1, gl_account: 6310}, {id: C2}]
teams:
- {id: a, cost_center: C1}
- {id: b, cost_center: C2, gl_account: 6310}
- {id: c, cost_center: C2}
rules: [{name: T, team_from_tag: team}]
"""
    assert warnings(text) == [
        "line 7: team `c` has no gl_account, nor has its cost center; its cost is booked to `cloud-expense`"
    ]
