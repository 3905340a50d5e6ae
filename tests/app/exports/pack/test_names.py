"""Names of files made from the ids of teams."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exports.pack.names import UNALLOCATED, file_name

_DEVICES = {"con", "prn", "aux", "nul", "com1", "lpt9"}


@given(ids=st.lists(st.text(min_size=1), min_size=2, max_size=8, unique=True))
def test_no_two_teams_share_a_file_on_any_file_system(ids: list[str]) -> None:
    names = {unicodedata.normalize("NFKC", file_name(each)).casefold() for each in ids}
    assert len(names) == len(ids)


@given(team_id=st.text(min_size=1))
def test_a_name_is_safe_on_any_file_system(team_id: str) -> None:
    name = file_name(team_id)
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_~")
    assert len(name) <= 60
    assert name[0] not in "-_."
    assert name not in _DEVICES


@pytest.mark.parametrize("team_id", ["search", "team_1", "a-b"])
def test_a_plain_id_is_its_own_name(team_id: str) -> None:
    assert file_name(team_id) == team_id


@pytest.mark.parametrize("team_id", ["Search", "../etc/passwd", "con", "a/b", "a\nb", "🚀", "x" * 300])
def test_another_id_keeps_what_can_be_read_of_it(team_id: str) -> None:
    readable, _, digest = file_name(team_id).partition("~")
    assert readable
    assert len(digest) == 12


def test_what_nobody_owes_has_a_name_that_no_team_can_have() -> None:
    assert file_name(None) == UNALLOCATED != file_name("_unallocated")
