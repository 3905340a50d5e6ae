"""Bills, drivers and policies that are drawn at random, small enough to read when a law breaks."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.app.chargeback.reference_policy import Charge, Node
from tests.app.chargeback.reference_pools import Quantity

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
DAYS = [date(2026, 1, 31), date(2026, 2, 28), MARCH, date(2026, 3, 14), date(2026, 3, 15), date(2026, 3, 31)]
TEAMS = ("alpha", "beta", "gamma", "delta")
ACCOUNTS = ("1", "2", "3", "4", "5", "6")
SERVICES = ("EC2", "S3", "Premium Support")
NAMESPACES = ("train", "serve", "__idle__")
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

amounts = (
    st.integers(-2_000, 3_000).map(lambda number: Decimal(number).scaleb(-3))  # many ties between remainders
    | st.integers(-20, 200).map(Decimal)
    | st.integers(-(10**27), 10**28).map(lambda number: Decimal(number).scaleb(-24))
)
costs = st.none() | amounts
kinds = st.sampled_from(
    (
        {},
        {},
        {},
        {"pricing_category": "Committed", "commitment_discount_status": "Used", "commitment_discount_id": "ri"},
        {"pricing_category": "Committed", "commitment_discount_status": "Unused", "commitment_discount_id": "ri"},
        {"charge_category": "Tax"},
        {"charge_category": "Credit"},
        {"charge_class": "Correction"},
        {"charge_category": "Adjustment"},
        {"charge_category": "Purchase", "commitment_discount_id": "ri"},
        {"charge_category": "Tax", "charge_class": "Correction"},
        {"service_subcategory": "Support"},
    )
)
units = st.sampled_from(
    ({}, {"consumed_unit": "Hours"}, {"pricing_unit": "GB"}, {"consumed_unit": "Hours", "pricing_unit": "GB"})
)


@st.composite
def charges(draw: st.DrawFn, period: date = MARCH) -> Charge:
    """A row of a bill. One without a unit has no quantity of it."""
    unit = draw(units)
    optional = {"invoice_issuer_name": ("AWS", "Reseller"), "invoice_id": ("I1", "I2"), "sub_account_id": ACCOUNTS}
    said = {name: draw(st.none() | st.sampled_from(values)) for name, values in optional.items()}
    columns = {
        "billing_currency": draw(st.sampled_from(("USD", "USD", "JPY", "KWD"))),
        "charge_category": "Usage",
        "pricing_category": "Standard",
        "service_name": draw(st.sampled_from(SERVICES)),
        "service_provider_name": draw(st.sampled_from(("AWS", "GCP"))),
        **{name: value for name, value in said.items() if value is not None},
        **unit,
        **draw(kinds),
    }
    if columns["charge_category"] != "Usage":
        del columns["pricing_category"]
    return Charge(
        period=period,
        day=draw(st.sampled_from(DAYS)),
        columns=columns,
        costs={name: draw(costs) for name in ("effective_cost", "billed_cost", "contracted_cost")},
        tags=draw(st.sampled_from(({}, {}, {"team": "alpha"}, {"team": "beta"}, {"team": "nobody"}, {"env": "prod"}))),
        extras=draw(st.sampled_from(({}, {"x_Class": "data"}))),
        consumed_quantity=draw(costs) if "consumed_unit" in unit else None,
        pricing_quantity=draw(costs) if "pricing_unit" in unit else None,
    )


quantities = st.builds(
    Quantity,
    day=st.just(MARCH),
    driver=st.sampled_from(("gpu_hours", "spend")),
    unit=st.sampled_from(("GPU-hours", "GPU-hours", "USD")),
    quantity=st.integers(0, 10**9).map(lambda number: Decimal(number).scaleb(-6)),
    dimensions=st.fixed_dictionaries(
        {},
        optional={
            "team": st.sampled_from((*TEAMS, "nobody")),
            "namespace": st.sampled_from(NAMESPACES),
            "state": st.sampled_from(("busy", "idle")),
        },
    ),
    provider=st.none() | st.just("OpenAI"),
)

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
def tests(draw: st.DrawFn) -> Node:
    """A test of one column or tag."""
    field, values = draw(fields)
    value = draw(st.sampled_from(values))
    form = draw(
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
    return {**field, **form}


conditions = st.recursive(
    tests(),
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
        kind = draw(st.sampled_from(("even", "proportional", "fixed", "driver", "all")))
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
    filtered = draw(st.sampled_from((None, {"unit": "USD"}, {"service_provider_name": "OpenAI"}, {"source": "aws"})))
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
        for number in range(draw(st.integers(0, 5)))
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
        key: draw(treatments) for key in ("unused_commitment", "credits", "refunds", "tax", "support") if draw(st.booleans())
    }
    if draw(st.booleans()):
        treated["idle"] = draw(st.sampled_from(("owner", "spread", {"team": "alpha"}, {"team": "gamma"})))
    if treated:
        policy["treatments"] = treated
    policy |= draw(st.sampled_from(({}, {}, {"commitment_benefit": "pooled"}, {"commitment_benefit": {"pooled": ["S3"]}})))
    policy |= draw(st.sampled_from(({}, {}, {"markup": {"percent": "3.5", "to": "alpha", "percents": {"beta": "0"}}})))
    return policy


def by_account(draw: st.DrawFn) -> list[Node]:
    owners: list[Node] = [{"team": team} for team in TEAMS[:3]] + [{"pool": pool} for pool in ("p1", "p2", "p3")]
    chosen = draw(st.permutations(owners))
    return [
        {"name": f"account {account}", "when": {"column": "sub_account_id", "equals": account}, **target}
        for account, target in zip(ACCOUNTS, chosen, strict=True)
    ]


def written(policy: dict[str, Any]) -> str:
    """The document: JSON is YAML."""
    return json.dumps(policy)
