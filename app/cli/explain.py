"""`trueup explain`: what a figure is made of."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say, table
from app.db.session import read_session
from app.domain.charge import Metric
from app.domain.figure import figure_from
from app.domain.money import plain
from app.domain.statement import CostType, StatementState
from app.domain.viewer import operator

if TYPE_CHECKING:
    from app.domain.explanation import Leaf
    from app.reports.explain import Explanation
    from app.reports.explain_rows import SourceRows

Text = Annotated[str | None, typer.Option(help="Only what has this; '' for only what has none.")]


def explain(
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="The billing period, YYYY-MM.")],
    *,
    team: Annotated[str | None, typer.Option(help="A team's id; '' for the unallocated cost.")] = None,
    service: Text = None,
    provider: Text = None,
    cost_type: Annotated[CostType | None, typer.Option(help="The kind of a statement line.")] = None,
    pool: Text = None,
    currency: Text = None,
    invoice: Text = None,
    adjusts: Annotated[str | None, typer.Option(help="The closed billing period that lines correct.")] = None,
    state: Annotated[
        StatementState | None, typer.Option(help="Which statement; the one that binds if left out.")
    ] = None,
    metric: Annotated[Metric | None, typer.Option(help="Which cost; the statement's own if left out.")] = None,
    rows_of: Annotated[
        int | None, typer.Option("--rows", metavar="CHARGE_KEY", help="The rows of bills behind a charge key instead.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many leaves or rows to show.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Explain a figure: the charges, rules and shares it is made of.

    Example: trueup explain 2026-03 --team search --service 'Amazon EC2'
    """
    given = {
        "period": period,
        "team": team,
        "service_name": service,
        "service_provider_name": provider,
        "cost_type": cost_type,
        "pool": pool,
        "currency": currency,
        "invoice_id": invoice,
        "adjusts_period": adjusts,
        "state": state,
        "metric": metric,
    }
    figure = figure_from({name: str(value) for name, value in given.items() if value is not None})
    with read_session() as session:
        if rows_of is not None:
            from app.reports.explain_rows import source_rows

            rows = source_rows(session, operator(), figure, rows_of, limit=limit)
            answer(asdict(rows)) if as_json else _show_rows(rows)
            return
        from app.reports.explain import explain as explained

        found = explained(session, operator(), figure, limit=limit)
    answer(asdict(found)) if as_json else _show(found)


def _show(found: "Explanation") -> None:
    from app.reports.explain_words import sentence

    say(f"{sentence(found)}.")
    on = f"the {found.state.value} statement" if found.state else "live charges"
    say(f"On {found.metric.value} of {found.span.label}, from {on}; policy version {found.policy_version or 'none'}.")
    rows: list[tuple[object, ...]] = [_leaf_cells(leaf) for leaf in found.leaves]
    if found.rest.leaves:
        rows.append((f"{found.rest.leaves:,} others", *[None] * 6, found.rest.amount))
    rows += [
        (each.cost_type.value, each.service_name, each.formula, *[None] * 4, each.amount) for each in found.workings
    ]
    if found.rest_of_workings.leaves:
        rows.append((f"{found.rest_of_workings.leaves:,} other lines", *[None] * 6, found.rest_of_workings.amount))
    if found.rounding:
        rows.append(("rounding", *[None] * 6, found.rounding))
    table(("charge key", "service", "rule", "line", "owner", "cost", "share", "amount"), rows, right=(3, 5, 6, 7))
    for pool in found.pools:
        say(f"{pool.name} is split {pool.split}: {pool.source}.")
        table(
            ("team", "weight", "share"),
            [(each.team_id or each.pool_id or "others", each.weight, each.share) for each in pool.weights],
            right=(1, 2),
        )


def _leaf_cells(leaf: "Leaf") -> tuple[object, ...]:
    named = leaf.dimensions.get("resource_id") or leaf.dimensions.get("sku_id") or ""
    return (
        f"{leaf.charge_key} {named}".strip(),
        leaf.dimensions.get("service_name"),
        leaf.rule.name if leaf.rule else None,
        leaf.rule.line if leaf.rule else None,
        leaf.team_id or leaf.pool_id,
        leaf.cost,
        leaf.share,
        leaf.amount,
    )


def _show_rows(found: "SourceRows") -> None:
    say(f"{found.total_rows:,} rows of bills come to {plain(found.amount)} {found.currency}.")
    table(
        ("source", "file", "row", "charge period", "cost", "share", "amount"),
        [
            (
                item.source,
                item.file,
                item.row_number,
                item.charge_period_start,
                getattr(item, found.metric),
                item.share,
                item.amount,
            )
            for item in found.items
        ],
        right=(2, 4, 5, 6),
    )
