"""Whether AWS Cost Explorer, which never counts beside a bill, agrees with it: a line for each service."""

from dash import html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.cross_check import CheckedService, CheckedTotal, Match
from app.domain.period import Period
from app.domain.viewer import Viewer
from app.reports.cross_check import CheckedAccount, CheckedLoad, cross_check, cross_check_months
from frontend.components.figure import download
from frontend.components.table import Column, Kind, Row, money, money_table

QUESTION = "Does Cost Explorer agree with the bill?"
_WORDS = {Match.BOTH: "In both", Match.ONLY_BILL: "Only on the bill", Match.ONLY_ESTIMATE: "Only in Cost Explorer"}


def cross_check_card(session: Session, viewer: Viewer) -> Component:
    """The newest month that can be checked. Nothing where no account has both a bill and estimates."""
    months = cross_check_months(session, viewer)
    if not months:
        return html.Div()
    report = cross_check(session, viewer, Period.month_of(months[0]))
    query = f"period={report.period.label}"
    links = [download(kind.upper(), f"/api/v1/cross-check.{kind}?{query}") for kind in ("csv", "xlsx")]
    head = html.Div([html.H3(QUESTION), html.Div(links, className="links")], className="card-head")
    body = [part for account in report.accounts for part in _account(report.period, account)]
    return html.Section([head, *body], className="card flush")


def _account(period: Period, account: CheckedAccount) -> list[Component]:
    bills = " and ".join(_load(each) for each in account.bills)
    told = (
        f"{period.label}, account {account.billing_account_id}: {bills} beside {_load(account.estimate)}. Difference is"
        " the bill less Cost Explorer; days that only one of them has yet are part of it."
    )
    return [html.P(told, className="quiet"), _table(account), *_alone(account)]


def _load(load: CheckedLoad) -> str:
    return f"{load.source} (load #{load.load_id}, up to {load.last_charge_day})"


def _table(account: CheckedAccount) -> Component:
    columns = [
        Column("service", "Service", pinned=True, width=240),
        Column("account", "Account", width=140),
        Column("match", "Found", width=150),
        Column("currency", "Currency", width=100),
        Column("bill", "Billed on the bill", Kind.MONEY),
        Column("estimate", "Billed in Cost Explorer", Kind.MONEY, hint="Unblended cost"),
        Column("difference", "Difference", Kind.MONEY, hint="The bill less Cost Explorer"),
        Column("percent", "% of the bill", Kind.EXACT),
        Column("effective", "Effective on the bill", Kind.MONEY),
        Column("amortized", "Effective in Cost Explorer", Kind.MONEY, hint="Amortized cost"),
        Column("effective_difference", "Difference", Kind.MONEY),
    ]
    rows = [_row(line) for line in account.services]
    name = f"cross-check-{account.billing_account_id}"
    totals = [_total(each) for each in account.totals]
    return money_table(name, f"{QUESTION} Account {account.billing_account_id}", columns, rows, totals=totals)


def _row(line: CheckedService) -> Row:
    names = line.bill_services or line.estimate_services
    return {
        "service": ", ".join(names) or "No service",
        "account": line.sub_account_id,
        "match": _WORDS[line.match],
        **_amounts(line),
    }


def _total(total: CheckedTotal) -> Row:
    return {"service": "Total", **_amounts(total)}


def _amounts(line: CheckedService | CheckedTotal) -> dict[str, str | None]:
    return {
        "currency": line.billing_currency,
        "bill": money(line.billed_cost.bill),
        "estimate": money(line.billed_cost.estimate),
        "difference": money(line.billed_cost.difference),
        "percent": money(line.billed_cost.percent),
        "effective": money(line.effective_cost.bill),
        "amortized": money(line.effective_cost.estimate),
        "effective_difference": money(line.effective_cost.difference),
    }


def _alone(account: CheckedAccount) -> list[Component]:
    """The services that one of the two does not know by name."""
    alone = {
        "Only on the bill": account.only_in_bill,
        "Only in Cost Explorer": account.only_in_estimate,
    }
    items = [html.Li([html.Strong(f"{where}:"), f" {', '.join(names)}"]) for where, names in alone.items() if names]
    return [html.Ul(items, className="quiet", style={"margin": "14px 18px", "paddingLeft": 16})] if items else []
