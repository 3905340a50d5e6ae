from datetime import date

import pytest

from app.domain.ownership import Team, cycle, descendants, overlap, path, teams_on, turning_points

RESEARCH = Team("research", "Research")
SPEECH = Team("speech", "Speech", parent="research", valid_to=date(2025, 7, 1))
SPEECH_MOVED = Team("speech", "Speech", parent="product", valid_from=date(2025, 7, 1))
PRODUCT = Team("product", "Product", valid_from=date(2025, 6, 1))
DIALOGUE = Team("dialogue", "Dialogue", parent="speech")
TEAMS = (RESEARCH, SPEECH, SPEECH_MOVED, PRODUCT, DIALOGUE)


def test_a_team_exists_from_its_first_day_up_to_but_not_on_its_last() -> None:
    assert teams_on(TEAMS, date(2025, 6, 30)) == (RESEARCH, SPEECH, PRODUCT, DIALOGUE)
    assert teams_on(TEAMS, date(2025, 7, 1)) == (RESEARCH, SPEECH_MOVED, PRODUCT, DIALOGUE)
    assert teams_on(TEAMS, date.min) == (RESEARCH, SPEECH, DIALOGUE)


def test_a_reorg_moves_the_whole_subtree() -> None:
    before, after = teams_on(TEAMS, date(2025, 6, 30)), teams_on(TEAMS, date(2025, 7, 1))
    assert descendants(before, "research") == {"research", "speech", "dialogue"}
    assert descendants(after, "research") == {"research"}
    assert descendants(after, "product") == {"product", "speech", "dialogue"}
    assert path(before, "dialogue") == ("research", "speech", "dialogue")
    assert path(after, "dialogue") == ("product", "speech", "dialogue")


def test_descendants_over_time_are_all_that_ever_were_below() -> None:
    assert descendants(TEAMS, "research") == {"research", "speech", "dialogue"}


def test_a_path_starts_at_the_highest_team_that_exists() -> None:
    assert path([DIALOGUE], "dialogue") == ("dialogue",)


@pytest.mark.parametrize(("other", "expected"), [(SPEECH_MOVED, False), (PRODUCT, True), (RESEARCH, True)])
def test_validities_overlap_when_they_share_a_day(other: Team, expected: bool) -> None:
    assert overlap(SPEECH, other) is expected
    assert overlap(other, SPEECH) is expected


def test_a_loop_of_parents_is_found() -> None:
    a, b = Team("a", "A", parent="b"), Team("b", "B", parent="a")
    assert cycle([RESEARCH, Team("c", "C", parent="a"), a, b]) == ("a", "b")
    assert cycle([Team("a", "A", parent="a")]) == ("a",)
    assert cycle(teams_on(TEAMS, date(2025, 7, 1))) == ()


def test_turning_points_begin_with_the_open_past() -> None:
    assert turning_points(TEAMS) == (date.min, date(2025, 6, 1), date(2025, 7, 1))
