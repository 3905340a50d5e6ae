"""Quantities posted over the API: once each, replaced by their key, kept in loads."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.actions.keys import create_key
from app.actions.sources import add_source
from app.db.session import engine, write_session
from app.db.source_lock import LOCK_CLASS, source_lock_key
from app.db.tables.access import AuditEntry
from app.db.tables.bills import Delivery, Load, LoadDelivery
from app.db.tables.charges import Driver
from app.domain.viewer import Scope, operator
from app.settings import settings

URL = "/api/v1/drivers"


@pytest.fixture(autouse=True)
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TRUEUP_DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    yield tmp_path / "data" / "archive"
    settings.cache_clear()


def quantity(key: str, amount: Any = "5", **changes: Any) -> dict[str, Any]:
    said = {"source": "app", "key": key, "day": "2026-03-05", "name": "requests", "unit": "requests"}
    return {**said, "quantity": amount, "dimensions": {"team": "search"}, **changes}


def post(client: TestClient, *quantities: dict[str, Any]) -> Any:
    answer = client.post(URL, json=list(quantities))
    assert answer.status_code == 200, answer.text
    return {name: count for name, count in answer.json().items() if name != "loads"}


def total(client: TestClient, month: str = "2026-03", **filters: str) -> str:
    end = f"{month[:5]}{int(month[5:]) + 1:02}"
    asked = "".join(f"&filter={name}:{value}" for name, value in filters.items())
    totals = client.get(f"{URL}?name=requests&start={month}&end={end}{asked}")
    return totals.json()["totals"][0]["quantity"] if totals.status_code == 200 and totals.json()["totals"] else "none"


COUNTS = {"new": 0, "replaced": 0, "unchanged": 0, "removed": 0}


def test_quantities_add_to_those_posted_before(client: TestClient) -> None:
    assert post(client, quantity("a"), quantity("b", 7)) == COUNTS | {"new": 2}
    assert post(client, quantity("c", "0.25")) == COUNTS | {"new": 1}
    assert total(client) == "12.25"


def test_the_same_again_changes_nothing_and_leaves_no_trace(client: TestClient, session: Session) -> None:
    post(client, quantity("a", "5.0"))
    version = session.scalar(text("SELECT version FROM dataset_version"))
    assert post(client, quantity("a", 5)) == COUNTS | {"unchanged": 1}
    assert len(session.scalars(select(Load)).all()) == len(session.scalars(select(Delivery)).all()) == 1
    assert session.scalar(text("SELECT version FROM dataset_version")) == version


def test_another_quantity_under_a_key_replaces_the_one_before(client: TestClient, session: Session) -> None:
    post(client, quantity("a"), quantity("b"))
    assert post(client, quantity("a", "1"), quantity("b"), quantity("c", "2")) == COUNTS | {
        "replaced": 1,
        "unchanged": 1,
        "new": 1,
    }
    assert total(client) == "8"
    # What a statement rested on can be read again.
    sums = session.execute(text("SELECT state, sum(quantity) FROM load JOIN driver ON load.id = load_id GROUP BY 1, load.id ORDER BY load.id"))  # fmt: skip # noqa: E501
    assert [tuple(row) for row in sums] == [("superseded", 10), ("live", 8)]
    live = session.scalars(select(Load).where(Load.state == "live")).one()
    assert len(session.scalars(select(LoadDelivery).where(LoadDelivery.load_id == live.id)).all()) == 2


def test_dimensions_are_part_of_what_is_posted(client: TestClient) -> None:
    post(client, quantity("a"))
    assert post(client, quantity("a", dimensions={"team": "speech", "model": ""}))["replaced"] == 1
    assert (total(client, team="search"), total(client, team="speech")) == ("none", "5")
    assert post(client, quantity("a", dimensions={"team": "speech"}))["unchanged"] == 1


def test_null_takes_a_quantity_back(client: TestClient) -> None:
    post(client, quantity("a"), quantity("b", 7))
    assert post(client, quantity("a", None)) == COUNTS | {"removed": 1}
    assert total(client) == "7"
    assert post(client, quantity("a", None), quantity("never", None)) == COUNTS | {"unchanged": 2}
    assert post(client, quantity("b", None))["removed"] == 1
    assert total(client) == "none"


def test_a_key_that_moves_to_another_month_leaves_the_one_it_was_in(client: TestClient) -> None:
    post(client, quantity("a"), quantity("b", 7))
    answer = client.post(URL, json=[quantity("a", day="2026-04-01")]).json()
    assert [(each["source"], each["period"]) for each in answer["loads"]] == [
        ("app", "2026-03-01"),
        ("app", "2026-04-01"),
    ]
    assert (total(client), total(client, "2026-04")) == ("7", "5")


def test_sources_are_apart_and_each_is_added_when_it_is_new(client: TestClient) -> None:
    post(client, quantity("a"), quantity("a", 2, source="other"))
    assert (total(client, source="app"), total(client, source="other")) == ("5", "2")
    assert [each["name"] for each in client.get("/api/v1/sources").json()["sources"]] == ["app", "other"]


def test_what_was_posted_is_archived_as_it_came(client: TestClient, session: Session, archive: Path) -> None:
    post(client, quantity("ä", "1.50", dimensions={"team": "search", "model": "gpt"}))
    delivery = session.scalars(select(Delivery)).one()
    (file,) = delivery.files
    kept = archive / "app" / delivery.sha256 / "files" / file["sha256"] / "posted.json"
    assert json.loads(kept.read_text()) == [
        {"source": "app", "key": "ä", "day": "2026-03-05", "name": "requests", "unit": "requests", "quantity": "1.5",
         "service_provider_name": None, "dimensions": {"model": "gpt", "team": "search"}},
    ]  # fmt: skip
    assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all() == ["source.add", "drivers.post"]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ([quantity("a", -1)], 400, "quantity 1: quantity -1 is less than nothing"),
        ([quantity("a", "1,5")], 400, "quantity 1: quantity '1,5' is not a number"),
        ([quantity("a"), quantity("a", 6)], 400, "quantity 2: the same source and key as quantity 1"),
        ([quantity("")], 400, "quantity 1: key is empty"),
        ([quantity("a", unit="u" * 201)], 400, "unit has more than 200 characters"),
        ([quantity("a", dimensions={"source": "x"})], 400, "the dimension 'source' is a name that Trueup needs"),
        ([quantity("a", dimensions={"team": "a\0b"})], 400, "dimension team has a character that is none"),
        ([quantity("a", 1.5)], 422, "body.0.quantity"),
        ([quantity("a", True)], 422, "body.0.quantity"),
        ([quantity("a", day="soon")], 422, "body.0.day"),
        ([quantity("a", team="search")], 422, "body.0.team"),
        ([], 422, "at least 1 item"),
    ],
)
def test_one_that_cannot_be_used_keeps_all_out(
    client: TestClient, session: Session, body: Any, status: int, told: str
) -> None:
    answer = client.post(URL, json=[*body, quantity("good")] if body else body)
    assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text
    assert session.scalars(select(Driver)).all() == []


def test_a_source_of_another_kind_is_not_posted_to(client: TestClient, session: Session) -> None:
    add_source(session, operator(), kind="litellm", name="gateway", config={"by_hand": True})
    answer = client.post(URL, json=[quantity("a", source="gateway")])
    assert (answer.status_code, "reads litellm files" in answer.json()["detail"]) == (400, True)


posts = st.lists(
    st.dictionaries(
        st.sampled_from("abc"),
        st.tuples(st.sampled_from(["2026-03-05", "2026-04-05"]), st.none() | st.integers(0, 9)),
        max_size=3,
    ),
    max_size=4,
)


@examples(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(sent=posts)
def test_what_is_live_is_what_was_posted_last_under_each_key(
    client: TestClient, session: Session, sent: list[dict[str, tuple[str, int | None]]]
) -> None:
    session.execute(text("DELETE FROM driver"))
    expected: dict[str, tuple[str, int]] = {}
    for body in sent:
        if not body:
            continue
        for _ in range(2):  # twice is once
            post(client, *(quantity(key, amount, day=day) for key, (day, amount) in body.items()))
        for key, (day, amount) in body.items():
            expected.pop(key, None)
            if amount is not None:
                expected[key] = (day, amount)
    live = session.execute(
        select(Driver.key, Driver.day, Driver.quantity, Load.billing_period_start)
        .join(Load, Load.id == Driver.load_id)
        .where(Load.state == "live")
    ).all()
    assert {row.key: (str(row.day), int(row.quantity)) for row in live} == expected
    assert len(live) == len(expected)
    assert all(row.day.replace(day=1) == row.billing_period_start for row in live)


def test_ten_thousand_quantities_take_less_than_two_seconds(client: TestClient) -> None:
    body = [quantity(f"k{n}", n, dimensions={"team": f"t{n % 50}", "model": "m"}) for n in range(10_000)]
    post(client, quantity("first"))
    began = time.perf_counter()
    post(client, *body)
    again = time.perf_counter()
    post(client, *body)
    took = (again - began, time.perf_counter() - again)
    assert max(took) < 2, took


def key(*scopes: Scope, teams: tuple[str, ...] | None = None) -> dict[str, str]:
    with write_session(engine()) as session:
        made = create_key(session, operator(), name="x", scopes=scopes, teams=teams, now=datetime.now(UTC))
    return {"authorization": f"Bearer {made.text}"}


def test_a_key_needs_the_scope_of_its_own(guarded: TestClient) -> None:
    for scope in (Scope.READ_COSTS, Scope.WRITE_INGEST):
        assert guarded.post(URL, json=[quantity("a")], headers=key(scope)).status_code == 403
    assert guarded.post(URL, json=[quantity("a")], headers=key(Scope.WRITE_DRIVERS)).status_code == 200


def test_a_source_that_cannot_be_keeps_the_others_out(guarded: TestClient) -> None:
    headers = key(Scope.WRITE_DRIVERS, Scope.READ_COSTS)
    body = [quantity("a"), quantity("a", source="no name")]
    answer = guarded.post(URL, json=body, headers=headers)
    assert (answer.status_code, "'no name' cannot name a source" in answer.json()["detail"]) == (400, True)
    assert guarded.get(f"{URL}/names", headers=headers).json() == {"drivers": []}
    assert guarded.get("/api/v1/sources", headers=headers).json() == {"sources": []}


def test_two_posts_at_once_both_count(guarded: TestClient) -> None:
    headers = key(Scope.WRITE_DRIVERS, Scope.READ_COSTS)

    def send(number: int) -> int:
        body = [quantity(f"{number}/{each}", 1) for each in range(50)]
        return guarded.post(URL, json=body, headers=headers).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(send, range(8))) == [200] * 8
    answer = guarded.get(f"{URL}?name=requests&start=2026-03&end=2026-04", headers=headers)
    assert Decimal(answer.json()["totals"][0]["quantity"]) == 400


def test_a_post_while_its_source_is_ingested_is_told_to_come_again(
    guarded: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.source_lock._PATIENCE", "50ms")
    headers = key(Scope.WRITE_DRIVERS)
    bound: Engine = engine()
    with bound.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(:a, :b)"), {"a": LOCK_CLASS, "b": source_lock_key("app")})
        answer = guarded.post(URL, json=[quantity("a")], headers=headers)
        assert (answer.status_code, "send the same again later" in answer.json()["detail"]) == (409, True)
        other.execute(text("SELECT pg_advisory_unlock_all()"))
    assert guarded.post(URL, json=[quantity("a")], headers=headers).status_code == 200
