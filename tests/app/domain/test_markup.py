"""Markup: what teams pay on top, and who is credited with it."""

from decimal import Decimal

from app.domain.markup import markup_lines
from app.domain.policy import Markup
from app.domain.statement import CostType
from tests.app.domain.statements import a_line

SEVEN = Markup(Decimal(7), to="platform")


def test_a_team_pays_the_percentage_of_all_that_it_owes_and_another_is_credited() -> None:
    lines = [a_line("100"), a_line("-10", cost_type=CostType.CREDIT), a_line("50", "speech")]
    found = {line.key.team_id: line.exact_amount for line in markup_lines(lines, SEVEN)}
    assert found == {"search": Decimal("6.3"), "speech": Decimal("3.5"), "platform": Decimal("-9.8")}


def test_who_keeps_it_pays_none_and_nobody_pays_for_what_is_unallocated() -> None:
    assert list(markup_lines([a_line("100", "platform"), a_line("50", None)], SEVEN)) == []


def test_a_team_may_pay_another_percentage_or_none() -> None:
    markup = Markup(Decimal(7), to="platform", percents={"search": Decimal("0.5"), "speech": Decimal(0)})
    found = {
        line.key.team_id: line.exact_amount
        for line in markup_lines([a_line("3.333"), a_line("50", "speech"), a_line("100", "data")], markup)
    }
    assert found == {"search": Decimal("0.016665"), "data": Decimal(7), "platform": Decimal("-7.016665")}


def test_currencies_are_kept_apart() -> None:
    lines = list(markup_lines([a_line("100"), a_line("100", billing_currency="EUR")], SEVEN))
    assert sorted((line.key.billing_currency, line.exact_amount) for line in lines) == [
        ("EUR", Decimal(-7)), ("EUR", Decimal(7)), ("USD", Decimal(-7)), ("USD", Decimal(7)),
    ]  # fmt: skip
