"""`trueup fx`: rates between currencies, and what they do to a change."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import AsJson, answer, say, table
from app.db.session import read_session, write_session
from app.domain.charge import Metric
from app.domain.period import Period
from app.domain.policy import FxMethod
from app.domain.viewer import operator
from app.errors import BadInput

app = typer.Typer(help="Rates between currencies, and what they do to a change.", no_args_is_help=True)
Method = Annotated[FxMethod | None, typer.Option(help="How a month's rate is made; the policy's own when left out.")]
_MOST = 100_000


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file of rates.")], as_json: AsJson = False
) -> None:
    """Take in rates from a CSV file, or nothing if a row cannot be read.

    It may be the European Central Bank's eurofxref-hist.csv, the CSV of its data portal (dataset EXR), or a file with
    the columns day, base_currency, quote_currency and rate. A day written as 2026-03 has the average of that month.

    Example: trueup fx import eurofxref-hist.csv
    """
    from app.actions.fx import import_rates

    with write_session() as session:
        imported = import_rates(session, operator(), _read(file), file.name)
    if as_json:
        answer({**asdict(imported), "unchanged": imported.unchanged})
        return
    say(
        f"{imported.rates:,} rates: {imported.new:,} new, {len(imported.corrected):,} corrected,"
        f" {imported.unchanged:,} known already."
    )
    if imported.corrected:
        rows = [(c.quote.day, c.quote.base, c.quote.quote, c.before, c.quote.rate) for c in imported.corrected]
        table(("day", "base", "quote", "rate before", "rate"), rows, right=(3, 4))


@app.command("list")
def list_rates(
    base: Annotated[str | None, typer.Option(help="Only of one unit of this currency.")] = None,
    quote: Annotated[str | None, typer.Option(help="Only in this currency.")] = None,
    period: Annotated[str | None, typer.Option(help="Only of this month, YYYY-MM.")] = None,
    superseded: Annotated[bool, typer.Option("--superseded", help="Corrected rates too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List rates, those imported last first.

    Example: trueup fx list --base EUR --quote USD --period 2026-03
    """
    from app.domain.fx import WantedRates
    from app.reports.fx import fx_rates

    month = Period.parse_month(period) if period else None
    wanted = WantedRates(base, quote, month.start if month else None, month.end if month else None, superseded)
    with read_session() as session:
        found = fx_rates(session, operator(), wanted, limit=_MOST)
    if as_json:
        answer([asdict(each) for each in found])
        return
    table(
        ("day", "base", "quote", "rate", "from", "imported", "superseded"),
        [
            (f"{each.day:%Y-%m}" if each.monthly else each.day, each.base_currency, each.quote_currency, each.rate,
             each.imported_from, each.imported_at, each.superseded_at)
            for each in found
        ],
        right=(3,),
    )  # fmt: skip


@app.command()
def rate(
    base: Annotated[str, typer.Argument(help="The currency of which one unit is meant.")],
    quote: Annotated[str, typer.Argument(help="The currency in which it is priced.")],
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="The billing period, YYYY-MM.")],
    method: Annotated[FxMethod, typer.Option(help="How a month's rate is made.")] = FxMethod.MONTHLY_AVERAGE,
    as_json: AsJson = False,
) -> None:
    """Show the rate by which a billing period's amounts are turned, and the days it rests on.

    Example: trueup fx rate USD EUR 2026-03
    """
    from app.reports.fx import fx_rate

    with read_session() as session:
        used = fx_rate(session, operator(), base, quote, period=Period.parse_month(period), method=method)
    if as_json:
        answer(asdict(used))
        return
    through = f", through {used.via}" if used.via else ""
    days = f"{used.days} days from {used.first_day} to {used.last_day}" if used.days > 1 else f"{used.first_day}"
    rests = f"{used.first_day:%Y-%m} as published" if used.monthly else days
    say(
        f"1 {base} = {used.rate} {quote} in {period} ({method.value}{through}; {rests if used.first_day else 'itself'})"
    )


@app.command()
def compare(  # noqa: PLR0917  (typer passes one argument for each option)
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="The billing period, YYYY-MM.")],
    other: Annotated[str, typer.Option("--with", help="The billing period to set it beside; the one before.")] = "",
    currency: Annotated[str | None, typer.Option(help="In which currency; the policy's own when left out.")] = None,
    method: Method = None,
    metric: Annotated[Metric | None, typer.Option(help="Which cost; the policy's own when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Set a billing period beside another in the reporting currency, the effect of exchange rates apart.

    Example: trueup fx compare 2026-03 --with 2026-02
    """
    from app.reports.currency_comparison import currency_comparison

    month = Period.parse_month(period)
    with read_session() as session:
        report = currency_comparison(
            session,
            operator(),
            month,
            Period.parse_month(other) if other else month.previous_month(),
            today=datetime.now(UTC).date(),
            currency=currency,
            method=method,
            metric=metric,
        )
    if as_json:
        answer(asdict(report))
        return
    say(f"{report.period.label} beside {report.compared_with.label}  {report.metric.value}  {report.currency}")
    lines = [(each.name, each.amounts) for each in (*report.teams, report.unallocated)]
    table(
        ("team", "before", "now", "change", "cost effect", "FX effect"),
        [
            (name, each.before, each.now, each.change, each.cost_effect, each.fx_effect)
            for name, each in [*lines, ("Total", report.total)]
        ],
        right=(1, 2, 3, 4, 5),
    )
    for each in report.rates:
        say(f"1 {each.billing_currency} was {each.before.rate} and is {each.now.rate} {report.currency}")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not UTF-8 ({error}). Save it as UTF-8.") from error
