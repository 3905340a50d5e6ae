"""Policies that are drawn at random: trees of teams, pools that may pay for pools, rules, treatments."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.app.chargeback.drawn import ACCOUNTS, NAMESPACES, SERVICES, TEAMS
from tests.app.chargeback.reference_policy import Node

VALIDITIES: tuple[dict[str, str], ...] = (
    {},
    {},
    {},
    {"valid_from": "2026-03-15"},
    {"valid_to": "2026-03-15"},
    {"valid_to": "2026-03-01"},
    {"valid_from": "2026-02-10", "valid_to": "2026-03-31"},
    {"valid_from": "2026-04-01"},
)
# A re-organisation: the same team again, below another.
HALVES = ({"valid_to": "2026-03-15"}, {"valid_from": "2026-03-15"})

fields = st.sampled_from(
    (
        ({"column": "sub_account_id"}, ACCOUNTS),
        ({"column": "SubAccountId"}, ACCOUNTS),
        ({"column": "service_name"}, SERVICES),
        ({"column": "provider_name"}, ("AWS", "GCP")),
        ({"column": "charge_category"}, ("Usage", "Tax", "Credit")),
        ({"column": "x_Class"}, ("data", "other")),
        ({"tag": "team"}, ("alpha", "beta", "nobody")),
        ({"tag": "env"}, ("prod", "test")),
    )
)


@st.composite
def column_tests(draw: st.DrawFn) -> Node:
    """A test of one column or tag."""
    field, values = draw(fields)
    value = draw(st.sampled_from(values))
    form: Node = draw(
        st.sampled_from(
            (
                {"equals": value},
                {"in": sorted({value, values[0]})},
                {"glob": f"{value[:1]}*"},
                {"regex": f"{value[-1:]}$"},
                {"present": True},
                {"present": False},
            )
        )
    )
    return field | form


conditions = st.recursive(
    column_tests(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"all": some}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"any": some}),
        inner.map(lambda one: {"not": one}),
    ),
    max_leaves=4,
)


@st.composite
def team_trees(draw: st.DrawFn) -> list[Node]:
    """Teams below one another; some end, begin or move to another parent in the middle of March."""
    found: list[Node] = []
    for number, team in enumerate(TEAMS):
        above = st.sampled_from((None, *TEAMS[:number]))
        for validity in draw(st.sampled_from(([draw(st.sampled_from(VALIDITIES))], HALVES))):
            parent = draw(above)
            found.append({"id": team, **({"parent": parent} if parent else {}), **validity})
    return found


some_teams = st.lists(st.sampled_from(TEAMS), min_size=1, max_size=3, unique=True)
weights = st.sampled_from(("1", "2", "3.5", "0.000001", "7000000"))


@st.composite
def pools_and(draw: st.DrawFn) -> tuple[list[Node], str]:
    """Pools, and whether they pay for one another."""
    between = draw(st.sampled_from(("direct", "direct", "step_down", "reciprocal")))
    ids = ("p1", "p2", "p3")
    pools = []
    for pool in ids:
        others = [f"pool:{each}" for each in ids if each != pool]
        paying = [] if between == "direct" else draw(st.lists(st.sampled_from(others), unique=True))
        kind = draw(st.sampled_from(("even", "proportional", "fixed", "driver", "driver", "driver", "all")))
        among = [*draw(some_teams), *paying]
        if kind == "driver":
            pools.append({"id": pool, **draw(driver_splits())})
        elif kind == "all":
            pools.append({"id": pool, "split": draw(st.sampled_from(("even", "proportional")))})
        elif kind == "fixed":
            pools.append({"id": pool, "split": "fixed", "weights": {payer: draw(weights) for payer in among}})
        else:
            pools.append({"id": pool, "split": kind, "among": among})
    return pools, between


@st.composite
def driver_splits(draw: st.DrawFn) -> Node:
    split: Node = {
        "driver": draw(st.sampled_from(("gpu_hours", "spend"))),
        "fallback": draw(st.sampled_from(("even", "proportional"))),
    }
    form = draw(st.sampled_from(("ids", "among", "mapped")))
    filtered = draw(
        st.sampled_from((None, None, None, {"unit": "USD"}, {"service_provider_name": "OpenAI"}, {"source": "aws"}))
    )
    if filtered:
        split["filter"] = filtered
    if form == "mapped":
        split |= {"dimension": "namespace", "teams": {name: draw(st.sampled_from(TEAMS)) for name in NAMESPACES[:2]}}
    return {"split": split, **({"among": draw(some_teams)} if form == "among" else {})}


targets = st.one_of(
    st.sampled_from(TEAMS).map(lambda team: {"team": team}),
    st.sampled_from(("p1", "p2", "p3")).map(lambda pool: {"pool": pool}),
    st.just({"team_from_tag": "team"}),
    st.just({"unallocated": True}),
)
treatments = st.sampled_from(
    ("owner", "owner", "spread", {"team": "alpha"}, {"team": "delta"}, {"pool": "p1"}),
)


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """A policy document, as what JSON would be of it."""
    pools, between = draw(pools_and())
    rules = [
        {
            "name": f"rule {number}",
            **({} if draw(st.integers(0, 9)) == 0 else {"when": draw(conditions)}),
            **draw(targets),
            **draw(st.sampled_from(VALIDITIES)),
        }
        for number in range(draw(st.integers(0, 3)))
    ]
    policy: dict[str, Any] = {
        "name": "drawn",
        "statement_metric": draw(st.sampled_from(("effective_cost", "effective_cost", "billed_cost"))),
        "teams": draw(team_trees()),
        "between_pools": between,
        "pools": pools,
        # Every account has an owner in the end, so that all kinds of them have something to pay.
        "rules": [*rules, *by_account(draw)],
    }
    treated = {
        key: draw(treatments)
        for key in ("unused_commitment", "credits", "refunds", "tax", "support")
        if draw(st.booleans())
    }
    if draw(st.integers(0, 3)):
        treated["idle"] = draw(st.sampled_from(("owner", "spread", {"team": "alpha"}, {"team": "gamma"})))
    if treated:
        policy["treatments"] = treated
    policy |= draw(
        st.sampled_from(
            (
                {},
                {"commitment_benefit": "pooled"},
                {"commitment_benefit": "pooled"},
                {"commitment_benefit": {"pooled": ["EC2", "S3"]}},
            )
        )
    )
    policy |= draw(st.sampled_from(({}, {}, {"markup": {"percent": "3.5", "to": "alpha", "percents": {"beta": "0"}}})))
    return policy


def by_account(draw: st.DrawFn) -> list[Node]:
    chosen: list[Node] = [{"team": team} for team in draw(st.permutations(TEAMS))[:3]]
    chosen += [{"pool": pool} for pool in draw(st.permutations(("p1", "p2", "p3")))]
    return [
        {"name": f"account {account}", "when": {"column": "sub_account_id", "equals": account}, **target}
        for account, target in zip(ACCOUNTS, chosen, strict=True)
    ]


def written(policy: dict[str, Any]) -> str:
    """The document: JSON is YAML."""
    return json.dumps(policy)
