"""A bill beside an estimate: services match by their plain names, and every amount is in one line."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cross_check import (
    CheckedService,
    Match,
    ServiceCost,
    checked_services,
    checked_totals,
    plain_service,
    unmatched,
)
from app.domain.money import total


def says(service: str | None, billed: str | None, *, account: str | None = "1", currency: str = "USD") -> ServiceCost:
    cost = None if billed is None else Decimal(billed)
    return ServiceCost(service, account, currency, cost, cost)


def words(line: CheckedService) -> tuple[str, tuple[str, ...], tuple[str, ...], str]:
    return (line.match.value, line.bill_services, line.estimate_services, str(line.billed_cost.difference))


@pytest.mark.parametrize(
    ("bill", "estimate"),
    [
        ("Amazon Simple Storage Service", "Amazon Simple Storage Service"),
        ("Amazon CloudWatch", "AmazonCloudWatch"),
        ("Amazon Elastic Compute Cloud", "Amazon Elastic Compute Cloud - Compute"),
        ("Amazon Elastic Compute Cloud", "EC2 - Other"),
        ("Claude 3 Haiku", "Claude 3 Haiku (Amazon Bedrock Edition)"),
        ("AWS Key Management Service", "Key Management Service"),
    ],
)
def test_two_spellings_of_a_service_are_one(bill: str, estimate: str) -> None:
    assert plain_service(bill) == plain_service(estimate)


def test_two_services_are_two() -> None:
    assert plain_service("Amazon Elastic Compute Cloud") != plain_service("Amazon Elastic Container Service")


def test_what_matches_nothing_is_a_line_of_its_own() -> None:
    bill = [says("Amazon Elastic Compute Cloud", "10"), says("AWS Support", "3")]
    estimate = [says("Amazon Elastic Compute Cloud - Compute", "6"), says("EC2 - Other", "3.5"), says("AWS Glue", "1")]
    lines = checked_services(bill, estimate)
    assert [words(line) for line in lines] == [
        ("only_bill", ("AWS Support",), (), "3"),
        ("only_estimate", (), ("AWS Glue",), "-1"),
        (
            "both",
            ("Amazon Elastic Compute Cloud",),
            ("Amazon Elastic Compute Cloud - Compute", "EC2 - Other"),
            "0.5",
        ),
    ]
    assert lines[2].billed_cost.percent == 5
    assert unmatched(lines, Match.ONLY_BILL) == ("AWS Support",)
    assert unmatched(lines, Match.ONLY_ESTIMATE) == ("AWS Glue",)


def test_a_service_that_matches_in_another_account_is_known_by_name() -> None:
    lines = checked_services([says("S3", "1"), says("S3", "1", account="2")], [says("S3", "1")])
    assert {line.match for line in lines} == {Match.BOTH, Match.ONLY_BILL}
    assert unmatched(lines, Match.ONLY_BILL) == ()


def test_a_cost_that_no_row_has_is_not_taken_for_zero() -> None:
    (line,) = checked_services([says("S3", "2")], [says("S3", None)])
    assert line.billed_cost.estimate is None
    assert line.billed_cost.bill == line.billed_cost.difference == 2


amounts = st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**9), max_value=10**9)
costs = st.lists(
    st.builds(
        ServiceCost,
        st.sampled_from([None, "Amazon S3", "AmazonS3", "EC2 - Other", "Tax"]),
        st.sampled_from([None, "1", "2"]),
        st.sampled_from(["USD", "EUR"]),
        amounts | st.none(),
        amounts | st.none(),
    ),
    max_size=12,
)


@given(bill=costs, estimate=costs)
def test_every_amount_is_in_exactly_one_line(bill: list[ServiceCost], estimate: list[ServiceCost]) -> None:
    totals = checked_totals(checked_services(bill, estimate))
    for each in totals:
        for said, of in ((bill, each.billed_cost.bill), (estimate, each.billed_cost.estimate)):
            mine = [c.billed_cost for c in said if c.billing_currency == each.billing_currency]
            assert (of or 0) == total(cost for cost in mine if cost is not None)
        assert each.effective_cost.difference == (each.effective_cost.bill or 0) - (each.effective_cost.estimate or 0)
    assert {each.billing_currency for each in totals} == {c.billing_currency for c in (*bill, *estimate)}
