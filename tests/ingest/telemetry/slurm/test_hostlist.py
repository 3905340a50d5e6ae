"""Slurm's short way to write host names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.telemetry.slurm.hostlist import expanded
from ingest.telemetry.unreadable import UnreadableRowError


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("gpu1", ("gpu1",)),
        ("gpu[01-03,07]", ("gpu01", "gpu02", "gpu03", "gpu07")),
        ("a1,b[2-3],c", ("a1", "b2", "b3", "c")),
        ("cpn-f13-03-[01-02],cpn-f13-04-01", ("cpn-f13-03-01", "cpn-f13-03-02", "cpn-f13-04-01")),
        ("r[1-2]n[09-10]", ("r1n09", "r1n10", "r2n09", "r2n10")),
        ("gpu[7]-ib", ("gpu7-ib",)),
        ("None assigned", ()),
        ("", ()),
    ],
)
def test_a_list_is_expanded(text: str, names: tuple[str, ...]) -> None:
    assert expanded(text) == names


@pytest.mark.parametrize(
    "text", ["gpu[01-03", "gpu01-03]", "gpu[3-1]", "gpu[a-b]", "gpu[1-]", "a,", "gpu[0-99999999]", "gpu[]"]
)
def test_a_list_that_is_cut_off_is_refused(text: str) -> None:
    with pytest.raises(UnreadableRowError):
        expanded(text)


@given(st.lists(st.integers(0, 999), min_size=1, max_size=8))
def test_leading_zeros_stay(numbers: list[int]) -> None:
    written = [f"{number:03d}" for number in numbers]
    assert expanded(f"n[{','.join(written)}]") == tuple(f"n{each}" for each in written)
