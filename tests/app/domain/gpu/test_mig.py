from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.gpu.mig import Slices, instance_shares, profile_weight

H100 = Slices(7, 8, Fraction(80))
A30 = Slices(4, 4, Fraction(24))
PROFILES = ["1g.10gb", "1g.20gb", "1g.10gb+me", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"]


def shares(*profiles: str | None, board: Slices = H100) -> list[Fraction]:
    return list(instance_shares(dict(enumerate(profiles, start=1)), board).values())


@pytest.mark.parametrize(
    ("profile", "weight"),
    [
        ("1g.10gb", Fraction(1, 7)),
        ("1g.20gb", Fraction(2, 8)),  # one compute slice, and twice the memory
        ("1g.10gb+me", Fraction(1, 7)),
        ("2g.20gb", Fraction(2, 7)),
        ("3g.40gb", Fraction(4, 8)),  # half of the memory is more than 3/7 of the compute
        ("4g.40gb", Fraction(4, 7)),
        ("7g.80gb", Fraction(1)),
    ],
)
def test_an_instance_weighs_by_what_it_takes_more_of(profile: str, weight: Fraction) -> None:
    assert profile_weight(profile, H100) == weight
    assert profile_weight(profile, Slices()) == (weight if profile != "1g.20gb" else Fraction(1, 7))


def test_an_a30_has_four_slices_of_each() -> None:
    assert [profile_weight(each, A30) for each in ("1g.6gb", "2g.12gb", "4g.24gb")] == [
        Fraction(1, 4),
        Fraction(1, 2),
        Fraction(1),
    ]


def test_4g_and_3g_are_a_whole_board() -> None:
    assert shares("4g.40gb", "3g.40gb") == [Fraction(8, 15), Fraction(7, 15)]


def test_3g_2g_1g_1g_are_a_whole_board() -> None:
    of_3g, of_2g, first, second = shares("3g.40gb", "2g.20gb", "1g.10gb", "1g.10gb")
    assert of_3g + of_2g + first + second == 1
    assert (of_3g, of_2g, first) == (Fraction(7, 15), Fraction(4, 15), Fraction(2, 15))


def test_3g_and_four_1g_are_a_whole_board() -> None:
    assert shares("3g.40gb", *["1g.10gb"] * 4) == [Fraction(7, 15), *[Fraction(2, 15)] * 4]


def test_what_is_not_partitioned_is_left() -> None:
    assert shares("3g.40gb", "2g.20gb") == [Fraction(1, 2), Fraction(2, 7)]


def test_instances_whose_profile_nobody_says_are_alike() -> None:
    assert shares(None, None, None) == [Fraction(1, 3)] * 3
    assert profile_weight("half a board", H100) is None


@given(st.lists(st.sampled_from([*PROFILES, None]), max_size=9), st.sampled_from([H100, A30, Slices()]))
def test_shares_are_never_more_than_the_board(profiles: list[str | None], board: Slices) -> None:
    found = shares(*profiles, board=board)
    assert sum(found) <= 1
    assert all(share > 0 for share in found)
