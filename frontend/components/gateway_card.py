"""What a gateway estimated beside what the vendors it calls have billed: a line for each model, in named parts."""

from dash import html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.gateway_variance import LINE_WORDS, LINES, MATCHES, Match, Variance
from app.domain.gateway_vendors import WHY_NOT, VendorVariance
from app.domain.period import Period
from app.domain.viewer import Viewer
from app.reports.gateway import GatewayVariance, gateway_months, gateway_variance
from frontend.amounts import readable
from frontend.components.figure import download
from frontend.components.table import Column, Kind, Row, money, money_table

QUESTION = "Does the gateway's estimate agree with the invoices?"
_HINTS = {
    "price": "The tokens that the gateway logged, at billed prices less at its own",
    "quantity": "Tokens billed less tokens logged, at the average billed price",
    "cache_class": "Tokens billed in another class than logged: cached or not",
    "missing_logs": "Models, days and accounts that the gateway never saw",
    "other_charges": "What is metered in no tokens: credits, tools, images",
    "unexplained": "No price is known for a class that was logged",
}


def gateway_card(session: Session, viewer: Viewer) -> Component:
    """The variance of the newest month that a gateway has told of. Nothing where there is no gateway."""
    months = gateway_months(session, viewer)
    if not months:
        return html.Div()
    report = gateway_variance(session, viewer, Period.month_of(months[0]))
    query = f"period={report.period.label}"
    links = [
        download("By day as CSV", f"/api/v1/gateway/variance.csv?{query}"),
        download("Invoices by team and key", f"/api/v1/gateway/allocation.csv?{query}"),
    ]
    head = html.Div([html.H3(QUESTION), html.Div(links, className="links")], className="card-head")
    return html.Section(
        [head, html.P(_summary(report), className="quiet"), *_tables(report), *_rest(report)], className="card flush"
    )


def _summary(report: GatewayVariance) -> str:
    told = f"{report.period.label}, {' and '.join(report.gateways)}. Estimate plus variance is what was billed."
    return told if report.vendors else f"{told} No vendor's bill can be compared."


def _tables(report: GatewayVariance) -> list[Component]:
    return [_table(vendor) for vendor in report.vendors]


def _table(vendor: VendorVariance) -> Component:
    columns = [
        Column("model", f"{vendor.service_provider_name}'s model", pinned=True, width=220),
        Column("match", "Named", width=150),
        Column("estimate", "Gateway's estimate", Kind.MONEY),
        Column("billed", "Billed cost", Kind.MONEY, hint="Of live charges"),
        Column("variance", "Variance", Kind.MONEY, hint="Billed cost less the estimate; what follows adds up to it"),
        *(Column(line, LINE_WORDS[line], Kind.MONEY, hint=_HINTS[line]) for line in LINES),
    ]
    rows: list[Row] = [
        {
            "model": model.model or "No model",
            "match": _match(model.match, model.gateway_models),
            **_amounts(model.amounts),
        }
        for model in vendor.models
    ]
    total: Row = {"model": f"Total in {vendor.billing_currency}", **_amounts(vendor.amounts)}
    name = f"{vendor.service_provider_name} in {vendor.billing_currency}"
    return money_table(f"gateway-{vendor.service_provider_name}", f"{QUESTION} {name}", columns, rows, totals=[total])


def _match(match: Match, names: tuple[str, ...]) -> str:
    return f"As {', '.join(names)}" if match is Match.BOTH and names else MATCHES[match]


def _amounts(amounts: Variance) -> dict[str, str | None]:
    return {
        "estimate": money(amounts.estimate),
        "billed": money(amounts.billed),
        "variance": money(amounts.variance),
        **{line: money(getattr(amounts.lines, line)) for line in LINES},
    }


def _rest(report: GatewayVariance) -> list[Component]:
    """The estimates that stand beside no bill."""
    items = [
        html.Li(
            [
                html.Strong(f"{each.service_provider_name or 'No provider'}:"),
                f" {readable(each.estimate)} {each.unit} estimated. {WHY_NOT[each.why]}.",
            ]
        )
        for each in report.not_compared
    ]
    return [html.Ul(items, className="quiet", style={"margin": "14px 18px", "paddingLeft": 16})] if items else []
