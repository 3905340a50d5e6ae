"""Budgets from a file."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.budget import Budget
from app.domain.budget_file import budgets_listed, budgets_of
from app.errors import BadInput

TEAMS = {"search", "speech"}
HEADER = "team_id,period,currency,amount,thresholds\n"
DEFAULT = (Decimal(50), Decimal(80), Decimal(100))


def test_every_row_is_a_budget_and_thresholds_may_be_left_out() -> None:
    text = f'\ufeff{HEADER}search,2026-03,usd,10000.50,"90%, 75%"\n\nspeech,2026-03-01,EUR,0,\n'
    assert budgets_of(text, "b.csv", TEAMS) == (
        Budget("search", date(2026, 3, 1), "USD", Decimal("10000.50"), (Decimal(75), Decimal(90))),
        Budget("speech", date(2026, 3, 1), "EUR", Decimal(0), DEFAULT),
    )
    assert budgets_of("amount,team_id,currency,period\n1,search,USD,2026-03\n", "b.csv", TEAMS)[0].thresholds == DEFAULT


def test_every_bad_row_is_told() -> None:
    rows = [
        "search,2026-03,USD,1,", "nobody,2026-13,US,1.000,50,", "search,2026-03,USD,2,", ",2026-03,,1,",
        "search,2026-04,USD,-1,", "search,2026-05,USD,1,x", "speech,2026-03,USD,1",
    ]  # fmt: skip
    with pytest.raises(BadInput) as refused:
        budgets_of(HEADER + "\n".join(rows), "b.csv", TEAMS)
    told = str(refused.value).splitlines()
    assert told[0] == "b.csv: no budget was set."
    assert [line.split(":")[0].strip() for line in told[1:]] == [
        "row 3", "row 4", "row 5", "row 5", "row 6", "row 7", "row 8",
    ]  # fmt: skip
    assert told[1].endswith("6 cells where the header has 5")
    assert told[2].endswith("the same team, period and currency as row 2")
    assert told[3].endswith("team_id is empty")


def test_a_team_that_is_not_there_is_told_with_what_else_is_wrong() -> None:
    with pytest.raises(BadInput) as refused:
        budgets_of(f"{HEADER}nobody,2026-13,US,1,\n", "b.csv", TEAMS)
    assert str(refused.value).splitlines()[1:] == [
        "  row 2: period '2026-13' is not a month; write it as 2026-03 or 2026-03-01",
        "  row 2: currency 'US' is not a currency; write its ISO 4217 code, such as USD",
        "  row 2: the policy in force has no team 'nobody'",
    ]


@pytest.mark.parametrize("text", ["", "team_id,period\n", f"note,{HEADER}", "a;b\n", HEADER])
def test_a_file_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"^b\.csv"):
        budgets_of(text, "b.csv", TEAMS)


def test_a_list_counts_from_one() -> None:
    item = {"team_id": "search", "period": "2026-03", "currency": "USD", "amount": "1", "thresholds": "10,20"}
    assert budgets_listed([item], "API", TEAMS)[0].thresholds == (Decimal(10), Decimal(20))
    with pytest.raises(BadInput, match="row 2: amount is empty"):
        budgets_listed([item, {**item, "period": "2026-04", "amount": None}], "API", TEAMS)
