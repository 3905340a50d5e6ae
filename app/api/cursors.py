"""Cursors: where the next page of an answer starts.

A cursor into figures carries their version and a digest of the question, so that pages of two different answers are
never put together. A log only grows, so a cursor into one is the last entry seen.
"""

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from app.errors import BadInput, Conflict

_NO_CURSOR = "That is no cursor. Use the `next` of the page before, as it is."
_DIGITS = 19  # a bigint has as many; one fewer always fits


class FiguresChanged(Conflict):
    """A cursor into figures that have changed since."""

    def __init__(self) -> None:
        super().__init__("The figures changed since the page before. Start again without a cursor.")


def digest(*parts: object) -> str:
    """A short fingerprint of `parts`, which must have a telling repr."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def cursor(offset: int, *, version: int, question: str) -> str:
    """The cursor of the page that starts at `offset`."""
    return urlsafe_b64encode(f"{offset}.{version}.{question}".encode()).decode().rstrip("=")


def offset_of(text: str | None, *, version: int, question: str) -> int:
    """Where the page of the cursor `text` starts; 0 without one.

    Raises FiguresChanged when the figures moved on, BadInput for a cursor of another question.
    """
    if text is None:
        return 0
    try:
        offset, seen, asked = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(".")
        start, seen_version = int(offset), int(seen)
    except (ValueError, binascii.Error):
        raise BadInput(_NO_CURSOR) from None
    if asked != question or start < 0:
        raise BadInput("That cursor belongs to another question. Repeat the question with it, or leave it out.")
    if seen_version != version:
        raise FiguresChanged
    return start


def cursor_after(ids: Sequence[int], limit: int) -> str | None:
    """The cursor of the page after one with `ids`, newest first; None when that page was the last."""
    return str(ids[-1]) if len(ids) == limit else None


def entry_before(text: str | None) -> int | None:
    """The entry that the page of the cursor `text` comes after."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS):
        raise BadInput(_NO_CURSOR)
    return int(text)
