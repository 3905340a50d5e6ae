"""Which half of the books a file is."""

import pytest

from app.errors import BadInput
from ingest.azure.halves import Half, Traces, half_of_name, halves

PLAIN = Traces(10, 0, 0, 0, 0)
ACTUAL = Traces(10, purchases=1, covered_free=3, covered_paid=0, unused=0)
AMORTIZED = Traces(10, purchases=0, covered_free=0, covered_paid=3, unused=1)


def test_a_name_says_it_with_the_word_in_the_file_or_a_folder() -> None:
    assert half_of_name("AmortizedCost_2026.csv") is Half.AMORTIZED
    assert half_of_name("exports/amortised/part_0.csv") is Half.AMORTIZED
    assert half_of_name("ActualCost/part_0.csv") is Half.ACTUAL
    assert half_of_name("actual-and-amortized/part_0.csv") is None
    assert half_of_name("costs.csv") is None


def test_rows_say_it_where_names_do_not() -> None:
    assert halves({"a.csv": ACTUAL, "b.csv": AMORTIZED}, {}) == {"a.csv": Half.ACTUAL, "b.csv": Half.AMORTIZED}


def test_usage_that_is_covered_at_zero_is_actual_cost() -> None:
    covered = Traces(10, purchases=0, covered_free=3, covered_paid=0, unused=0)
    assert halves({"a.csv": covered, "b.csv": AMORTIZED}, {})["a.csv"] is Half.ACTUAL


def test_a_part_that_says_nothing_goes_with_its_folder() -> None:
    found = halves({"x/1.csv": ACTUAL, "x/2.csv": PLAIN, "y/1.csv": AMORTIZED, "y/2.csv": PLAIN}, {})
    assert found == {
        "x/1.csv": Half.ACTUAL,
        "x/2.csv": Half.ACTUAL,
        "y/1.csv": Half.AMORTIZED,
        "y/2.csv": Half.AMORTIZED,
    }


def test_of_two_files_the_one_that_says_nothing_is_the_other_half() -> None:
    assert halves({"a.csv": AMORTIZED, "b.csv": PLAIN}, {})["b.csv"] is Half.ACTUAL
    assert halves({"a.csv": ACTUAL, "b.csv": PLAIN}, {})["b.csv"] is Half.AMORTIZED


def test_without_reservations_and_savings_plans_one_file_is_both_halves() -> None:
    assert halves({"a.csv": PLAIN}, {}) == {"a.csv": Half.BOTH}
    assert halves({"ActualCost.csv": PLAIN}, {}) == {"ActualCost.csv": Half.BOTH}
    assert halves({"amortized.csv": PLAIN}, {}) == {"amortized.csv": Half.BOTH}


def test_one_half_alone_is_refused_and_the_other_asked_for() -> None:
    with pytest.raises(BadInput, match=r"a\.csv is actual cost .* the amortized cost is missing\. Hand over"):
        halves({"a.csv": ACTUAL}, {})
    with pytest.raises(BadInput, match=r"a\.csv is amortized cost .* the actual cost is missing\. Hand over"):
        halves({"a.csv": AMORTIZED}, {})


def test_two_files_of_the_same_half_are_refused() -> None:
    with pytest.raises(BadInput, match=r"a\.csv and b\.csv are both amortized cost .* the actual cost is missing"):
        halves({"a.csv": AMORTIZED, "b.csv": AMORTIZED}, {})


def test_a_name_that_belies_its_rows_is_refused() -> None:
    with pytest.raises(BadInput, match=r"amortized\.csv is called amortized and holds actual cost\. Correct its name"):
        halves({"amortized.csv": ACTUAL, "b.csv": AMORTIZED}, {})


def test_both_halves_in_one_file_are_refused() -> None:
    mixed = Traces(10, purchases=1, covered_free=0, covered_paid=3, unused=0)
    with pytest.raises(BadInput, match=r"both\.csv has purchases .* cannot be told apart"):
        halves({"both.csv": mixed}, {})


def test_a_third_file_that_says_nothing_has_to_be_named() -> None:
    with pytest.raises(BadInput, match=r"c\.csv shows no reservation .* Put it in a folder called actual or amortized"):
        halves({"a.csv": ACTUAL, "b.csv": AMORTIZED, "c.csv": PLAIN}, {})


def test_a_manifest_has_the_last_word() -> None:
    told = {"a.csv": Half.AMORTIZED, "b.csv": Half.ACTUAL}
    assert halves({"a.csv": PLAIN, "b.csv": ACTUAL}, told) == told
