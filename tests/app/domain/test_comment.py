"""What a comment may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.comment import LONGEST, comment_text
from app.errors import BadInput


def test_a_comment_is_kept_as_text_whatever_it_looks_like() -> None:
    assert comment_text(" <script>alert(1)</script>\r\n=1+1 ") == "<script>alert(1)</script>\n=1+1"
    assert comment_text("שלום \u2067rtl\u2069 👩‍💻") == "שלום \u2067rtl\u2069 👩‍💻"


@pytest.mark.parametrize("text", ["", " \n\t ", "x" * (LONGEST + 1), "a\0b", "a\x1b[31mb", "pay \u202e0001"])
def test_what_says_nothing_is_too_long_or_hides_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        comment_text(text)


def test_a_comment_may_be_as_long_as_it_says() -> None:
    assert len(comment_text(" " + "x" * LONGEST + " ")) == LONGEST


@given(st.text(max_size=50))
def test_what_is_kept_is_kept_again_as_it_is(text: str) -> None:
    try:
        kept = comment_text(text)
    except BadInput:
        return
    assert comment_text(kept) == kept
