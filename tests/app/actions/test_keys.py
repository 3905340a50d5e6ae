"""Making and ending API keys."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.actions.keys import create_key, revoke_key, rotate_key
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from app.reports.audit import audit
from app.reports.keys import keys, viewer_with_key
from tests.app.books import Books, a_team

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def test_a_key_lasts_a_year_unless_told_otherwise(session: Session) -> None:
    text = create_key(session, operator(), name="ann", scopes=[Scope.READ_COSTS], now=NOW).text
    assert viewer_with_key(session, text, NOW + timedelta(days=364)) is not None
    assert viewer_with_key(session, text, NOW + timedelta(days=365)) is None


def test_a_key_carries_its_scopes_and_teams(session: Session, books: Books) -> None:
    books.policy(a_team("search"))
    made = create_key(session, operator(), name="ann", scopes=[Scope.READ_COSTS], teams=["search"], now=NOW)
    assert viewer_with_key(session, made.text, NOW) == Viewer(
        "key:ann", frozenset({Scope.READ_COSTS}), frozenset({"search"})
    )


def test_rotating_ends_the_old_key_and_keeps_what_it_may(session: Session) -> None:
    old = create_key(session, operator(), name="ann", scopes=[Scope.ADMIN], now=NOW)
    new = rotate_key(session, operator(), old.key.prefix, now=LATER)
    assert viewer_with_key(session, old.text, LATER) is None
    assert viewer_with_key(session, new.text, LATER) == Viewer("key:ann", frozenset({Scope.ADMIN}))


def test_a_revoked_key_stays_revoked(session: Session) -> None:
    made = create_key(session, operator(), name="ann", scopes=[Scope.ADMIN], now=NOW)
    revoke_key(session, operator(), made.key.prefix, now=LATER)
    assert viewer_with_key(session, made.text, LATER) is None
    with pytest.raises(Conflict):
        revoke_key(session, operator(), made.key.prefix, now=LATER)
    with pytest.raises(NotFound):
        revoke_key(session, operator(), "unknown", now=LATER)


def test_no_key_text_is_ever_listed_or_logged(session: Session) -> None:
    made = create_key(session, operator(), name="ann", scopes=[Scope.ADMIN], now=NOW)
    secret = made.text.rsplit("_", 1)[1]
    assert secret not in f"{keys(session, operator())} {audit(session, operator())}"


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": " ", "scopes": [Scope.ADMIN]},
        {"name": "ann", "scopes": []},
        {"name": "ann", "scopes": [Scope.ADMIN], "days": 0},
        {"name": "ann", "scopes": [Scope.READ_COSTS], "teams": ["no such team"]},
    ],
)
def test_a_key_that_makes_no_sense_is_refused(session: Session, wanted: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        create_key(session, operator(), now=NOW, **wanted)  # type: ignore[arg-type]


def test_only_an_admin_who_sees_everything_makes_keys(session: Session) -> None:
    with pytest.raises(NotAllowed):
        create_key(session, Viewer("x", frozenset({Scope.READ_COSTS})), name="x", scopes=[Scope.ADMIN], now=NOW)
    limited = Viewer("x", frozenset({Scope.ADMIN}), frozenset({"search"}))
    with pytest.raises(Refused):
        create_key(session, limited, name="x", scopes=[Scope.ADMIN], now=NOW)
