"""What speaks against closing, told with its figures and what to do."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.closing import Against, Blocker, CannotClose, HasMoved, moves
from app.domain.closing_blockers import (
    SourceFacts,
    invoice_blockers,
    period_blockers,
    rate_blockers,
    rows_without_value,
    source_blockers,
    unallocated_blockers,
    value_blockers,
)
from app.domain.fx import MissingRate
from app.domain.invoice import InvoiceStatus
from app.domain.period import Period
from app.domain.source_status import SourceStatus
from app.domain.statement import CostType, LineKey, StatementLine
from tests.app.domain.test_reconciliation import an_invoice, charges, lines

MARCH = Period.month(2026, 3)
NOW = datetime(2026, 4, 10, 12, tzinfo=UTC)
FRESH = SourceStatus("aws", "focus", NOW, "loaded", None, None, 1, 1, 0, None, None, None, None, None)
FACTS = SourceFacts(FRESH, delivered_before=True, delivered=True, estimates=False, refused=None)


def a_line(amount: str, *, team: str | None = "search", currency: str = "USD", **fields: Any) -> StatementLine:
    key = LineKey(currency, None, None, team, CostType.DIRECT, fields.pop("pool", None), None, "EC2", None)
    line = StatementLine(key, None, None, Decimal(amount), Decimal(amount), 1, 0)
    return replace(line, **fields)


def codes(found: Any) -> list[Against]:
    return [each.code for each in found]


def test_a_period_is_over_when_the_next_begins_in_utc() -> None:
    last_second = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
    assert codes(period_blockers(MARCH, last_second, ())) == [Against.PERIOD_NOT_OVER]
    assert codes(period_blockers(MARCH, last_second + timedelta(seconds=1), ())) == []


def test_earlier_open_periods_are_named_oldest_first() -> None:
    (found,) = period_blockers(MARCH, NOW, {date(2026, 2, 1), date(2025, 12, 1)})
    assert found.code is Against.EARLIER_PERIOD_OPEN
    assert str(found).startswith("Earlier billing periods are not closed: 2025-12, 2026-02. Close 2025-12 first")


def test_a_fresh_source_says_nothing() -> None:
    assert codes(source_blockers(FACTS, MARCH, NOW)) == []


@pytest.mark.parametrize(
    ("status", "facts", "code", "told"),
    [
        (
            {"last_run_state": "failed", "last_run_at": NOW, "last_run_message": "access denied."},
            {},
            Against.SOURCE_RUN_FAILED,
            "aws failed: access denied.",
        ),
        (
            {"next_run_at": NOW - timedelta(hours=3), "cadence_minutes": 60},
            {},
            Against.SOURCE_OVERDUE,
            "was due at 2026-04-10 09:00 UTC",
        ),
        ({}, {"delivered": False}, Against.SOURCE_DELIVERED_NOTHING, "a bill for 2026-02 and none for 2026-03"),
        ({}, {"refused": "row 3 is broken."}, Against.DELIVERY_REFUSED, "was refused: row 3 is broken."),
        ({}, {"estimates": True}, Against.RESTS_ON_ESTIMATE, "is an estimate"),
    ],
)
def test_a_source_that_is_not_done_is_told(
    status: dict[str, Any], facts: dict[str, Any], code: Against, told: str
) -> None:
    (found,) = source_blockers(replace(FACTS, status=replace(FRESH, **status), **facts), MARCH, NOW)
    assert found.code is code
    assert told in found.message
    assert found.remedy


def test_a_new_source_need_not_have_delivered() -> None:
    assert codes(source_blockers(replace(FACTS, delivered_before=False, delivered=False), MARCH, NOW)) == []


@pytest.mark.parametrize(
    ("sides", "code"),
    [
        ([an_invoice("10"), charges("10")], None),
        ([an_invoice("10.01"), charges("10")], None),  # within tolerance
        ([an_invoice("20"), charges("10")], Against.INVOICE_DOES_NOT_RECONCILE),
        ([an_invoice("20", status=InvoiceStatus.OPEN), charges("10")], Against.INVOICE_OPEN),
        ([an_invoice("10", status=InvoiceStatus.OPEN), charges("10")], None),
        ([an_invoice("20")], Against.INVOICE_WITHOUT_CHARGES),
        ([an_invoice("0")], None),
        ([charges("10")], Against.INVOICE_MISSING),
        ([charges("0")], None),  # nothing is invoiced for nothing
        ([charges("10", invoice_issuer_name="Azure")], None),  # an issuer without any invoice on record
        ([charges("10", invoice_issuer_name="aws ")], Against.INVOICE_MISSING),  # spelled otherwise
    ],
)
def test_invoices_speak_against_closing_when_they_do_not_tie(sides: list[Any], code: Against | None) -> None:
    found = list(invoice_blockers(lines(*sides), {"AWS"}))
    assert codes(found) == ([] if code is None else [code])
    assert all(each.remedy for each in found)


def test_an_invoice_is_told_with_both_figures() -> None:
    (found,) = invoice_blockers(lines(an_invoice("20"), charges("10")), ())
    assert "AWS, account 1000, no invoice id: the bill does not add up" in found.message
    assert "The invoice says 20 USD, the bills 10 USD" in found.remedy


@pytest.mark.parametrize(
    ("limit", "amounts", "blocked"),
    [
        ("5", {"search": "95", None: "5"}, False),  # at the limit
        ("5", {"search": "94.99", None: "5.01"}, True),
        ("0", {"search": "100"}, False),
        ("0", {"search": "100", None: "0.000000000000000000000001"}, True),
        ("5", {"search": "-95", None: "-6"}, True),  # credits may be nobody's as well
        ("5", {"search": "1", None: "-1"}, True),  # a total of zero allows none
        (None, {None: "100"}, False),
    ],
)
def test_unallocated_cost_is_measured_against_the_total(
    limit: str | None, amounts: dict[str | None, str], blocked: bool
) -> None:
    found = [a_line(amount, team=team) for team, amount in amounts.items()]
    percent = None if limit is None else Decimal(limit)
    assert codes(unallocated_blockers(MARCH, found, percent)) == ([Against.UNALLOCATED] if blocked else [])


def test_each_currency_has_a_total_of_its_own() -> None:
    found = [
        a_line("1000"),
        a_line("1", team=None),
        a_line("1", currency="EUR"),
        a_line("1", team=None, currency="EUR"),
    ]
    (blocker,) = unallocated_blockers(MARCH, found, Decimal(10))
    assert blocker.message.startswith("1 of 2 EUR is unallocated, and the policy allows 10 %")


def test_rows_of_a_pool_count_once_however_many_pay() -> None:
    found = [
        a_line("1", pool="platform", rows_without_value=3),
        a_line("1", pool="platform", team="speech", rows_without_value=3),
        a_line("1", rows_without_value=2),
        a_line("1", team="speech", rows_without_value=1),
    ]
    assert rows_without_value(found) == {"EC2": 6}
    (blocker,) = value_blockers(found, "effective_cost")
    assert blocker.message == "6 rows of the bills have no effective_cost and count as nothing: EC2 (6)."
    assert codes(value_blockers([a_line("1")], "effective_cost")) == []


def test_a_missing_rate_is_told_with_both_currencies() -> None:
    (blocker,) = rate_blockers([MissingRate("EUR", "USD", MARCH, "none is known")])
    assert blocker.code is Against.RATE_MISSING
    assert "from EUR to USD in 2026-03" in blocker.message


def test_a_refusal_lists_everything() -> None:
    blockers = [Blocker(Against.UNALLOCATED, "One.", "Do this."), Blocker(Against.RATE_MISSING, "Two.", "Do that.")]
    told = str(CannotClose(MARCH.start, blockers))
    assert told.splitlines()[:3] == [
        "2026-03 cannot be closed, for 2 reasons; nothing was changed:",
        "  - One. Do this.",
        "  - Two. Do that.",
    ]


def test_what_moved_is_told_by_team_the_largest_first() -> None:
    issued = [a_line("10"), a_line("5", team="speech"), a_line("7", team="data")]
    draft = [a_line("9"), a_line("7.50", team="speech"), a_line("7", team="data"), a_line("0.10", team=None)]
    found = moves(issued, draft)
    assert [str(each) for each in found] == [
        "speech: 5 → 7.5 USD (+2.5)",
        "search: 10 → 9 USD (-1)",
        "unallocated: 0 → 0.1 USD (+0.1)",
    ]
    assert "speech: 5 → 7.5 USD (+2.5); search" in str(HasMoved(MARCH.start, found))
    assert "what it is made of" in str(HasMoved(MARCH.start, ()))
