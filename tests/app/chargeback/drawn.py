"""Bills and drivers that are drawn at random, small enough to read when a law breaks; `drawn_policies` has policies."""

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from tests.app.chargeback.reference_policy import Charge
from tests.app.chargeback.reference_pools import Quantity

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
DAYS = [date(2026, 1, 31), date(2026, 2, 28), MARCH, date(2026, 3, 14), date(2026, 3, 15), date(2026, 3, 31)]
TEAMS = ("alpha", "beta", "gamma", "delta")
ACCOUNTS = ("1", "2", "3", "4", "5", "6")
SERVICES = ("EC2", "S3", "Premium Support")
OFTEN = ("EC2", "EC2", *SERVICES)
NAMESPACES = ("train", "serve", "__idle__")

amounts = (
    st.integers(-2_000, 3_000).map(lambda number: Decimal(number).scaleb(-3))  # many ties between remainders
    | st.integers(-20, 200).map(Decimal)
    | st.integers(-(10**27), 10**28).map(lambda number: Decimal(number).scaleb(-24))
)
costs = st.none() | amounts
kinds: st.SearchStrategy[dict[str, str]] = st.sampled_from(
    (
        {},
        {},
        {},
        {"pricing_category": "Committed", "commitment_discount_status": "Used", "commitment_discount_id": "ri"},
        {"pricing_category": "Committed", "commitment_discount_status": "Used", "commitment_discount_id": "ri"},
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
units: st.SearchStrategy[dict[str, str]] = st.sampled_from(
    ({}, {"consumed_unit": "Hours"}, {"pricing_unit": "GB"}, {"consumed_unit": "Hours", "pricing_unit": "GB"})
)


@st.composite
def charges(draw: st.DrawFn, period: date = MARCH) -> Charge:
    """A row of a bill. One without a unit has no quantity of it."""
    unit = draw(units)
    optional = {
        "invoice_issuer_name": ("AWS", "Reseller", None),
        "invoice_id": ("I1", "I2", None),
        "sub_account_id": (*ACCOUNTS, None),
    }
    said = {name: draw(st.sampled_from(values)) for name, values in optional.items()}
    columns = {
        "billing_currency": draw(st.sampled_from(("USD", "USD", "USD", "USD", "JPY", "KWD"))),
        "charge_category": "Usage",
        "pricing_category": "Standard",
        "service_name": draw(st.sampled_from(OFTEN)),
        "service_provider_name": draw(st.sampled_from(("AWS", "AWS", "AWS", "GCP"))),
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


def usage(period: date = MARCH) -> st.SearchStrategy[Charge]:
    """Usage of one service that several teams have, some of it covered by a commitment."""
    used = {
        "billing_currency": "USD",
        "charge_category": "Usage",
        "service_provider_name": "AWS",
        "service_name": "EC2",
    }
    prices = st.sampled_from(("Standard", "Committed", "Dynamic", "Other", None))
    return st.builds(
        lambda account, price, effective, contracted: Charge(
            period=period,
            day=period,
            columns={**used, "sub_account_id": account, **({"pricing_category": price} if price else {})},
            costs={"effective_cost": effective, "billed_cost": effective, "contracted_cost": contracted},
        ),
        st.sampled_from(ACCOUNTS[:3]),
        prices,
        amounts,
        amounts.map(abs),
    )


quantities = st.builds(
    Quantity,
    day=st.just(MARCH),
    driver=st.sampled_from(("gpu_hours", "spend")),
    unit=st.sampled_from(("GPU-hours",) * 5 + ("USD",)),
    quantity=st.integers(0, 10**9).map(lambda number: Decimal(number).scaleb(-6)),
    dimensions=st.fixed_dictionaries(
        {"team": st.sampled_from((*TEAMS, "nobody")), "namespace": st.sampled_from(NAMESPACES)},
        optional={"state": st.sampled_from(("busy", "idle"))},
    )
    | st.just({}),
    provider=st.none() | st.just("OpenAI"),
)
