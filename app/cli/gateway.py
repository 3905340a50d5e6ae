"""`trueup gateway`: a gateway's estimate beside the vendors' invoices."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say, table
from app.db.session import read_session
from app.domain.period import Period
from app.domain.viewer import operator

if TYPE_CHECKING:
    from app.domain.gateway_vendors import VendorVariance

app = typer.Typer(help="A gateway's estimate beside the vendors' invoices.", no_args_is_help=True)
Month = Annotated[str, typer.Argument(metavar="PERIOD", help="The billing period, YYYY-MM.")]
_NOTHING = "No gateway has handed over what it logged. `trueup sources add litellm NAME` adds one."


@app.command()
def variance(
    period: Month,
    days: Annotated[bool, typer.Option("--days", help="A line for each day.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how what vendors bill differs from what the gateway estimated, and why, by model.

    Example: trueup gateway variance 2026-03
    """
    from app.domain.gateway_vendors import WHY_NOT
    from app.reports.gateway import gateway_variance

    with read_session() as session:
        report = gateway_variance(session, operator(), Period.parse_month(period))
    if as_json:
        answer(asdict(report))
        return
    if not report.gateways:
        say(_NOTHING)
    for vendor in report.vendors:
        _tell(vendor, report.period, days=days)
    for each in report.not_compared:
        provider = each.service_provider_name or "No provider"
        say(f"{provider}: {each.estimate:f} {each.unit} estimated, not compared. {WHY_NOT[each.why]}.")


def _tell(vendor: "VendorVariance", period: Period, *, days: bool) -> None:
    from app.domain.gateway_variance import LINE_WORDS, LINES, MATCHES, Variance

    def cells(amounts: Variance) -> tuple[object, ...]:
        lines = (getattr(amounts.lines, line) for line in LINES)
        return (amounts.estimate, amounts.billed, amounts.variance, *lines)

    say(f"{vendor.service_provider_name}  {period.label}  {vendor.billing_currency}")
    rows: list[tuple[object, ...]] = []
    for model in vendor.models:
        rows.append((model.model or "No model", MATCHES[model.match], *cells(model.amounts)))
        rows += [(f"  {day.day or 'the month'}", None, *cells(day.amounts)) for day in model.days if days]
    rows.append(("Total", None, *cells(vendor.amounts)))
    headers = ("model", "named", "estimate", "billed", "variance", *(LINE_WORDS[line].lower() for line in LINES))
    table(headers, rows, right=range(2, len(headers)))


@app.command()
def allocation(period: Month, as_json: AsJson = False) -> None:
    """Show whose the vendors' invoices are by team, API key and model, in proportion to the gateway's spend.

    Example: trueup gateway allocation 2026-03
    """
    from app.reports.gateway import gateway_allocation

    with read_session() as session:
        report = gateway_allocation(session, operator(), Period.parse_month(period))
    if as_json:
        answer(asdict(report))
        return
    if not report.gateways:
        say(_NOTHING)
    for invoice in report.invoices:
        say(f"{invoice.service_provider_name}  {report.period.label}  {invoice.billing_currency}")
        rows: list[tuple[object, ...]] = [
            (line.team, line.api_key, line.model, line.gateway_spend, line.amount) for line in invoice.lines
        ]
        rows.append(("Total", None, None, None, invoice.billed))
        table(("team", "key", "model", f"gateway spend ({invoice.unit})", "amount"), rows, right=(3, 4))
