"""One team's statement: what it owes for a billing month, for what, and how that moved over a year."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.charge import Axis
from app.domain.figure import explain_url
from app.domain.money import percent
from app.domain.period import Period, months_back
from app.domain.viewer import Viewer
from app.reports.budgets import budgets
from app.reports.chargeback import billing_periods
from app.reports.cost_query import CostQuery, Granularity
from app.reports.owed import SharedPart
from app.reports.team_statement import ServiceCharge, TeamStatement, TeamStatementBlock, team_statement
from app.reports.teams import team_names
from frontend.amounts import change_words
from frontend.answer import Question, answers, asking, page
from frontend.clock import today
from frontend.components.attributes import labelled
from frontend.components.budget_bar import budget_card
from frontend.components.explain_link import explain_link
from frontend.components.figure import chart_card, download, graph
from frontend.components.kpi import kpi, total_line
from frontend.components.states import no_bills, no_rows
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.figures import Series, over_time
from frontend.pages.chargeback import asked_metric
from frontend.pages.team_comments import team_comments
from frontend.state import Chart, View, chargeback_url, query_string, trends_url
from frontend.words import METRICS, key_word

PATH = "/chargeback/<team_id>"
TITLE = "Team"
TREND_MONTHS = 13


@page
def layout(team_id: str = "", period: str | None = None, metric: str | None = None, **_params: Any) -> Component:
    """The question: which team, which month, on which cost."""
    return asking("team", team_id=team_id, period=period, metric=metric)


@answers("team")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """The team's statement, the newest month's when none is asked for."""
    months = billing_periods(session, viewer)
    if not months:
        return no_bills()
    team_id = question["team_id"]
    period = Period.parse_month(question["period"]) if question["period"] else Period.month_of(months[0])
    statement = team_statement(session, viewer, period, team_id, asked_metric(question["metric"]))
    name = team_names(session)[team_id]
    everybody = chargeback_url(period.label, statement.metric)
    back = dcc.Link(f"Chargeback {period.label}", href=everybody, className="crumb")
    nothing = no_rows(f"{name} owes nothing for {period.label} and the year before it.", everybody, "All teams")
    blocks = [_block(statement, block, team_id) for block in statement.blocks] or [nothing]
    against = budgets(session, viewer, period, today=today(), team_id=team_id) if statement.statement else None
    budget = [budget_card(each, against) for each in against.budgets] if against else []
    title = [html.Nav(back, **labelled("Breadcrumb")), html.H1(name)]
    return html.Div([*title, *budget, *blocks, team_comments(team_id, period)])


def _block(statement: TeamStatement, block: TeamStatementBlock, team_id: str) -> Component:
    charge, currency, month = block.charge, block.currency, statement.period
    moved = change_words(charge.change, percent(charge.change, charge.previous_total))
    cost_center = [f"cost center {charge.cost_center}"] if charge.cost_center else []
    return html.Section(
        [
            total_line(
                f"{METRICS[statement.metric]} of {month.label}",
                charge.total,
                currency,
                f"{moved} on {month.previous_month().label}",
                *cost_center,
                explain_link(explain_url(None, **_asked(statement, currency, team_id))),
            ),
            html.Div(
                [
                    kpi(
                        "Direct",
                        charge.direct,
                        currency,
                        "charged to this team by the policy's rules",
                        explain_link(explain_url(None, pool=None, **_asked(statement, currency, team_id))),
                    ),
                    *(
                        kpi(
                            part.pool_name,
                            part.amount,
                            currency,
                            _how(part),
                            explain_link(explain_url(None, pool=part.pool_id, **_asked(statement, currency, team_id))),
                        )
                        for part in charge.shared
                    ),
                ],
                className="kpis parts",
            ),
            _trend(statement, block, team_id),
            _services(statement, block, team_id),
        ],
        **labelled(f"Statement in {currency}"),
    )


def _asked(statement: TeamStatement, currency: str, team_id: str) -> dict[str, Any]:
    """What names the team's total to `explain_url`."""
    return {"period": statement.period.start, "team": team_id, "currency": currency, "metric": statement.metric}


def _how(part: SharedPart) -> str:
    return f"its part of a shared cost, split {part.split}" if part.split else "its part of a shared cost"


def _trend(statement: TeamStatement, block: TeamStatementBlock, team_id: str) -> Component:
    months = [month for month, _ in block.trend]
    currency = block.currency
    series = [Series("Total", tuple(amount for _, amount in block.trend))]
    figure = over_time(series, months, granularity=Granularity.MONTH, chart=Chart.BARS, currency=currency)
    year = Period(months_back(statement.period.start, TREND_MONTHS - 1), statement.period.end)
    view = _view(statement, team_id, year)
    return chart_card(
        f"How did it move over the last 13 months, in {currency}?",
        graph(
            figure, name=f"trueup-{team_id}-{currency}", label="Bars: the team's total per billing month", height=240
        ),
        dcc.Link("By service", href=trends_url(view), className="action"),
        download("CSV", f"/api/v1/costs.csv?{view.api_query}"),
    )


def _services(statement: TeamStatement, block: TeamStatementBlock, team_id: str) -> Component:
    columns = [
        Column("service", "Service", link="href", pinned=True, width=260),
        Column("provider", "Provider", width=150),
        Column("total", "Total", Kind.EXACT, link="explain"),
        Column("direct", "Direct", Kind.MONEY, link="explain", query="&pool="),
        Column("shared", "Shared", Kind.MONEY),
        Column("previous", statement.period.previous_month().label, Kind.MONEY),
    ]
    view, asked = _view(statement, team_id, statement.period), _asked(statement, block.currency, team_id)
    rows = [{**_service_row(each, view), "explain": _explained(each, asked)} for each in block.services]
    table = money_table(f"services-{block.currency}", f"Services in {block.currency}", columns, rows)
    query = query_string([("metric", statement.metric.value)])
    files = f"/api/v1/chargeback/{statement.period.label}/teams/{team_id}"
    head = html.Div(
        [
            html.H3(f"What is it for, in {block.currency}?"),
            html.Div(download("CSV", f"{files}.csv?{query}"), className="links"),
        ],
        className="card-head",
    )
    return html.Section([head, table], className="card flush")


def _explained(service: ServiceCharge, asked: dict[str, Any]) -> str:
    provider, name = service.service_provider_name, service.service_name
    return explain_url(None, service_provider_name=provider, service_name=name, **asked)


def _service_row(service: ServiceCharge, view: View) -> Row:
    inside = view.only("service_name", service.service_name).only(
        "service_provider_name", service.service_provider_name
    )
    return {
        "service": key_word("service_name", service.service_name, {}),
        "provider": service.service_provider_name,
        "href": trends_url(inside.ask(group_by=("resource_id",))),
        "total": money(service.total),
        "direct": money(service.direct),
        "shared": money(service.shared),
        "previous": money(service.previous_total),
    }


def _view(statement: TeamStatement, team_id: str, period: Period) -> View:
    """The team's costs of `period` as its bills have them."""
    query = CostQuery(period.start, period.end, statement.metric, Axis.BILLING, group_by=("service_name",))
    return View(query).only("team", team_id)
