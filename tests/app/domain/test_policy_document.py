from datetime import date
from decimal import Decimal

import pytest

from app.domain.charge import Metric
from app.domain.ownership import Team
from app.domain.policy import (
    AllOf,
    AnyOf,
    BetweenPools,
    CloseLimits,
    Column,
    CommitmentBenefit,
    CostCenter,
    DriverSplit,
    FxMethod,
    Glob,
    JournalAccounts,
    Markup,
    Not,
    OneOf,
    Policy,
    PolicyError,
    Pool,
    Present,
    Regex,
    Reporting,
    Rule,
    Split,
    Tag,
    ToNobody,
    ToPool,
    ToTeam,
    ToTeamFromTag,
)
from app.domain.policy_document import parse_policy

ACME = r"""
name: Acme AI chargeback
statement_metric: billed_cost
teams:
  - {id: research, name: Research, cost_center: CC-100}
  - {id: search, name: Search, parent: research, cost_center: 0110, valid_from: 2025-01-01, valid_to: 2026-01-01}
  - {id: speech}
pools:
  - {id: platform, name: Shared platform, split: proportional}
  - {id: support, name: Cloud support, split: even, among: [search, speech]}
  - {id: office, name: Networking, split: fixed, weights: {search: 3, speech: 0.50}}
rules:
  - {name: Tagged, when: {tag: team, present: true}, team_from_tag: team}
  - name: Model keys
    when:
      all:
        - {column: ProviderName, equals: OpenAI}
        - {column: SubAccountId, in: [proj_search, 00123, 2025-01-01, NO]}
    team: search
  - name: Shared clusters
    when:
      any: [{column: resource_id, glob: '*cluster/shared-*'}, {column: service_name, regex: '^(Amazon )?CloudWatch'}]
    pool: platform
  - {name: Orphan, when: {not: {column: x_CostClass, equals: yes}}, unallocated: true, valid_from: 2025-06-01}
  - {name: The rest, pool: support}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyError) as error:
        parse_policy(text)
    return [str(problem) for problem in error.value.problems]


def with_rule(rule: str) -> str:
    return f"name: x\nteams: [{{id: search}}]\npools: [{{id: platform, split: even}}]\nrules:\n  - {rule}"


def test_a_document_says_what_it_says() -> None:
    models = OneOf(Column("service_provider_name"), frozenset({"OpenAI"}))
    accounts = OneOf(Column("sub_account_id"), frozenset({"proj_search", "00123", "2025-01-01", "NO"}))
    shared = Glob(Column("resource_id"), "*cluster/shared-*"), Regex(Column("service_name"), "^(Amazon )?CloudWatch")
    assert parse_policy(ACME) == Policy(
        name="Acme AI chargeback",
        statement_metric=Metric.BILLED,
        teams=(
            Team("research", "Research", cost_center="CC-100"),
            Team("search", "Search", "research", "0110", date(2025, 1, 1), date(2026, 1, 1)),
            Team("speech", "speech"),
        ),
        pools=(
            Pool("platform", "Shared platform", Split.PROPORTIONAL),
            Pool("support", "Cloud support", Split.EVEN, among=frozenset({"search", "speech"})),
            Pool("office", "Networking", Split.FIXED, weights={"search": Decimal(3), "speech": Decimal("0.50")}),
        ),
        rules=(
            Rule("Tagged", Present(Tag("team")), ToTeamFromTag(Tag("team"))),
            Rule("Model keys", AllOf((models, accounts)), ToTeam("search")),
            Rule("Shared clusters", AnyOf(shared), ToPool("platform")),
            Rule("Orphan", Not(OneOf(Column("x_CostClass"), frozenset({"yes"}))), ToNobody(), date(2025, 6, 1)),
            Rule("The rest", AllOf(), ToPool("support")),
        ),
    )


def test_everything_knows_its_line() -> None:
    policy = parse_policy(ACME)
    assert [team.line for team in policy.teams] == [5, 6, 7]
    assert [rule.line for rule in policy.rules] == [13, 14, 20, 24, 25]


def test_statements_are_drawn_on_effective_cost_unless_the_policy_says_otherwise() -> None:
    assert parse_policy("name: x").statement_metric is Metric.EFFECTIVE


def test_a_team_may_come_again_after_a_reorg() -> None:
    text = """
    name: x
    teams:
      - {id: a}
      - {id: b, parent: a, valid_to: 2025-07-01}
      - {id: b, valid_from: 2025-07-01}
    """
    assert [team.parent for team in parse_policy(text).teams] == [None, "a", None]


def test_parents_that_swap_on_a_day_are_no_loop() -> None:
    text = """
    name: x
    teams:
      - {id: a, parent: b, valid_to: 2025-07-01}
      - {id: b, valid_to: 2025-07-01}
      - {id: a, valid_from: 2025-07-01}
      - {id: b, parent: a, valid_from: 2025-07-01}
    """
    assert len(parse_policy(text).teams) == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "line 1: the document is empty; start with `name: …`"),
        ("- a", "line 1: the policy must be a mapping, `key: value`, not a list"),
        ("name: x\nteams: [", "line 2: this is not YAML: expected the node content, but found '<stream end>'"),
        ("name: a\x00b", "line 1: this is not YAML: the character U+0000 is not allowed; remove it"),
        ("name: x\nname: y", "line 2: the policy has `name` again, after line 1; keep one"),
        ("name:", "line 1: the policy needs `name`"),
        ("name: x\nruls: []", "line 2: the policy cannot have `ruls`; did you mean `rules`?"),
        ("name: x\nrules: 3", "line 2: `rules` must be a list, not `3`"),
        (
            "name: x\nstatement_metric: list_cost",
            "line 2: `statement_metric` must be effective_cost or billed_cost, not `list_cost`",
        ),
        ("name: [x]", "line 1: `name` must be a single value, not a list"),
        (
            "a: &a [1]\nname: *a",
            "line 2: `*a` is an alias; put quotes around a value that starts with * or & (aliases are not supported)",
        ),
        ("name: " + "[" * 60, "line 1: this is nested more than 50 deep; make it flatter"),
    ],
)
def test_a_document_that_cannot_be_read_says_why_and_where(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_an_unquoted_star_gets_a_hint() -> None:
    (problem,) = problems(with_rule("{name: r, when: {column: resource_id, glob: *shared/x}, team: search}"))
    assert problem.startswith("line 5: this is not YAML")
    assert "put quotes around a value that starts with *" in problem


@pytest.mark.parametrize(
    ("teams", "expected"),
    [
        ("[{id: a, parnet: b}]", "a team cannot have `parnet`; did you mean `parent`?"),
        ("[{name: A}]", "a team needs `id`"),
        ("[{id: [a]}]", "the id of a team must be a single value, not a list"),
        ("[{id: a, parent: search}]", "there is no team `search` under `teams`; use one of: a"),
        (
            "[{id: a, valid_from: 2025-02-30}]",
            "valid_from of team `a` must be a date such as 2025-01-31, not `2025-02-30`",
        ),
        ("[{id: a, valid_from: 20250201}]", "valid_from of team `a` must be a date such as 2025-01-31, not `20250201`"),
        (
            "[{id: a, valid_from: 2025-02-01, valid_to: 2025-02-01}]",
            "team `a` ends before it has begun; valid_to is the day after its last day",
        ),
        (
            "[{id: a, valid_to: 2025-07-02}, {id: a, valid_from: 2025-07-01}]",
            (
                "team `a` is already declared on line 2 for some of the same days; give one of them another id, "
                "or a valid_from and valid_to that do not overlap"
            ),
        ),
        (
            "[{id: a, parent: b}, {id: b, parent: c}, {id: c, parent: b}]",
            "teams cannot be their own parents: b → c → b; remove one `parent`",
        ),
    ],
)
def test_a_broken_team_is_refused(teams: str, expected: str) -> None:
    assert problems(f"name: x\nteams: {teams}") == [f"line 2: {expected}"]


@pytest.mark.parametrize(
    ("pools", "expected"),
    [
        ("[{split: even}]", "a pool needs `id`"),
        ("[{id: p}]", "a pool needs `split`"),
        ("[{id: p, split: evn}]", "the split of pool `p` must be proportional or even or fixed, not `evn`"),
        ("[{id: p, split: even}, {id: p, split: even}]", "pool `p` is already declared on line 3; give it another id"),
        ("[{id: p, split: even, among: [b]}]", "there is no team `b` under `teams`; use one of: a"),
        ("[{id: p, split: even, among: []}]", "`among` of pool `p` is an empty list; write at least one item"),
        (
            "[{id: p, split: fixed}]",
            "pool `p` has a fixed split and needs `weights`, such as {team: 3, other: 1}",
        ),
        (
            "[{id: p, split: fixed, weights: {a: 1}, among: [a]}]",
            "pool `p` has a fixed split, whose `weights` name the teams; remove `among`",
        ),
        (
            "[{id: p, split: even, weights: {a: 1}}]",
            "`weights` of pool `p` need `split: fixed`; change the split or remove them",
        ),
        ("[{id: p, split: fixed, weights: {}}]", "`weights` of pool `p` are empty; name at least one team"),
        (
            "[{id: p, split: fixed, weights: {a: -1}}]",
            "the weight of `a` in pool `p` must be a number greater than zero such as 3 or 0.5, not `-1`",
        ),
        (
            "[{id: p, split: driver}]",
            "the split of pool `p` must say which driver: split: {driver: gateway_spend, fallback: even}",
        ),
        ("[{id: p, split: {fallback: even}}]", "the split of pool `p` needs `driver`"),
        ("[{id: p, split: {driver: tokens}}]", "the split of pool `p` needs `fallback`"),
        (
            "[{id: p, split: {driver: tokens, fallback: fixed}}]",
            "the fallback of pool `p` must be even or proportional, not `fixed`",
        ),
        (
            "[{id: p, split: {driver: tokens, fallback: even, teams: {x: b}}}]",
            "there is no team `b` under `teams`; use one of: a",
        ),
        (
            "[{id: p, split: {driver: tokens, fallback: even, teams: {}}}]",
            "`teams` of pool `p` are empty; leave them out if the values are ids of teams",
        ),
        (
            "[{id: p, split: {driver: tokens, fallback: even, filter: {model: []}}}]",
            "`model` in the filter of pool `p` is an empty list; write at least one item",
        ),
        (
            "[{id: p, split: {driver: tokens, fallback: even, filter: model}}]",
            "`filter` of pool `p` must be a mapping, `key: value`, not `model`",
        ),
        (
            "[{id: p, split: {driver: tokens, fallback: even, dimensions: model}}]",
            "the split of pool `p` cannot have `dimensions`; did you mean `dimension`?",
        ),
        (
            "[{id: p, split: {driver: tokens, fallback: even, teams: {x: a}}, among: [a]}]",
            "pool `p` names its teams in the split's `teams`; remove `among`",
        ),
        (
            "[{id: p, split: {driver: tokens, fallback: even}, weights: {a: 1}}]",
            "`weights` of pool `p` need `split: fixed`; change the split or remove them",
        ),
    ],
)
def test_a_broken_pool_is_refused(pools: str, expected: str) -> None:
    assert problems(f"name: x\nteams: [{{id: a}}]\npools: {pools}") == [f"line 3: {expected}"]


def test_a_split_by_driver_is_read() -> None:
    policy = parse_policy("""
name: x
teams: [{id: a}, {id: b}]
pools:
  - {id: llm, split: {driver: gateway_spend, fallback: even}}
  - id: cluster
    split:
      driver: opencost_cost
      dimension: namespace
      teams: {a-prod: a, 007: b}
      filter: {cluster: prod, controller_kind: [job, deployment]}
      fallback: proportional
""")
    llm, cluster = policy.pools
    assert (llm.split, llm.by) == (Split.DRIVER, DriverSplit("gateway_spend", Split.EVEN))
    assert cluster.by == DriverSplit(
        "opencost_cost",
        Split.PROPORTIONAL,
        "namespace",
        {"a-prod": "a", "007": "b"},
        {"cluster": frozenset({"prod"}), "controller_kind": frozenset({"job", "deployment"})},
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{team: search}", "a rule needs `name`"),
        ("{name: r, team: serch}", "there is no team `serch` under `teams`; did you mean `search`?"),
        ("{name: r, pool: p}", "there is no pool `p` under `pools`; use one of: platform"),
        ("{name: r}", "a rule must say where its cost goes; add one of team, team_from_tag, pool, unallocated"),
        ("{name: r, team: search, pool: platform}", "a rule has one target, and this one has team and pool; keep one"),
        ("{name: r, unallocated: no}", "`unallocated` can only be true; name a team or a pool instead"),
        ("{name: r, unallocated: 1}", "`unallocated` must be true or false, not `1`"),
        (
            "{name: r, pool: platform, valid_from: soon}",
            "valid_from of rule `r` must be a date such as 2025-01-31, not `soon`",
        ),
    ],
)
def test_a_broken_rule_is_refused(rule: str, expected: str) -> None:
    assert problems(with_rule(rule)) == [f"line 5: {expected}"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (
            "{column: ResourceIdd, equals: x}",
            "charges have no column `ResourceIdd` to match on; did you mean `resource_id`?",
        ),
        ("{column: region_id}", "a column has exactly one of equals, in, glob, regex, present; this one has none"),
        (
            "{tag: t, equals: a, in: [a]}",
            "a tag has exactly one of equals, in, glob, regex, present; this one has equals and in",
        ),
        (
            "{tag: t, column: region_id, equals: a}",
            "a condition has exactly one of column, tag, all, any, not; this one has column and tag",
        ),
        ("{tag: t, equal: a}", "a condition cannot have `equal`; did you mean `equals`?"),
        ("{any: []}", "`any` is an empty list; write at least one item"),
        ("{all: {tag: t}}", "`all` must be a list, not a mapping"),
        ("{all: [{tag: t, present: true}], glob: x}", "`glob` tests a column or a tag; it cannot stand beside `all`"),
        ("{tag: t, present: maybe}", "`present` must be true or false, not `maybe`"),
        ("{tag: t, in: [a, [b]]}", "each item of `in` must be a single value, not a list"),
        ("{tag: t, equals: ''}", "`equals` is empty; write a value"),
        ("{tag: t, glob: {}}", "`glob` must be a single value, not a mapping"),
        (
            "{tag: t, regex: '('}",
            (
                "`(` is not a regular expression: missing ), unterminated subpattern at position 0; "
                "see docs.python.org/3/library/re"
            ),
        ),
    ],
)
def test_a_broken_condition_is_refused(condition: str, expected: str) -> None:
    assert problems(with_rule(f"{{name: r, when: {condition}, team: search}}")) == [f"line 5: {expected}"]


def test_all_problems_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = "name: x\nrules:\n- {name: a, team: t}\n- {name: b, when: {tag: t}, pool: p}\nteams: 1"
    with pytest.raises(PolicyError) as error:
        parse_policy(text)
    assert [problem.line for problem in error.value.problems] == [3, 4, 4, 5]
    assert str(error.value).splitlines()[:2] == [
        "The policy has 4 problems; nothing was changed:",
        "  line 3: there is no team `t` under `teams`",
    ]


GROWN_UP = """
name: x
cost_centers: [{id: CC-1, name: One, gl_account: 6310}, {id: CC-2}]
gl_accounts: [6310, 6390]
accounts: {expense: 6390}
teams: [{id: search, cost_center: CC-1, gl_account: 6310}, {id: platform, cost_center: CC-2}]
between_pools: step_down
pools:
  - {id: net, split: even, among: [search, pool:tools]}
  - {id: tools, split: fixed, weights: {platform: 1, pool:gpu: 0.5}}
  - {id: gpu, split: {driver: gpu_hours, fallback: even}}
treatments: {tax: spread, credits: {team: platform}, refunds: owner, support: {pool: tools}, idle: {team: platform}}
rules: [{name: All, team: search}]
commitment_benefit: {pooled: [Compute]}
markup: {percent: 2.5, to: platform, percents: {search: 0}}
reporting: {currency: EUR, rate: month_end}
close: {unallocated_percent: 1}
"""


def test_pools_may_pay_for_pools() -> None:
    policy = parse_policy(GROWN_UP)
    net, tools, *_ = policy.pools
    assert policy.between_pools is BetweenPools.STEP_DOWN
    assert (net.among, net.among_pools) == (frozenset({"search"}), frozenset({"tools"}))
    assert (tools.weights, tools.pool_weights) == ({"platform": Decimal(1)}, {"gpu": Decimal("0.5")})


def test_treatments_are_rules_before_all_others_and_pools_after_all_others() -> None:
    policy = parse_policy(GROWN_UP)
    assert [(rule.name, rule.target, rule.line) for rule in policy.rules] == [
        ("Treatment of tax", ToPool("treatment:tax"), 12),
        ("Treatment of credits", ToTeam("platform"), 12),
        ("Treatment of support", ToPool("tools"), 12),
        ("All", ToTeam("search"), 13),
    ]
    assert policy.pools[-1] == Pool("treatment:tax", "Treatment of tax", Split.PROPORTIONAL)


@pytest.mark.parametrize(
    ("idle", "team", "left_out"),
    [("owner", None, False), ("spread", None, True), ("{team: platform}", "platform", False)],
)
def test_who_pays_for_idle_is_said_to_every_split_by_driver(idle: str, team: str | None, left_out: bool) -> None:
    by = parse_policy(GROWN_UP.replace("idle: {team: platform}", f"idle: {idle}")).pools[2].by
    assert by == DriverSplit("gpu_hours", Split.EVEN, idle_team=team, leave_out_idle=left_out)


def test_what_a_statement_needs_is_read() -> None:
    policy = parse_policy(GROWN_UP)
    assert policy.commitment_benefit == CommitmentBenefit(frozenset({"Compute"}))
    assert policy.markup == Markup(Decimal("2.5"), "platform", {"search": Decimal(0)})
    assert policy.reporting == Reporting("EUR", FxMethod.MONTH_END)
    assert policy.close == CloseLimits(Decimal(1))
    assert policy.cost_centers == (CostCenter("CC-1", "One", "6310"), CostCenter("CC-2", "CC-2"))
    assert policy.gl_accounts == {"6310", "6390"}
    assert policy.accounts == JournalAccounts(expense="6390")
    assert policy.teams[0].gl_account == "6310"


def test_the_words_for_the_benefit_of_commitments() -> None:
    assert parse_policy("name: x\ncommitment_benefit: as_billed").commitment_benefit is None
    assert parse_policy("name: x\ncommitment_benefit: pooled").commitment_benefit == CommitmentBenefit()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cost_centers: [{id: A}, {id: A}]", "cost center `A` is already declared on line 2; keep one"),
        (
            "cost_centers: [{id: A}]\nteams: [{id: a, cost_center: B}]",
            "there is no cost center `B` under `cost_centers`; use one of: A",
        ),
        (
            "gl_accounts: [6310]\nteams: [{id: a, gl_account: 6311}]",
            "there is no GL account `6311` under `gl_accounts`; did you mean `6310`?",
        ),
        (
            "gl_accounts: [6310]\naccounts: {payable: 2000}",
            "there is no GL account `2000` under `gl_accounts`; use one of: 6310",
        ),
        (
            "gl_accounts: [1]\ncost_centers: [{id: A, gl_account: 2}]",
            "there is no GL account `2` under `gl_accounts`; use one of: 1",
        ),
        ("accounts: {payables: 1}", "`accounts` cannot have `payables`; did you mean `payable`?"),
        ("between_pools: up", "`between_pools` must be direct or step_down or reciprocal, not `up`"),
        (
            "treatments: {tax: somewhere}",
            "the treatment of tax must be owner, spread, {team: ID} or {pool: ID}, not `somewhere`",
        ),
        ("treatments: {tax: {team: t}}", "there is no team `t` under `teams`"),
        ("treatments: {tax: {}}", "the treatment of tax has one of team and pool; this one has none"),
        ("treatments: {taxes: owner}", "`treatments` cannot have `taxes`; did you mean `tax`?"),
        (
            "pools: [{id: p, split: even}]\ntreatments: {idle: {pool: p}}",
            "what is idle in a pool stays in it and cannot go to a pool; write owner, spread or {team: ID}",
        ),
        (
            "commitment_benefit: shared",
            "`commitment_benefit` must be as_billed, pooled or {pooled: [service, …]}, not `shared`",
        ),
        (
            "commitment_benefit: {pooled: []}",
            "`pooled` of `commitment_benefit` is an empty list; write at least one item",
        ),
        ("markup: {percent: 3}", "`markup` needs `to`"),
        (
            "teams: [{id: a}]\nmarkup: {percent: -3, to: a}",
            "`percent` of `markup` must be a number of percent such as 3 or 0.5, not `-3`",
        ),
        (
            "teams: [{id: a}]\nmarkup: {percent: 3, to: a, percents: {b: 1}}",
            "there is no team `b` under `teams`; use one of: a",
        ),
        (
            "close: {unallocated_percent: some}",
            "`unallocated_percent` of `close` must be a number of percent such as 3 or 0.5, not `some`",
        ),
        ("reporting: {rate: month_end}", "`reporting` needs `currency`"),
        ("reporting: {currency: euro}", "`euro` is no currency; write its ISO 4217 code, such as EUR"),
        (
            "reporting: {currency: EUR, rate: daily}",
            "the rate of `reporting` must be monthly_average or month_end, not `daily`",
        ),
        (
            "teams: [{id: 'pool:a'}]",
            "the id of team `pool:a` cannot start with `pool:`, which stands for a pool; rename it",
        ),
        (
            "pools: [{id: 'treatment:tax', split: even}]",
            "the id of pool `treatment:tax` cannot start with `treatment:`; rename it",
        ),
        ("pools: [{id: p, split: even, among: [pool:q]}]", "there is no pool `q` under `pools`; use one of: p"),
        (
            "pools: [{id: q, split: even}, {id: p, split: even, among: [pool:q]}]",
            (
                "pool `q` pays nothing while `between_pools` is direct; write between_pools: step_down or"
                " between_pools: reciprocal, or name teams only"
            ),
        ),
        (
            "between_pools: step_down\npools: [{id: p, split: even, among: [pool:p]}]",
            "pool `p` cannot pay for itself; remove `pool:p`",
        ),
        (
            (
                "between_pools: reciprocal\n"
                "pools: [{id: p, split: even, among: [pool:q]}, {id: q, split: even, among: [pool:p]}]"
            ),
            "the cost of `p`, `q` never reaches a team: they only name each other; name a team in one of them",
        ),
        (
            (
                "between_pools: reciprocal\n"
                "pools: [{id: q, split: even}, {id: p, split: {driver: d, fallback: even}, among: [pool:q]}]"
            ),
            "pool `p` is split by a driver, which only teams have; name no pool in `among`",
        ),
    ],
)
def test_a_broken_part_of_a_grown_up_policy_is_refused(line: str, expected: str) -> None:
    last = 2 + line.count("\n")
    assert problems(f"name: x\n{line}") == [f"line {last}: {expected}"]


def test_a_character_that_json_writes_in_two_halves_is_one_and_half_a_one_is_refused() -> None:
    assert parse_policy('{"name": "Rocket \\ud83d\\ude80"}').name == "Rocket \N{ROCKET}"
    with pytest.raises(PolicyError, match="half a character"):
        parse_policy('{"name": "Rocket \\ud83d"}')
