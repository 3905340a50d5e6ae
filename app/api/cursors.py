"""Cursors: where the next page of an answer starts.

A cursor carries the version of the figures and a digest of the question, so that pages of two different answers are
never put together.
"""

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode

from app.errors import BadInput, Conflict


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
        raise BadInput("That is no cursor. Use the `next` of the page before, as it is.") from None
    if asked != question or start < 0:
        raise BadInput("That cursor belongs to another question. Repeat the question with it, or leave it out.")
    if seen_version != version:
        raise FiguresChanged
    return start
