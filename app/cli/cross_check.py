"""`trueup cross-check` and `trueup double-counting`: do the sources agree, and does none of them count twice?"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say, table
from app.db.session import read_session
from app.domain.period import Period
from app.domain.viewer import operator

if TYPE_CHECKING:
    from app.domain.cross_check import Compared
    from app.reports.cross_check import CheckedAccount

Month = Annotated[str, typer.Argument(metavar="PERIOD", help="The billing period, YYYY-MM.")]
_HEADERS = ("bill", "estimate", "difference", "%")


def cross_check(period: Month, as_json: AsJson = False) -> None:
    """Show whether AWS Cost Explorer agrees with the bill of the same account, by service.

    Example: trueup cross-check 2026-03
    """
    from app.reports.cross_check import cross_check as checked

    with read_session() as session:
        report = checked(session, operator(), Period.parse_month(period))
    if as_json:
        answer(asdict(report))
        return
    if not report.accounts:
        say("No account has both a live bill and estimates in that month.")
    for account in report.accounts:
        _tell(account)


def _tell(account: "CheckedAccount") -> None:
    bills = ", ".join(f"{each.source} #{each.load_id} up to {each.last_charge_day}" for each in account.bills)
    guess = account.estimate
    say(f"Account {account.billing_account_id}: {bills}; {guess.source} #{guess.load_id} up to {guess.last_charge_day}")
    rows: list[tuple[object, ...]] = [
        (
            line.sub_account_id,
            "; ".join(line.bill_services) or None,
            "; ".join(line.estimate_services) or None,
            line.billing_currency,
            *_cells(line.billed_cost),
            *_cells(line.effective_cost),
        )
        for line in account.services
    ]
    rows += [
        ("Total", None, None, each.billing_currency, *_cells(each.billed_cost), *_cells(each.effective_cost))
        for each in account.totals
    ]
    headers = ("account", "service on the bill", "in the estimate", "currency")
    costs = tuple(f"{cost} {header}" for cost in ("billed", "effective") for header in _HEADERS)
    table((*headers, *costs), rows, right=range(len(headers), len(headers) + len(costs)))
    for where, names in (("the bill", account.only_in_bill), ("the estimate", account.only_in_estimate)):
        if names:
            say(f"Only in {where}: {', '.join(names)}")


def _cells(compared: "Compared") -> tuple[object, ...]:
    return (compared.bill, compared.estimate, compared.difference, compared.percent)


def double_counting(period: Month, as_json: AsJson = False) -> None:
    """Show the vendors whose cost is on another's bill (a marketplace) and comes from a source of their own too.

    Example: trueup double-counting 2026-03
    """
    from app.reports.double_counting import double_counting as found_twice

    with read_session() as session:
        report = found_twice(session, operator(), Period.parse_month(period))
    if as_json:
        answer(asdict(report))
        return
    if not report.vendors:
        say("No vendor comes in through two doors in that month.")
    for each in report.vendors:
        say(each.vendor)
        table(
            ("source", "whose bill", "billed cost", "effective cost", "currency", "services"),
            [
                (
                    door.source,
                    "its own" if door.door == "own" else "another's",
                    door.billed_cost,
                    door.effective_cost,
                    door.billing_currency,
                    ", ".join(door.services),
                )
                for door in each.doors
            ],
            right=(2, 3),
        )
        say(f"{each.advice}\n")
