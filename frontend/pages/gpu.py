"""GPUs: where paid time went, in money; when each board was busy; who holds memory and does little."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from dash import Input, Output, State, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from app.domain.viewer import Viewer
from app.reports.gpu_ground import GpuGround, gpu_ground
from app.reports.gpu_heat import gpu_heat
from app.reports.gpu_query import HeatMeasure, HeatQuestion, UtilizationQuestion, WasteQuestion, instant
from app.reports.gpu_utilization import gpu_utilization
from app.reports.gpu_waste import WasteReport, gpu_waste
from app.reports.teams import team_names
from frontend.answer import Question, answers, asking, leading_to, page
from frontend.callback import callback
from frontend.clock import today
from frontend.components.gpu_controls import gpu_chips, gpu_controls
from frontend.components.gpu_heat import AS_DRAGGED, GRAPH, ZOOM, address, heat_card, zoomed_to
from frontend.components.gpu_tables import league_card, nodes_card, scatter_card
from frontend.components.gpu_waterfall import no_paid_time, waterfall_cards
from frontend.components.kpi import total_line
from frontend.components.states import no_telemetry
from frontend.gpu_view import PATH as GPU_PATH
from frontend.gpu_view import GpuView, gpu_url
from frontend.pages.gpu_findings import findings_inbox

PATH = GPU_PATH
TITLE = "GPUs"
WEEK, DAY = timedelta(days=7), timedelta(days=1)


@page
def layout(**params: Any) -> Component:
    """The question: which days, of what; the answers follow, each as soon as it is there."""
    view = GpuView.parse(params)
    return html.Div(
        [
            html.H1("GPUs"),
            leading_to("gpu-url"),
            address(),
            asking("gpu", search=view.search),
            findings_inbox(view.search),
            asking("gpu-heat", search=view.search, zoom=AS_DRAGGED if view.zoom else "all"),
            asking("gpu-scatter", search=view.search),
        ]
    )


@answers("gpu")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """Waterfall, league of teams and nodes of every currency."""
    ground = gpu_ground(session, viewer)
    if ground.newest_paid is None and ground.newest_telemetry is None:
        return no_telemetry()
    view, span = resolved(question["search"], ground)
    teams = team_names(session)
    parts = {
        name: gpu_waste(session, viewer, WasteQuestion(*span, group_by=(name,), filters=view.filters))
        for name in ("state", "team", "node")
    }
    blocks: list[Component] = [
        html.Section(
            [
                total_line("Effective cost of GPUs", block.total, block.currency),
                *waterfall_cards(block, view),
                *(league_card(each, view, teams) for each in _of(parts["team"], block.currency)),
                *(nodes_card(each, view) for each in _of(parts["node"], block.currency)),
            ]
        )
        for block in sorted(parts["state"].blocks, key=lambda each: -each.gpu_hours)
    ]
    missing = [no_telemetry()] if ground.newest_telemetry is None else []
    return html.Div(
        [
            gpu_controls(view, span, today()),
            gpu_chips(view, teams, url=gpu_url),
            *missing,
            *(blocks or [no_paid_time()]),
        ]
    )


@answers("gpu-heat")
def answer_heat(session: Session, viewer: Viewer, question: Question) -> Component:
    """The heat map, of all days or of the hours that were zoomed in on."""
    ground = gpu_ground(session, viewer)
    if ground.newest_telemetry is None:
        return html.Div()
    view, span = resolved(question["search"], ground)
    hours = view.zoom or tuple(datetime.combine(day, time(), UTC) for day in span)
    asked = HeatQuestion(hours[0], hours[1], view.measure, filters=view.fact_filters)
    return heat_card(gpu_heat(session, viewer, asked), view, zoom=question["zoom"])


@answers("gpu-scatter")
def answer_scatter(session: Session, viewer: Viewer, question: Question) -> Component:
    """Workloads by activity and memory."""
    ground = gpu_ground(session, viewer)
    if ground.newest_telemetry is None:
        return html.Div()
    view, span = resolved(question["search"], ground)
    asked = UtilizationQuestion(*span, group_by=("team", "owner"), filters=view.fact_filters)
    return scatter_card(gpu_utilization(session, viewer, asked), view, team_names(session))


def resolved(search: str, ground: GpuGround) -> tuple[GpuView, tuple[date, date]]:
    """The view with its days: those of the URL, else the newest there are."""
    view = GpuView.from_search(search)
    first, last = ground.span(today())
    end = view.end or last
    span = (view.start or min(first, end - timedelta(days=1)), end)
    return replace(view, start=span[0], end=span[1]), span


@callback(
    Output("gpu-url", "search"),
    Input("gpu-span", "value"),
    Input("gpu-measure", "value"),
    State("gpu-shown", "data"),
    prevent_initial_call=True,
)
def change_question(span: Sequence[str | None], measure: str, shown: dict[str, Any]) -> Any:
    """The URL of the days and the measure that were picked."""
    if not all(span):  # half a range: the second day is still being picked
        return no_update
    first, last = (date.fromisoformat(day) for day in span if day)
    days, view = (first, last + timedelta(days=1)), GpuView.from_search(shown["search"])
    changed = replace(view, measure=HeatMeasure(measure))
    if [str(day) for day in days] != shown["span"]:
        changed = changed.days(days)
    return no_update if changed == view else changed.search


@callback(
    Output("gpu-heat-asked", "data"),
    Output("gpu-heat-url", "search"),
    Input(GRAPH, "relayoutData"),
    Input(ZOOM, "value"),
    State("gpu-heat-asked", "data"),
    State("gpu-heat-end", "data"),
    prevent_initial_call=True,
)
def zoom_heat(
    relayout: dict[str, Any] | None, chosen: str, asked: dict[str, str], end: str
) -> tuple[dict[str, str], str]:
    """The heat map's question again, for the hours that were dragged over or chosen; the URL remembers them."""
    view = GpuView.from_search(asked["search"])
    dragged = zoomed_to(relayout) if chosen == asked["zoom"] else None
    if dragged is None and chosen == asked["zoom"]:
        raise PreventUpdate
    zoom, name = _zoom(dragged, chosen, date.fromisoformat(end))
    changed = replace(view, zoom=zoom)
    if changed == view:
        raise PreventUpdate
    return {"search": changed.search, "zoom": name}, changed.search


def _zoom(dragged: tuple[str, str] | None, chosen: str, end: date) -> tuple[tuple[datetime, datetime] | None, str]:
    last = datetime.combine(end, time(), UTC)
    if dragged is not None:
        return ((instant(dragged[0]), instant(dragged[1])), AS_DRAGGED) if all(dragged) else (None, "all")
    spans = {"week": (last - WEEK, last), "day": (last - DAY, last)}
    return spans.get(chosen), chosen


def _of(report: WasteReport, currency: str) -> list[Any]:
    return [block for block in report.blocks if block.currency == currency and block.rows]
