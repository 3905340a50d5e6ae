"""A comment: what somebody says on a team's statement of a billing period, or on one line of it. Plain text, kept."""

import unicodedata
from dataclasses import dataclass
from datetime import date

from app.domain.statement import CostType, LineKey
from app.errors import BadInput

LONGEST = 2_000  # characters
_BREAKS = "\n\t"


@dataclass(frozen=True)
class Commented:
    """What a comment is on. Without a cost type it is the team's statement as a whole; no team is the unallocated.

    The rest of a line's key (invoice, provider, unit) is left out: a comment stays with what people call the line when
    a draft is drawn anew from another invoice. Raises BadInput for a name that no database can hold.
    """

    billing_period_start: date
    team_id: str | None
    billing_currency: str
    cost_type: CostType | None = None
    pool_id: str | None = None
    service_name: str | None = None

    def __post_init__(self) -> None:
        if any("\0" in (name or "") for name in (self.team_id, self.billing_currency, self.pool_id, self.service_name)):
            raise BadInput("A name has the character U+0000, and no line's has. Take it out.")

    @property
    def is_line(self) -> bool:
        """Whether one line is meant."""
        return self.cost_type is not None


def commented_line(period: date, key: LineKey) -> Commented:
    """What a comment on the statement line with this key is on."""
    return Commented(period, key.team_id, key.billing_currency, key.cost_type, key.pool_id, key.service_name)


def comment_text(text: str) -> str:
    """A comment as it is kept: without blanks around it, line breaks alike.

    Raises BadInput when it says nothing, is longer than 2,000 characters, or has characters that hide or reorder text.
    """
    tidy = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not tidy:
        raise BadInput("A comment needs words.")
    if len(tidy) > LONGEST:
        raise BadInput(f"A comment has {LONGEST:,} characters at most, and this one has {len(tidy):,}. Shorten it.")
    hidden = next((each for each in tidy if _is_hidden(each)), None)
    if hidden:
        raise BadInput(f"A comment is plain text, and this one has the control character U+{ord(hidden):04X}.")
    return tidy


# Overrides of direction can make a figure read otherwise than it is written (Unicode TR36); marks and isolates, which
# right-to-left text needs, and joiners of emoji cannot.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e")


def _is_hidden(character: str) -> bool:
    if character in _BREAKS:
        return False
    return unicodedata.category(character) in {"Cc", "Cs"} or character in _OVERRIDES
