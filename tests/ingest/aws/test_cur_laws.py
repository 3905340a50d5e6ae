"""What goes into a Cost and Usage Report comes out, whatever its line items, by sums over AWS' own columns."""

import itertools
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.ingest.aws.curs import Cur, Item, item, plan, pod, read, reservation, write

pytestmark = pytest.mark.slow

FORMATS = (("cur.parquet", False), ("cur.csv", False), ("cur.csv.gz", False), ("cur.csv", True))
USUAL = (
    "Usage",
    "Fee",
    "Tax",
    "Credit",
    "Refund",
    "BundledDiscount",
    "Discount",
    "EdpDiscount",
    "PrivateRateDiscount",
    "SppDiscount",
    "FlatRateSubscription",
    "NeverSeenBefore",
)
# Fifteen digits are what a double holds of any decimal.
amounts = st.decimals("-99999", "99999", places=10).map(lambda amount: format(amount, "f"))
_RETURNED: Item = {
    "line_item_product_code": "ComputeSavingsPlans",
    "line_item_line_item_description": "Refund for one-time fee for Savings Plan ID: sp-1",
}


def decimal(cell: str | None) -> Decimal:
    return Decimal(cell) if cell is not None else Decimal(0)


def first(line_item: Item, net: str, gross: str) -> Decimal:
    return decimal(line_item[net] if line_item.get(net) is not None else line_item.get(gross))


def billed(line_item: Item) -> Decimal:
    return first(line_item, "line_item_net_unblended_cost", "line_item_unblended_cost")


def unused(line_item: Item) -> Decimal:
    if line_item["line_item_line_item_type"] == "SavingsPlanRecurringFee":
        total = decimal(line_item["savings_plan_total_commitment_to_date"])
        return total - decimal(line_item["savings_plan_used_commitment"])
    if line_item["line_item_line_item_type"] == "RIFee":
        upfront = "unused_amortized_upfront_fee_for_billing_period"
        return first(line_item, f"reservation_net_{upfront}", f"reservation_{upfront}") + first(
            line_item, "reservation_net_unused_recurring_fee", "reservation_unused_recurring_fee"
        )
    return Decimal(0)


def used(line_item: Item) -> Decimal:
    if line_item["line_item_line_item_type"] == "SavingsPlanCoveredUsage":
        return first(
            line_item, "savings_plan_net_savings_plan_effective_cost", "savings_plan_savings_plan_effective_cost"
        )
    if line_item["line_item_line_item_type"] == "DiscountedUsage":
        return first(line_item, "reservation_net_effective_cost", "reservation_effective_cost")
    return Decimal(0)


def commitment_fees(line_item: Item) -> Decimal:
    """What was paid for commitments, which usage makes effective only in time."""
    kind = line_item["line_item_line_item_type"]
    if (
        kind in {"SavingsPlanRecurringFee", "SavingsPlanUpfrontFee", "RIFee"}
        or (kind == "Fee" and line_item.get("reservation_reservation_a_r_n"))
        or (kind == "Refund" and line_item["line_item_line_item_description"].startswith("Refund for one-time"))
    ):
        return billed(line_item)
    return Decimal(0)


@st.composite
def line_items(draw: st.DrawFn) -> list[Item]:  # noqa: C901  (a case for each type)
    """Of any types; amounts of either sign; net columns there, empty, or not."""
    with_net = draw(st.booleans())
    found: list[Item] = []

    def net(**columns: str) -> dict[str, Any]:
        return {name: draw(st.none() | amounts) for name in columns} if with_net else {}

    for number in range(draw(st.integers(1, 8))):
        cost = draw(amounts)
        common: dict[str, Any] = {"hour": number, **net(line_item_net_unblended_cost=cost)}
        match draw(st.sampled_from(("usual", "plan", "plan fee", "upfront", "reserved", "RIFee", "RI", "returned"))):
            case "usual":
                found.append(item(draw(st.sampled_from(USUAL)), cost, **common))
            case "plan":
                effective = {"savings_plan_savings_plan_effective_cost": draw(amounts)}
                effective |= net(savings_plan_net_savings_plan_effective_cost="")
                found.append(plan("SavingsPlanCoveredUsage", cost, **common, **effective))
                negation = format(-Decimal(cost), "f") if draw(st.integers(0, 4)) else draw(amounts)
                mine = common["line_item_net_unblended_cost"] if with_net else None
                negated = {"line_item_net_unblended_cost": mine and format(-Decimal(mine), "f")} if with_net else {}
                found.append(plan("SavingsPlanNegation", negation, **{**common, **negated}))
            case "plan fee":
                fee = {"savings_plan_total_commitment_to_date": draw(amounts)}
                fee["savings_plan_used_commitment"] = draw(amounts)
                found.append(plan("SavingsPlanRecurringFee", cost, **common, **fee))
            case "upfront":
                found.append(plan("SavingsPlanUpfrontFee", cost, **common))
            case "reserved":
                effective = {"reservation_effective_cost": draw(amounts), **net(reservation_net_effective_cost="")}
                found.append(reservation("DiscountedUsage", "0", **{**common, **effective}))
                if with_net:
                    found[-1]["line_item_net_unblended_cost"] = None
            case "RIFee":
                upfront = "unused_amortized_upfront_fee_for_billing_period"
                fee = {f"reservation_{upfront}": draw(amounts), "reservation_unused_recurring_fee": draw(amounts)}
                fee |= net(**{f"reservation_net_{upfront}": "", "reservation_net_unused_recurring_fee": ""})
                found.append(reservation("RIFee", cost, **common, **fee))
            case "RI":
                found.append(reservation("Fee", cost, **common))
            case "returned":
                found.append(item("Refund", cost, **common, **_RETURNED))
    return found


def opened(found: list[Item], name: str, *, legacy: bool) -> Cur:
    with tempfile.TemporaryDirectory() as folder:
        return read(write(Path(folder) / name, found, legacy=legacy))


once = settings(
    max_examples=examples(5),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@once
@given(form=st.sampled_from(FORMATS), found=line_items())
def test_every_cent_billed_and_amortised_is_accounted_for(form: tuple[str, bool], found: list[Item]) -> None:
    name, legacy = form
    cur = opened(found, name, legacy=legacy)
    assert not [line for line in cur.lines if line["problem"]]
    invoice = sum(map(billed, found))
    assert cur.total("billed_cost") == invoice

    differences = cur.costs(charge_category="Adjustment")
    folded = sum(
        billed(each)
        for each in found
        if each["line_item_line_item_type"] in {"SavingsPlanCoveredUsage", "SavingsPlanNegation"}
    )
    assert sum(amount for amount, _ in differences) == folded
    assert bool(differences) == bool(folded) == ("negation-cancels" in cur.notes)

    assert sum(cost for _, cost in cur.costs(commitment_discount_status="Used")) == sum(map(used, found))
    assert sum(cost for _, cost in cur.costs(commitment_discount_status="Unused")) == sum(map(unused, found))
    amortised = sum(used(each) + unused(each) for each in found)
    assert cur.total("effective_cost") + sum(map(commitment_fees, found)) - amortised == invoice


@pytest.mark.parametrize(("name", "legacy"), FORMATS)
def test_every_type_with_either_sign_at_once(name: str, legacy: bool) -> None:
    found: list[Item] = []
    for sign, with_net in itertools.product(("", "-"), (False, True)):
        extra: dict[str, Any] = {"line_item_net_unblended_cost": f"{sign}2.7" if with_net else None}
        upfront = "unused_amortized_upfront_fee_for_billing_period"
        fee = {f"reservation_{upfront}": f"{sign}0.25", "reservation_unused_recurring_fee": f"{sign}0.125"}
        plan_fee = {"savings_plan_total_commitment_to_date": f"{sign}3", "savings_plan_used_commitment": f"{sign}1.1"}
        covered = {"savings_plan_savings_plan_effective_cost": f"{sign}2.1"}
        found += [
            *(item(kind, f"{sign}3", **extra) for kind in USUAL),
            item("Refund", f"{sign}3", **extra, **_RETURNED),
            plan("SavingsPlanCoveredUsage", f"{sign}3", **extra, **covered),
            plan("SavingsPlanNegation", f"{sign}3", **extra),
            plan("SavingsPlanRecurringFee", f"{sign}3", **extra, **plan_fee),
            plan("SavingsPlanUpfrontFee", f"{sign}3", **extra),
            reservation("DiscountedUsage", reservation_effective_cost=f"{sign}1.5"),
            reservation("RIFee", f"{sign}3", **extra, **fee),
            reservation("Fee", f"{sign}3", **extra),
        ]
    cur = opened(found, name, legacy=legacy)
    assert cur.total("billed_cost") == sum(map(billed, found))
    amortised = sum(used(each) + unused(each) for each in found)
    fees = sum(map(commitment_fees, found))
    assert cur.total("effective_cost") + fees - amortised == cur.total("billed_cost")


@once
@given(
    parents=st.lists(st.tuples(st.sampled_from(("Usage", "SavingsPlanCoveredUsage")), amounts, amounts), max_size=4),
    pods=st.lists(st.tuples(st.integers(0, 4), amounts, st.none() | amounts), max_size=8),
    name=st.sampled_from(("cur.parquet", "cur.csv")),
)
def test_pods_and_what_they_leave_are_their_instances(
    parents: list[tuple[str, str, str]], pods: list[tuple[int, str, str | None]], name: str
) -> None:
    found = [
        (item if kind == "Usage" else plan)(
            kind, cost, line_item_resource_id=f"i-{number}", savings_plan_savings_plan_effective_cost=effective
        )
        for number, (kind, cost, effective) in enumerate(parents)
    ]
    splits = [pod(f"i-{parent}", cost, unused_cost) for parent, cost, unused_cost in pods]
    tax = item("Tax", "1", line_item_resource_id=None)
    cur = opened([*found, *splits, tax], name, legacy=False)
    assert cur.total("billed_cost") == sum(map(billed, found)) + 1
    for number, each in enumerate(found):
        whole = used(each) if each["line_item_line_item_type"] != "Usage" else billed(each)
        assert sum(cost for _, cost in cur.costs(resource_id=f"i-{number}")) == whole
    orphans = sum(parent >= len(parents) for parent, _, _ in pods)
    note = cur.notes.get("split-without-parent")
    assert (note.rows if note else 0) == orphans
    shared = sum(decimal(cost) + decimal(rest) for parent, cost, rest in pods if parent < len(parents))
    assert sum(line["effective_cost"] for line in cur.lines if line["allocated_method_id"]) == shared
