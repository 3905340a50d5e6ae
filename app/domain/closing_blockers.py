"""What speaks against closing a billing period, worked out from facts: each with its figures and what to do."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from app.domain.closing import Against, Blocker
from app.domain.fx import MissingRate
from app.domain.money import EXACT, ZERO, plain, total
from app.domain.period import Period
from app.domain.reconciliation import Tie, TiedLine, folded
from app.domain.source_status import SourceStatus
from app.domain.statement import LineKey, StatementLine


def period_blockers(period: Period, now: datetime, open_before: Iterable[date]) -> Iterator[Blocker]:
    """Of the calendar: the period is not over at `now` (UTC), or earlier ones with figures are not closed."""
    if now.date() < period.end:
        yield Blocker(
            Against.PERIOD_NOT_OVER,
            f"The billing period {period.label} runs until {period.end}, and it is {now:%Y-%m-%d}.",
            "Close it when it is over and its last bill is in.",
        )
    labels = [f"{each:%Y-%m}" for each in sorted(open_before)]
    if labels:
        yield Blocker(
            Against.EARLIER_PERIOD_OPEN,
            f"Earlier billing periods are not closed: {', '.join(labels)}.",
            f"Close {labels[0]} first, so that what corrects it has a period to go to.",
        )


@dataclass(frozen=True)
class SourceFacts:
    """What is known of a source that may bill a period: how fresh it is, and what it delivered."""

    status: SourceStatus
    delivered_before: bool  # it has a live load of a bill for the period before
    delivered: bool  # it has a load for the period, live or replaced
    estimates: bool  # what is live of it in the period is no bill
    refused: str | None  # why its newest delivery was refused, if it was, after the last that was loaded


def source_blockers(facts: SourceFacts, period: Period, now: datetime) -> Iterator[Blocker]:
    """Of one source: it is stale at `now`, something of it was refused, or it has no bill for the period."""
    status, name = facts.status, facts.status.name
    if status.run_failed:
        yield Blocker(
            Against.SOURCE_RUN_FAILED,
            f"The last run of the source {name} failed: {status.last_run_message or 'no reason was given'}",
            f"Put it right and run it (`trueup ingest run {name}`).",
        )
    if status.overdue(now):
        yield Blocker(
            Against.SOURCE_OVERDUE,
            f"The source {name} was due at {status.next_run_at:%Y-%m-%d %H:%M} UTC and has not run since.",
            f"See that `trueup schedule` runs, or run the source (`trueup ingest run {name}`).",
        )
    if facts.delivered_before and not facts.delivered:
        yield Blocker(
            Against.SOURCE_DELIVERED_NOTHING,
            f"The source {name} has a bill for {period.previous_month().label} and none for {period.label}.",
            f"Ingest it (`trueup ingest run {name}`). If the source has come to an end, say so when you close.",
        )
    if facts.refused is not None:
        yield Blocker(
            Against.DELIVERY_REFUSED,
            f"The newest delivery of the source {name} was refused: {facts.refused}",
            "Put it right and hand it over again.",
        )
    if facts.estimates:
        yield Blocker(
            Against.RESTS_ON_ESTIMATE,
            f"What the source {name} says of {period.label} is an estimate, and there is no bill for its account.",
            "Ingest the bill, which takes its place.",
        )


_INVOICES = {
    Tie.DOES_NOT_RECONCILE: Against.INVOICE_DOES_NOT_RECONCILE,
    Tie.OPEN: Against.INVOICE_OPEN,
    Tie.NO_CHARGES: Against.INVOICE_WITHOUT_CHARGES,
    Tie.NO_INVOICE: Against.INVOICE_MISSING,
}


def invoice_blockers(lines: Iterable[TiedLine], issuers: Collection[str]) -> Iterator[Blocker]:
    """Of the reconciliation, whose lines carry their advice: what does not tie, by line.

    A missing invoice speaks against closing only of `issuers`, who have invoices on record; nothing is asked for
    nothing, so a side of zero may lack the other.
    """
    known = {folded(name) for name in issuers}
    for line in lines:
        code = _INVOICES.get(line.tie)
        if code is None or _asks_nothing(line, known):
            continue
        yield Blocker(code, _invoice_message(line), line.advice)


def _asks_nothing(line: TiedLine, issuers: Collection[str]) -> bool:
    if line.tie is Tie.NO_INVOICE:
        return not line.billed_cost or folded(line.invoice_issuer_name or "") not in issuers
    return line.tie is Tie.NO_CHARGES and not line.invoiced


def _invoice_message(line: TiedLine) -> str:
    named = f"invoice {', '.join(line.invoice_ids)}" if line.invoice_ids else "no invoice id"
    account = ", ".join(line.billing_account_ids) or "no account"
    issuer = line.invoice_issuer_name or "No issuer"
    end = {
        Tie.DOES_NOT_RECONCILE: "the bill does not add up to the invoice.",
        Tie.OPEN: "the invoice is still open, and the bill does not add up to it.",
        Tie.NO_CHARGES: "the invoice has no charges.",
        Tie.NO_INVOICE: f"{plain(line.billed_cost or ZERO)} {line.billing_currency} of charges have no invoice.",
    }[line.tie]
    return f"{issuer}, account {account}, {named}: {end}"


def unallocated_blockers(
    period: Period, lines: Iterable[StatementLine], limit_percent: Decimal | None
) -> Iterator[Blocker]:
    """Of the policy's limit: unallocated cost that is more than `limit_percent` of the total, by currency."""
    if limit_percent is None:
        return
    by_currency: defaultdict[str, list[StatementLine]] = defaultdict(list)
    for line in lines:
        by_currency[line.key.billing_currency].append(line)
    for currency, found in sorted(by_currency.items()):
        whole = total(line.exact_amount for line in found)
        nobodys = total(line.exact_amount for line in found if line.key.team_id is None)
        if EXACT.multiply(abs(nobodys), Decimal(100)) > EXACT.multiply(abs(whole), limit_percent):
            yield Blocker(
                Against.UNALLOCATED,
                f"{plain(nobodys)} of {plain(whole)} {currency} is unallocated, and the policy allows"
                f" {plain(limit_percent)} % (`close: unallocated_percent`).",
                f"Write a rule for it; `trueup chargeback lines {period.label} --unallocated` shows what it is.",
            )


def value_blockers(lines: Iterable[StatementLine], metric: str) -> Iterator[Blocker]:
    """Of the bills: rows that lack the cost the statement is drawn on, and so count as nothing."""
    by_service = rows_without_value(lines)
    count = sum(by_service.values())
    if count:
        services = ", ".join(f"{name or 'no service'} ({rows:,})" for name, rows in sorted(by_service.items(), key=str))
        yield Blocker(
            Against.ROWS_WITHOUT_VALUE,
            f"{count:,} rows of the bills have no {metric} and count as nothing: {services}.",
            "Ask the vendor for a bill that has them, or name the gap when you close.",
        )


def rows_without_value(lines: Iterable[StatementLine]) -> Mapping[str | None, int]:
    """How many rows of the bills have no value, by service. A pool's rows stand behind each of its payers' lines."""
    counted: dict[LineKey, int] = {}
    for line in lines:
        key = replace(line.key, team_id=None) if line.key.pool_id is not None else line.key
        counted[key] = max(counted.get(key, 0), line.rows_without_value)
    by_service: defaultdict[str | None, int] = defaultdict(int)
    for key, rows in counted.items():
        if rows:
            by_service[key.service_name] += rows
    return dict(by_service)


def rate_blockers(missing: Iterable[MissingRate]) -> Iterator[Blocker]:
    """Of the reporting currency: what cannot be turned into it."""
    for each in missing:
        yield Blocker(
            Against.RATE_MISSING,
            f"No rate leads from {each.base} to {each.quote} in {each.period.label}, so the statement has no amount in"
            " the reporting currency.",
            "Import rates of that month for both (`trueup fx import FILE`).",
        )
