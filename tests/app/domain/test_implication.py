"""Whether one condition is within another: what it says must be so for every charge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.conditions import fulfilling
from app.domain.implication import implies
from app.domain.key_columns import CodedColumns, InMemoryKeys
from app.domain.policy import AllOf, AnyOf, Condition, Glob, Not, OneOf, Present, Regex, Tag

T, U = Tag("t"), Tag("u")
VALUES = ("a", "ab", "b", "")
KEYS = InMemoryKeys(
    [
        {"tags": {k: v for k, v in (("t", t), ("u", u)) if v is not None}}
        for t in (*VALUES, None)
        for u in (*VALUES, None)
    ]
)
fields = st.sampled_from([T, U])
tests: st.SearchStrategy[Condition] = st.one_of(
    st.builds(OneOf, fields, st.frozensets(st.sampled_from(VALUES[:3]), min_size=1)),
    st.builds(Glob, fields, st.sampled_from(["a*", "b", "*"])),
    st.builds(Regex, fields, st.sampled_from(["a", "b$", ""])),
    st.builds(Present, fields, st.booleans()),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, max_size=3).map(lambda each: AllOf(tuple(each))),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: AnyOf(tuple(each))),
    ),
    max_leaves=5,
)


def taken(condition: Condition) -> set[int]:
    columns = CodedColumns(KEYS)
    return set(fulfilling(condition, columns, np.arange(columns.size)).tolist())


def one_of(field: Tag, *values: str) -> OneOf:
    return OneOf(field, frozenset(values))


@given(narrow=conditions, wide=conditions)
def test_what_is_said_to_be_within_is_within_for_every_charge(narrow: Condition, wide: Condition) -> None:
    if implies(narrow, wide):
        assert taken(narrow) <= taken(wide)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (one_of(T, "a"), one_of(T, "a", "b")),
        (one_of(T, "a"), Glob(T, "a*")),
        (one_of(T, "a", "ab"), Regex(T, "^a")),
        (Glob(T, "a*"), Present(T)),
        (AllOf((one_of(T, "a"), one_of(U, "b"))), one_of(T, "a")),
        (one_of(T, "a"), AnyOf((one_of(U, "b"), one_of(T, "a")))),
        (one_of(T, "a", "b"), AnyOf((one_of(T, "a"), one_of(T, "b")))),
        (AllOf((one_of(T, "a"), one_of(U, "a"))), AllOf((one_of(U, "a", "b"), Present(T)))),
        (one_of(T, "a"), Not(one_of(T, "b"))),
        (Present(T, present=False), Not(Glob(T, "a*"))),
        (Not(one_of(T, "a", "b")), Not(one_of(T, "a"))),
        (one_of(T, "a"), AnyOf((Present(U), Not(Present(U))))),
    ],
)
def test_what_is_within_is_seen(narrow: Condition, wide: Condition) -> None:
    assert implies(narrow, wide)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (one_of(T, "a", "b"), one_of(T, "a")),
        (one_of(T, "a"), one_of(U, "a")),
        (Present(T), one_of(T, "a")),
        (AnyOf((one_of(T, "a"), one_of(U, "b"))), one_of(T, "a")),
        (Not(one_of(T, "a")), one_of(T, "b")),
    ],
)
def test_what_is_not_within_is_not_said_to_be(narrow: Condition, wide: Condition) -> None:
    assert not implies(narrow, wide)
