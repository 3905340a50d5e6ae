"""The benefit of commitments, pooled."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.commitment_benefit import benefit_lines
from app.domain.money import total
from app.domain.policy import CommitmentBenefit
from app.domain.statement import CostType, OwnedCost
from tests.app.domain.statements import a_cost, costs

ANY_SERVICE = CommitmentBenefit()


def usage(team: str | None, amount: str, contracted: str, category: str = "Standard", **fields: Any) -> OwnedCost:
    return a_cost(amount, team, pricing_category=category, contracted_cost=Decimal(contracted), **fields)


def moved(*found: OwnedCost, benefit: CommitmentBenefit = ANY_SERVICE) -> dict[str | None, Decimal]:
    return {line.key.team_id: line.exact_amount for line in benefit_lines(found, benefit)}


def test_a_team_without_the_commitment_pays_the_same_price_as_one_with_it() -> None:
    # 60 for usage that is worth 100 and 50 without a commitment: 110 of 150, so each pays 11/15 of its contracted cost.
    covered, uncovered = usage("search", "60", "100", "Committed"), usage("speech", "50", "50")
    third = Decimal("73.33333333337") - Decimal(60)
    assert moved(covered, uncovered) == {"search": third, "speech": -third}


def test_nothing_moves_where_no_usage_is_covered() -> None:
    assert moved(usage("search", "90", "100"), usage("speech", "50", "50")) == {}


def test_named_services_alone_are_pooled() -> None:
    covered = usage("search", "60", "100", "Committed"), usage("speech", "50", "50")
    assert moved(*covered, benefit=CommitmentBenefit(frozenset({"S3"}))) == {}
    assert moved(*covered, benefit=CommitmentBenefit(frozenset({"EC2"}))) == moved(*covered)


def test_spot_prices_credits_and_what_no_team_owns_are_left_alone() -> None:
    covered = usage("search", "60", "100", "Committed")
    others = [
        usage("speech", "10", "100", "Dynamic"),
        usage("speech", "-5", "-5", cost_type=CostType.CREDIT),
        usage(None, "50", "50"),
        usage(None, "50", "50", pool_id="platform"),
    ]
    assert moved(covered, *others) == {}


def test_without_a_positive_contracted_cost_there_is_nothing_to_go_by() -> None:
    assert moved(usage("search", "60", "0", "Committed"), usage("speech", "50", "-1")) == {}


@settings(max_examples=40, deadline=None)
@given(st.lists(costs(), max_size=12))
def test_what_moves_in_a_service_adds_up_to_nothing(found: list[OwnedCost]) -> None:
    lines = list(benefit_lines(found, ANY_SERVICE))
    for service in {(line.key.billing_currency, line.key.service_name) for line in lines}:
        of_service = [line for line in lines if (line.key.billing_currency, line.key.service_name) == service]
        assert total(line.exact_amount for line in of_service) == 0
