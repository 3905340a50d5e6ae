"""What a figure is made of, as tables that add up to it."""

from dash import dcc, html
from dash.development.base_component import Component

from app.domain.explanation import Leaf, PoolWorking, RuleUsed, Term, Weight, Working
from app.domain.figure import figure_url
from app.domain.money import plain, total
from app.reports.explain import LEAVES, Explanation
from frontend.amounts import exact
from frontend.components.attributes import labelled
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.words import UNALLOCATED, key_word

Teams = dict[str, str]


def leaves_card(found: Explanation, query: str, teams: Teams, number: int) -> Component:
    """Charge keys × rule × share, the largest first; each leads to its rows and files."""
    columns = [
        Column("key", "Charge key", link="href", pinned=True, width=300),
        Column("amount", "Amount", Kind.EXACT, hint="Cost × share, every digit"),
        Column("service", "Service", width=180),
        Column("rule", "Rule", width=220, hint="The policy's rule that owns the charges, and its line"),
        Column("owner", "Owner", width=140),
        Column("cost", "Cost", Kind.EXACT, hint="Before sharing"),
        Column("share", "Share", width=140, hint="What the teams of the figure pay of it"),
        Column("days", "Days of use", width=190),
        Column("rows", "Rows", Kind.COUNT, width=90),
    ]
    rows = [_leaf(leaf, query, teams) for leaf in found.leaves]
    totals: list[Row] = []
    if found.rest.leaves:
        totals.append({"key": f"All others ({found.rest.leaves:,})", "amount": money(found.rest.amount)})
    worked = total((*(each.amount for each in found.workings), found.rest_of_workings.amount))
    if found.workings:
        totals.append({"key": "Lines worked out from others", "amount": money(worked)})
    totals.append({"key": "Exactly", "amount": money(found.exact)})
    return html.Section(
        [
            html.H3("Which charges is it made of?"),
            money_table("leaves", "Charges of the figure", columns, rows, totals=totals),
            _pages(found, query, number),
        ],
        className="card flush",
    )


def _leaf(leaf: Leaf, query: str, teams: Teams) -> Row:
    return {
        "key": leaf.dimensions.get("resource_id") or leaf.dimensions.get("sku_id") or f"Charge key {leaf.charge_key}",
        "href": f"/explain?{query}&charge_key={leaf.charge_key}",
        "service": key_word("service_name", leaf.dimensions.get("service_name"), {}),
        "rule": _rule(leaf.rule),
        "owner": _owner(leaf.team_id, leaf.pool_id, teams),
        "cost": money(leaf.cost),
        "share": plain(leaf.share),
        "amount": money(leaf.amount),
        "days": f"{leaf.first_day} to {leaf.last_day}",
        "rows": leaf.row_count,
    }


def _rule(rule: RuleUsed | None) -> str:
    if rule is None:
        return "No rule"
    return f"{rule.name}, line {rule.line}" if rule.line else rule.name


def _owner(team_id: str | None, pool_id: str | None, teams: Teams) -> str:
    if pool_id is not None:
        return f"Pool {pool_id}"
    return UNALLOCATED if team_id is None else teams.get(team_id, team_id)


def _pages(found: Explanation, query: str, number: int) -> Component:
    if found.leaf_count <= LEAVES:
        return html.Span()
    last = -(-found.leaf_count // LEAVES)
    links = [
        dcc.Link(word, href=f"/explain?{query}&page={target}", className="action")
        for word, target in (("Previous", number - 1), ("Next", number + 1))
        if 1 <= target <= last
    ]
    return html.Nav([html.Span(f"Page {number:,} of {last:,}"), *links], className="page-links", **labelled("Pages"))


def rules_card(found: Explanation, teams: Teams) -> Component:
    """What each rule of the policy adds."""
    columns = [
        Column("rule", "Rule", pinned=True, width=300),
        Column("owner", "Gives to", width=200),
        Column("keys", "Charge keys", Kind.COUNT),
        Column("amount", "Amount", Kind.EXACT),
    ]
    rows: list[Row] = [
        {
            "rule": _rule(each.rule),
            "owner": _owner(each.team_id, each.pool_id, teams),
            "keys": each.charge_keys,
            "amount": money(each.amount),
        }
        for each in found.rules
    ]
    table = money_table("rules", "Rules of the policy", columns, rows)
    return html.Section([html.H3("By which rules?"), table], className="card flush")


def workings_card(found: Explanation, teams: Teams) -> list[Component]:
    """The working of every line that no charge stands behind."""
    cards = [_working(each, found.currency, teams) for each in found.workings]
    if found.rest_of_workings.leaves:
        words = f"{found.rest_of_workings.leaves:,} more lines come to {exact(found.rest_of_workings.amount)}"
        cards.append(html.P(f"{words} {found.currency}.", className="quiet"))
    return cards


def _working(working: Working, currency: str, teams: Teams) -> Component:
    whom = _owner(working.team_id, None, teams)
    what = working.cost_type.value.replace("_", " ")
    of = f" of {working.service_name}" if working.service_name else ""
    links = [
        dcc.Link(words, href=figure_url(None, parameters), className="action")
        for words, parameters in working.from_figures
    ]
    causes = [html.P(f"Caused by {_caused(working)}.", className="quiet")] if working.causes else []
    return html.Section(
        [
            html.H3(f"{whom}: {what}{of}, {exact(working.amount)} {currency}"),
            html.P(working.formula),
            html.Ul([html.Li(_term(term)) for term in working.terms]),
            *causes,
            html.Div(links, className="links"),
        ],
        className="card",
    )


def _term(term: Term) -> str:
    return f"{term.words}: {exact(term.amount)} {term.unit}"


def _caused(working: Working) -> str:
    """`loads 3, 4 (before: 1, 2), policy versions 5 (before: 4)`."""
    told = []
    for name, change in (working.causes or {}).items():
        if isinstance(change, dict):
            told.append(
                f"{name.replace('_', ' ')} {_numbers(change.get('after'))} (before: {_numbers(change.get('before'))})"
            )
    return ", ".join(told)


def _numbers(value: object) -> str:
    values = value if isinstance(value, list) else [value]
    return ", ".join(str(each) for each in values if each is not None) or "none"


def pools_card(pool: PoolWorking, teams: Teams) -> Component:
    """The weights by which a pool was split, and where they are from."""
    columns = [
        Column("who", "Who pays", pinned=True, width=260),
        Column("weight", f"Weight{f' in {pool.unit}' if pool.unit else ''}", Kind.EXACT),
        Column("share", "Share", Kind.EXACT),
    ]
    rows = [_weight(each, teams) for each in pool.weights]
    loads = f" of loads {', '.join(map(str, pool.loads))}" if pool.loads else ""
    line = f"; line {pool.line} of policy version {pool.policy_version}" if pool.line else ""
    left_out = f" Left out, for no team that pays: {exact(pool.left_out)} {pool.unit}." if pool.left_out else ""
    return html.Section(
        [
            html.H3(f"How was {pool.name} split in {pool.billing_period_start:%Y-%m}?"),
            html.P(f"{pool.split.capitalize()}: {pool.source}{loads}{line}.{left_out}", className="quiet"),
            money_table(
                f"pool-{pool.pool_id}-{pool.billing_period_start}",
                f"Weights of {pool.name}",
                columns,
                rows,
                totals=[{"who": "What this figure pays", "share": money(pool.share)}],
            ),
        ],
        className="card flush",
    )


def _weight(weight: Weight, teams: Teams) -> Row:
    nameless = "Others, together" if weight.pool_id is None else f"Pool {weight.pool_id}"
    who = nameless if weight.team_id is None else teams.get(weight.team_id, weight.team_id)
    return {
        "who": f"{who} (in this figure)" if weight.in_figure else who,
        "weight": money(weight.weight),
        "share": money(weight.share),
    }
