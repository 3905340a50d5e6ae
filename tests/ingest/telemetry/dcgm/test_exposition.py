"""Lines of a metrics page: whatever stands there is read, said to be nothing, or refused; never more than that."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.telemetry.dcgm.exposition import name_and_labels, point
from ingest.telemetry.unreadable import UnreadableRowError

names = st.from_regex(r"[A-Za-z_:][A-Za-z0-9_:]{0,20}", fullmatch=True)
label_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True)
texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r"), min_size=1, max_size=12)
labels = st.dictionaries(label_names, texts, max_size=5)
values = st.floats(allow_nan=False, allow_infinity=False)


def written(name: str, told: dict[str, str]) -> str:
    escaped = {key: text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for key, text in told.items()}
    inside = ",".join(f'{key}="{text}"' for key, text in escaped.items())
    return f"{name}{{{inside}}}" if told else name


@given(names, labels, values)
def test_what_is_written_is_read_again(name: str, told: dict[str, str], value: float) -> None:
    found = point(f"{written(name, told)} {value}")
    assert found is not None
    assert found.value == value
    assert found.at is None
    assert name_and_labels(found.series) == (name, told)
    assert point(f"{written(name, told)} {value}", {written(name, told)}) == found


@given(st.text(max_size=80))
def test_no_line_is_more_than_unreadable(line: str) -> None:
    try:
        found = point(line)
        if found:
            name_and_labels(found.series)
    except UnreadableRowError:
        pass


@pytest.mark.parametrize("hostile", ["a{" + "b" * 50_000, "a{" + 'b="' * 20_000, "a{" + 'b="\\"' * 20_000, "a" * 10**6])
def test_a_line_that_never_ends_takes_no_longer_for_it(hostile: str) -> None:
    before = time.perf_counter()
    with pytest.raises(UnreadableRowError):
        point(hostile)
    assert time.perf_counter() - before < 1


@pytest.mark.parametrize(
    ("line", "series", "value"),
    [
        ('a{b="c"} 1', 'a{b="c"}', 1),
        ('a {b="c"} 1', 'a {b="c"}', 1),
        ('  a{b="c",} 1.5e3', 'a{b="c",}', 1500),
        ('a{b="} 7"} 1', 'a{b="} 7"}', 1),
        ("a{} 2", "a{}", 2),
        ("a 2", "a", 2),
        ("a\t2\t# {} 1", "a", 2),
    ],
)
def test_forms_of_a_line(line: str, series: str, value: float) -> None:
    found = point(line.lstrip())
    assert found is not None
    assert (found.series, found.value) == (series, value)
