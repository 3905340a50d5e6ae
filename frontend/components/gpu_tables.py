"""Tables of the GPU pages: the league of teams, nodes, boards; and workloads as a scatter of activity and memory."""

from collections.abc import Callable, Sequence

from dash import html
from dash.development.base_component import Component

from app.domain.gpu.states import WasteState
from app.domain.money import percent
from app.reports.gpu_boards import BoardRow
from app.reports.gpu_utilization import UtilizationReport
from app.reports.gpu_waste import WasteBlock
from frontend.components.figure import chart_card, download, graph
from frontend.components.gpu_controls import team_word
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.gpu_figures import scatter
from frontend.gpu_view import GpuView, gpu_url, node_url

MOST_LINES = 1000  # beyond this a file serves better than a page
MOST_POINTS = 400  # of those that held GPUs longest
TEAMS_NAMED = 7
MOSTLY = 0.5

_MONEY = (
    Column("hours", "GPU-hours", Kind.MONEY),
    Column("amount", "Effective cost", Kind.MONEY),
    Column("waste", "Waste", Kind.MONEY),
    Column("share", "Of its cost", Kind.PERCENT, width=100),
    Column("capacity", "Recoverable capacity", Kind.MONEY, hint="Useful if work is waiting for GPUs"),
    Column("bill", "Recoverable on the bill", Kind.MONEY, hint="Whole empty nodes that no commitment pays for"),
)


def league_card(block: WasteBlock, view: GpuView, teams: dict[str, str]) -> Component:
    """Teams by waste, most first; a team leads to the page of its own GPUs."""
    return _ranking(
        block,
        f"Which team wastes most, in {block.currency}?",
        Column("name", "Team", link="href", pinned=True, width=200),
        lambda key: {"name": team_word(key, teams), "href": gpu_url(view.only("team", key))},
        view.api("waste.csv", ("group_by", "team")),
    )


def nodes_card(block: WasteBlock, view: GpuView) -> Component:
    """Nodes by waste, most first; a node leads to its page."""

    def named(key: str | None) -> dict[str, str | None]:
        if key is None:
            return {"name": "Not known to telemetry", "href": gpu_url(view.only("node", None))}
        return {"name": key, "href": node_url(key, view)}

    return _ranking(
        block,
        f"On which node, in {block.currency}?",
        Column("name", "Node", link="href", pinned=True, width=240),
        named,
        view.api("waste.csv", ("group_by", "node")),
    )


def boards_card(boards: Sequence[BoardRow], view: GpuView) -> Component:
    """Boards with their hours, cost and last owner."""
    columns = (
        Column("name", "GPU", pinned=True, width=260),
        Column("model", "Model", width=120),
        *_MONEY[:4],
        Column("idle", "Idle, held", Kind.MONEY, hint="GPU-hours without activity for the idle threshold or longer"),
        Column("owner", "Last workload"),
        Column("seen", "Last seen, UTC", width=140),
    )
    rows: list[Row] = [
        {
            "name": each.gpu_uuid,
            "model": each.model,
            "hours": money(each.gpu_hours),
            "amount": money(each.amount),
            "waste": money(each.waste),
            "share": money(percent(each.waste, each.amount)),
            "idle": money(each.hours_in(WasteState.IDLE_HELD)),
            "owner": each.last_owner,
            "seen": f"{each.last_seen_at:%Y-%m-%d %H:%M}" if each.last_seen_at else None,
        }
        for each in boards[:MOST_LINES]
    ]
    table = money_table("gpu-boards", "Boards", columns, rows)
    return _flush("Which GPUs are in it?", table, download("CSV", view.api("boards.csv")))


def scatter_card(report: UtilizationReport, view: GpuView, teams: dict[str, str]) -> Component:
    """Workloads by activity and memory: memory full and activity near nothing is a model that is only held."""
    found = [row for row in report.rows if row.keys[1] and row.activity_avg is not None and row.memory_used_ratio]
    found = [row for row in found if (row.suspect_ratio or 0) < MOSTLY]  # what cannot be believed is not drawn
    found = sorted(found, key=lambda row: -row.observed_hours)[:MOST_POINTS]
    points: dict[str, list[tuple[str, float, float, float]]] = {}
    for row in found:
        team = team_word(row.keys[0], teams)
        team = team if team in points or len(points) < TEAMS_NAMED - 1 else "Other teams"
        point = (row.keys[1] or "", row.activity_avg or 0.0, row.memory_used_ratio or 0.0, row.observed_hours)
        points.setdefault(team, []).append(point)
    question = "Who holds memory and does little? Activity against memory"
    facts = GpuView(view.start, view.end, view.fact_filters)
    link = download("CSV", facts.api("utilization.csv", ("group_by", "team"), ("group_by", "owner")))
    if not points:
        nothing = "No workload has both activity and memory in these days."
        return chart_card(question, html.P(nothing, className="quiet"), link)
    label = f"Scatter of {len(found)} workloads by mean activity and most memory used; the CSV has the figures"
    return chart_card(question, graph(scatter(points), name="trueup-gpu-scatter", label=label, height=420), link)


def _ranking(
    block: WasteBlock,
    question: str,
    first: Column,
    named: Callable[[str | None], dict[str, str | None]],
    file: str,
) -> Component:
    rows = sorted(block.rows, key=lambda row: (-row.waste, row.keys[0] or ""))
    lines: list[Row] = [
        {
            **named(row.keys[0]),
            "hours": money(row.gpu_hours),
            "amount": money(row.amount),
            "waste": money(row.waste),
            "share": money(percent(row.waste, row.amount)),
            "capacity": money(row.recoverable_capacity),
            "bill": money(row.recoverable_bill),
        }
        for row in rows[:MOST_LINES]
    ]
    name = f"gpu-{first.header.lower()}-{block.currency}"
    return _flush(question, money_table(name, question, (first, *_MONEY), lines), download("CSV", file))


def _flush(question: str, table: Component, *links: Component) -> Component:
    head = html.Div([html.H3(question), html.Div(list(links), className="links")], className="card-head")
    return html.Section([head, table], className="card flush")
