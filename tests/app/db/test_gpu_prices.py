"""Prices of GPUs in PostgreSQL: tied to their charges, and carried to a load that adds to another."""

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from app.db.gpu_prices import carry_prices, copy_prices, untied_price
from app.db.queries.gpu_prices import gpu_cost, has_gpu_prices, priced_hours
from app.db.tables.charges import ChargeKey
from app.db.tables.gpu import GpuPrice
from tests.app.books import Books

MARCH, DAY = date(2026, 3, 1), date(2026, 3, 2)
START = datetime(2026, 3, 2, tzinfo=UTC)
P5: dict[str, Any] = {
    "sku_meter": "BoxUsage:p5.48xlarge",
    "resource_id": "i-1",
    "consumed_unit": "Hours",
    "charge_category": "Usage",
}


@pytest.fixture
def books(session: Session) -> Books:
    made = Books(session)
    made.policy()
    return made


def keep(session: Session, load: int, key: int, *prices: tuple[int, str], daily: bool = False) -> None:
    """Copies prices of a charge key: the hour of 2 March and the cost."""
    rows = (f"{load},{key},{START + timedelta(hours=hour)},{daily},{cost},1\n" for hour, cost in prices)
    copy_prices(session, io.BytesIO("".join(rows).encode()))


def kept(session: Session, load: int) -> list[tuple[Any, ...]]:
    columns = GpuPrice.hour, GpuPrice.is_daily, GpuPrice.effective_cost, GpuPrice.node_hours
    found = session.execute(select(*columns).where(GpuPrice.load_id == load).order_by(GpuPrice.hour))
    return [(int((hour - START).total_seconds() // 3600), daily, cost, hours) for hour, daily, cost, hours in found]


def the_key(session: Session) -> int:
    return session.scalars(select(ChargeKey.id)).one()


def test_a_price_that_is_not_its_charge_is_found(session: Session, books: Books) -> None:
    books.charge(DAY, "10.5", **P5)
    load, key = books._load(MARCH), the_key(session)
    table = f"charge_p202603_l{load}"
    assert untied_price(session, load, table, [key]) == (DAY, Decimal("10.5"), Decimal(0))
    assert untied_price(session, load, table, []) is None  # a key that is not for GPUs
    keep(session, load, key, (3, "10"), (23, "0.5"))
    assert untied_price(session, load, table, [key]) is None
    keep(session, load, key, (4, "0.0000000000000001"))
    assert untied_price(session, load, table, [key]) == (DAY, Decimal("10.5"), Decimal("10.5000000000000001"))


def test_a_price_on_another_day_than_its_charge_is_found(session: Session, books: Books) -> None:
    books.charge(DAY, "10.5", **P5)
    load, key = books._load(MARCH), the_key(session)
    keep(session, load, key, (24, "10.5"))
    assert untied_price(session, load, f"charge_p202603_l{load}", [key])


def test_a_charge_whose_cost_is_missing_has_no_price(session: Session, books: Books) -> None:
    books.charge(DAY, None, **P5)
    load = books._load(MARCH)
    assert untied_price(session, load, f"charge_p202603_l{load}", [the_key(session)]) is None


def test_a_load_that_adds_has_the_hours_of_both_and_whole_days_where_one_is_whole(
    session: Session, books: Books
) -> None:
    books.charge(DAY, "1", **P5)
    before, after, key = books._load(MARCH), books.load(MARCH, state="superseded"), the_key(session)
    keep(session, before, key, (0, "1"), (1, "2"), (24, "4"), (25, "8"))
    keep(session, after, key, (1, "0.5"))
    keep(session, after, key, (24, "-3"), daily=True)
    carry_prices(session, before=before, after=after)
    assert kept(session, after) == [(0, False, 1, 1), (1, False, Decimal("2.5"), 2), (24, True, 9, 3)]
    assert len(kept(session, before)) == 4


def test_only_live_bills_of_the_period_count(session: Session, books: Books) -> None:
    books.charge(DAY, "10.5", team=None, **P5)
    load, key = books._load(MARCH), the_key(session)
    other, april = books.load(MARCH, state="superseded"), books.load(date(2026, 4, 1))
    for each, cost in ((load, "10.50"), (other, "99"), (april, "7")):
        keep(session, each, key, (3, cost))
    assert [(each.billing_currency, str(each.effective_cost)) for each in gpu_cost(session, MARCH)] == [("USD", "10.5")]
    (hour,) = priced_hours(session, MARCH)
    assert (hour.hour, hour.effective_cost, hour.boards) == (START + timedelta(hours=3), Decimal("10.5"), 8)
    assert has_gpu_prices(session, date(2026, 4, 1))
    assert not has_gpu_prices(session, date(2026, 5, 1))
    assert not priced_hours(session, date(2026, 5, 1))
    assert not gpu_cost(session, date(2026, 5, 1))


def test_hours_are_those_of_utc_whatever_the_zone_of_the_session(session: Session, books: Books) -> None:
    session.execute(text("SET LOCAL TIME ZONE 'America/Los_Angeles'"))
    books.charge(DAY, "3", team="search", **P5)
    load, key = books._load(MARCH), the_key(session)
    keep(session, load, key, (0, "1"), (23, "2"))
    assert untied_price(session, load, f"charge_p202603_l{load}", [key]) is None
    found = priced_hours(session, MARCH)
    assert [(each.hour.isoformat(), each.charge_day, each.team_id) for each in found] == [
        ("2026-03-02T00:00:00+00:00", DAY, "search"),
        ("2026-03-02T23:00:00+00:00", DAY, "search"),
    ]


def test_a_price_whose_charge_the_catalogue_knows_no_more_is_still_a_cost(session: Session, books: Books) -> None:
    key = session.scalars(
        insert(ChargeKey).returning(ChargeKey.id),
        [{"digest": b"x", "tags": {}, "extras": {}, "billing_currency": "USD", "sku_meter": "Something"}],
    ).one()
    keep(session, books.load(MARCH), key, (0, "5"))
    (hour,) = priced_hours(session, MARCH)
    assert (hour.effective_cost, hour.node_hours, hour.boards) == (Decimal(5), None, None)
