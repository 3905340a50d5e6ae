"""What an open period owes because a closed one has moved."""

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.adjusting import adjusted_key, adjustments
from app.domain.money import EXACT, total
from app.domain.rounding import rounded
from app.domain.statement import CostType, LineKey, StatementLine
from tests.app.domain.statements import MARCH, a_line, amounts

CAUSES = {"loads": {"before": [1], "after": [2]}}


def adjusting(
    draft: list[StatementLine],
    closed: list[StatementLine],
    posted: list[StatementLine] | None = None,
    restated: Collection[str] = (),
) -> tuple[StatementLine, ...]:
    return adjustments(
        MARCH, draft=rounded(draft), closed=rounded(closed), posted=posted or [], causes=CAUSES, restated=restated
    )


def test_what_has_not_moved_is_not_adjusted() -> None:
    lines = [a_line("10"), a_line("5", "speech")]
    assert adjusting(lines, lines) == ()


def test_a_restated_bill_that_moves_no_team_is_said_once() -> None:
    lines = [a_line("10"), a_line("5", "speech")]
    (said,) = adjusting(lines, lines, restated=["USD"])
    assert (said.key.team_id, said.causes) == (None, CAUSES)
    assert not said.exact_amount
    assert not said.amount
    assert adjusting(lines, lines, [said]) == ()


def test_an_adjustment_says_what_it_corrects_and_why() -> None:
    (line,) = adjusting([a_line("12.5", id=9)], [a_line("10", id=7)])
    assert (line.exact_amount, line.amount, line.adjusts_line_id) == (Decimal("2.5"), Decimal("2.50"), 7)
    assert (line.key.cost_type, line.key.adjusts_cost_type, line.key.adjusts_period) == (
        CostType.ADJUSTMENT, CostType.DIRECT, MARCH,
    )  # fmt: skip
    assert line.causes == CAUSES


def test_a_re_org_takes_from_one_team_and_gives_to_another() -> None:
    lines = adjusting([a_line("10", "speech")], [a_line("10", "search", id=7)])
    assert [(line.key.team_id, line.exact_amount, line.adjusts_line_id) for line in lines] == [
        ("search", Decimal(-10), 7),
        ("speech", Decimal(10), None),
    ]


def test_what_was_posted_already_is_not_posted_again() -> None:
    draft, closed = [a_line("12.5")], [a_line("10")]
    (first,) = adjusting(draft, closed)
    assert adjusting(draft, closed, [first]) == ()
    (back,) = adjusting(closed, closed, [first])
    assert back.exact_amount == Decimal("-2.5")


def test_adjustments_of_other_periods_in_a_statement_are_not_its_own() -> None:
    foreign = a_line("3", cost_type=CostType.ADJUSTMENT, adjusts_period=MARCH, adjusts_cost_type=CostType.DIRECT)
    assert adjusting([a_line("10")], [a_line("10"), foreign]) == ()


@st.composite
def statements(draw: st.DrawFn) -> list[StatementLine]:
    by_key = draw(
        st.dictionaries(st.tuples(st.sampled_from(("search", "speech", None)), st.sampled_from("ab")), amounts)
    )
    return [
        replace(a_line("0", team, invoice_id=invoice), exact_amount=cost) for (team, invoice), cost in by_key.items()
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(statements(), min_size=2, max_size=5))
def test_what_was_charged_over_time_is_what_the_period_comes_to_now(history: list[list[StatementLine]]) -> None:
    closed, posted = history[0], list[StatementLine]()
    for draft in history[1:]:
        posted += adjusting(draft, closed, posted)
        charged: dict[LineKey, Decimal] = {}
        for line in [*closed, *posted]:
            key = adjusted_key(line.key) if line.key.adjusts_period else line.key
            charged[key] = EXACT.add(charged.get(key, Decimal(0)), line.exact_amount)
        assert {key: amount for key, amount in charged.items() if amount} == {
            line.key: line.exact_amount for line in draft if line.exact_amount
        }
        assert total(line.amount for line in [*rounded(closed), *posted]) == total(
            line.amount for line in rounded(draft)
        )
        assert total(charged.values()) == total(line.exact_amount for line in draft)
