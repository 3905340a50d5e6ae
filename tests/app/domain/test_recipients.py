"""Who gets a team's mail."""

import pytest

from app.domain.recipients import is_address, recipients_of
from app.errors import BadInput


def test_a_team_may_have_several_addresses_each_once() -> None:
    rows = ("search,ada", "speech,bob", "search,eve", "search,ada")
    text = "team_id,mail_to\n" + "".join(f"{row}@example.com\n" for row in rows)
    assert recipients_of(text, "leads.csv") == {
        "search": ("ada@example.com", "eve@example.com"),
        "speech": ("bob@example.com",),
    }


def test_every_bad_row_is_told() -> None:
    with pytest.raises(BadInput) as refused:
        recipients_of("team_id,mail_to\nsearch,ada\n,bob@example.com\nspeech\n", "leads.csv")
    assert [line.split(":")[0].strip() for line in str(refused.value).splitlines()[1:]] == ["row 2", "row 3", "row 4"]
    with pytest.raises(BadInput, match="team_id,mail_to"):
        recipients_of("team,mail\n", "leads.csv")


@pytest.mark.parametrize(
    "text",
    ["", "ada", "@x", "ada@", "Ada <ada@x.org>", "a@x.org,b@x.org", "a@x.org\nBcc: b@x.org", "a b@x.org", "ä@x.org"],
)
def test_what_is_not_one_bare_address_is_refused(text: str) -> None:
    assert not is_address(text)
    assert is_address("ada.l+costs@mail.example.com")
