"""The overview of the running month."""

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.domain.viewer import operator
from app.reports.overview import Overview, overview
from tests.app.books import Books, a_team


def usd(*amounts: int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


def on(session: Session, today: date) -> Overview:
    return overview(session, operator(), today=today)


def test_the_month_to_date_is_compared_with_the_same_days_of_the_month_before(session: Session, books: Books) -> None:
    books.policy(a_team("search"))
    books.charge(date(2026, 2, 10), "10", team="search", service_name="EC2")
    books.charge(date(2026, 2, 11), "5", team="search", service_name="EC2")
    books.charge(date(2026, 3, 10), "40", team="search", service_name="EC2")
    books.charge(date(2026, 3, 10), "10", service_name="S3")
    report = on(session, date(2026, 3, 20))
    (block,) = report.blocks
    assert report.as_of == date(2026, 3, 10)
    assert (block.month_to_date, block.previous_month_to_date, block.previous_month) == usd(50, 10, 15)
    assert (block.unallocated, block.unallocated_percent) == (Decimal(10), Decimal(20))
    assert [(mover.name, mover.change) for mover in block.movers_by_team] == [
        ("Search", Decimal(30)),
        ("Unallocated", Decimal(10)),
    ]
    assert [(mover.key, mover.change) for mover in block.movers_by_service] == [
        ("EC2", Decimal(30)),
        ("S3", Decimal(10)),
    ]
    assert block.daily == (
        (date(2026, 2, 10), Decimal(10)),
        (date(2026, 2, 11), Decimal(5)),
        (date(2026, 3, 10), Decimal(50)),
    )


def test_days_to_come_are_left_out(session: Session, books: Books) -> None:
    books.policy()
    books.charge(date(2026, 3, 10), "1")
    books.charge(date(2026, 3, 31), "100")
    report = on(session, date(2026, 3, 20))
    assert (report.as_of, report.blocks[0].month_to_date) == (date(2026, 3, 10), Decimal(1))


def test_a_month_longer_than_the_one_before_is_compared_with_all_of_it(session: Session, books: Books) -> None:
    books.policy()
    books.charge(date(2026, 2, 28), "1")
    books.charge(date(2026, 3, 31), "2")
    assert on(session, date(2026, 3, 31)).blocks[0].previous_month_to_date == Decimal(1)


def test_only_the_five_largest_changes_are_movers(session: Session, books: Books) -> None:
    books.policy()
    for size in range(1, 8):
        books.charge(date(2026, 3, 1), str(-size), service_name=f"service {size}")
    movers = on(session, date(2026, 3, 1)).blocks[0].movers_by_service
    assert tuple(mover.change for mover in movers) == usd(-7, -6, -5, -4, -3)


def test_before_the_first_bill_there_is_nothing_to_show(session: Session) -> None:
    report = on(session, date(2026, 3, 20))
    assert (report.as_of, report.blocks, report.sources) == (date(2026, 3, 20), (), ())
