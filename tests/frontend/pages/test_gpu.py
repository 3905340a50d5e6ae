"""The GPU pages: the URL is their state, figures are the report's, and without telemetry they say what to do."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from app.domain.gpu.minutes import span
from app.domain.gpu.states import STATES, WasteState
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput
from app.reports.gpu_ground import GpuGround
from app.reports.gpu_heat import HeatMap, HeatRow
from app.reports.gpu_query import HeatMeasure
from frontend.components.gpu_heat import zoomed_to
from frontend.gpu_figures import PAID, heat_figure, waterfall
from frontend.gpu_view import GpuView, node_url
from frontend.gpu_words import STATE_WORDS
from frontend.pages import gpu, gpu_findings, gpu_node
from tests.app.books import Books, a_team
from tests.app.gpu_books import GpuBooks

DAY = date(2026, 3, 5)
SEARCH = "?start=2026-03-01&end=2026-04-01"


def text_of(component: Any) -> str:
    """Everything that is written on a part of a page."""
    if component is None:
        return ""
    if isinstance(component, str | int | Decimal):
        return str(component)
    if isinstance(component, list | tuple):
        return " ".join(map(text_of, component))
    return text_of(getattr(component, "children", None))


@pytest.fixture
def books(session: Session) -> Books:
    return Books(session)


@pytest.fixture
def gpus(session: Session, books: Books) -> GpuBooks:
    """Search works for 40 minutes and holds a board idle for 20."""
    books.policy(a_team("search"), a_team("speech"))
    gpus = GpuBooks(session)
    owner = {"namespace": "search", "pod": "serve-0"}
    gpus.waste(DAY, WasteState.PRODUCTIVE, "40", "0.4", team="search", owner=owner)
    gpus.waste(DAY, WasteState.IDLE_HELD, "20", "0.2", team="search", owner=owner, capacity="0.1", confidence="high")
    gpus.hour("2026-03-05T08", "GPU-1", owner=owner, active=span(0, 40), activity_avg=0.5, fb_used_mib_max=40960)
    return gpus


def test_a_view_survives_its_url() -> None:
    view = GpuView.parse(
        {"start": "2026-03-01", "end": "2026-04-01", "filter": ["team:search", "!node:a|b"], "measure": "power_watts",
         "zoom": "2026-03-05T08:00..2026-03-05T12:30"}
    )  # fmt: skip
    assert GpuView.from_search(view.search) == view
    assert view.zoom == (datetime(2026, 3, 5, 8, tzinfo=UTC), datetime(2026, 3, 5, 12, 30, tzinfo=UTC))
    assert [str(each) for each in view.fact_filters] == ["team:search", "!node:a|b"]
    assert GpuView.from_search("").search == ""
    assert node_url("rack 1/gpu", view).startswith("/gpu/nodes/rack%201%2Fgpu?start=2026-03-01")
    for wrong in ({"zoom": "soon"}, {"start": "soon"}, {"measure": "heat"}):
        with pytest.raises(BadInput):
            GpuView.parse(wrong)


def test_bars_of_the_waterfall_begin_where_the_one_before_ends_and_end_at_what_was_productive() -> None:
    amounts = {WasteState.UNKNOWN: Decimal(5), WasteState.IDLE_HELD: Decimal(3), WasteState.PRODUCTIVE: Decimal(2)}
    figure = waterfall(amounts, currency="USD")
    bars = {
        name: (length, base)
        for trace in figure["data"]
        for name, length, base in zip(trace["y"], trace["x"], trace["base"], strict=True)
    }
    assert set(bars) == {PAID, *(STATE_WORDS[state].name for state in STATES)}
    assert (bars[PAID], bars["Unknown"], bars["Idle, held"], bars["Productive"]) == ((10, 0), (5, 5), (3, 2), (2, 0))
    assert {trace["name"] for trace in figure["data"] if "Unknown" in trace["y"]} == {"Nobody knows"}


def test_a_page_without_anything_says_which_three_commands_to_run(session: Session, books: Books) -> None:
    books.policy()
    said = text_of(gpu.answer(session, operator(), {"search": ""}))
    for command in ("trueup ingest telemetry", "trueup gpu nodes import", "trueup gpu waste"):
        assert command in said
    assert text_of(gpu.answer_heat(session, operator(), {"search": "", "zoom": "all"})) == ""


def test_the_page_shows_every_state_the_identity_and_the_teams(session: Session, gpus: GpuBooks) -> None:
    said = text_of(gpu.answer(session, operator(), {"search": SEARCH}))
    assert "Does not tie Σ states 0.6, GPU part of the bill 0: difference 0.6 USD" in " ".join(said.split())
    assert "Where did paid GPU time go, in USD?" in said
    filtered = text_of(gpu.answer(session, operator(), {"search": f"{SEARCH}&filter=team:search"}))
    assert "Team is Search" in filtered
    assert "not compared with it" in filtered


def test_whoever_sees_one_team_is_shown_no_other(session: Session, gpus: GpuBooks) -> None:
    speech = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"speech"}))
    assert "none in these days" in text_of(gpu.answer(session, speech, {"search": SEARCH}))
    assert "No telemetry in these hours" in text_of(gpu.answer_heat(session, speech, {"search": SEARCH, "zoom": "all"}))
    assert "No workload" in text_of(gpu.answer_scatter(session, speech, {"search": SEARCH}))


def test_heat_map_scatter_and_node_are_drawn(session: Session, gpus: GpuBooks) -> None:
    assert "When was each GPU busy?" in text_of(gpu.answer_heat(session, operator(), {"search": SEARCH, "zoom": "all"}))
    assert "Who holds memory" in text_of(gpu.answer_scatter(session, operator(), {"search": SEARCH}))
    node = text_of(gpu_node.answer(session, operator(), {"search": f"{SEARCH}&filter=node:node-a"}))
    assert "Which GPUs are in it?" in node
    inbox = text_of(gpu_findings.answer(session, operator(), {"search": SEARCH}))
    assert "0 findings" in inbox


def test_a_heat_map_has_edges_and_leaves_what_was_not_seen_empty() -> None:
    at = datetime(2026, 3, 5, 8, tzinfo=UTC)
    heat = HeatMap(
        start=at, end=datetime(2026, 3, 5, 10, tzinfo=UTC), measure=HeatMeasure.ACTIVITY, hours_per_column=1, boards=1,
        columns=(at, datetime(2026, 3, 5, 9, tzinfo=UTC)), rows=(HeatRow("a · GPU-1", "a", 1, "GPU-1", "GPU-1"),),
        values=((0.5, None),), coverage=((1, 0),),
    )  # fmt: skip
    (trace,) = heat_figure(heat)["data"]
    assert trace["x"] == ["2026-03-05 08:00", "2026-03-05 09:00", "2026-03-05 10:00"]
    assert (trace["y"], trace["z"], trace["hoverongaps"]) == (["GPU-1"], [[0.5, None]], False)


def test_a_drag_over_the_heat_map_asks_for_those_hours_and_the_url_remembers() -> None:
    asked = {"search": SEARCH, "zoom": "all"}
    dragged = {"xaxis.range[0]": "2026-03-05 08:12:33.1", "xaxis.range[1]": "2026-03-05 11:40"}
    question, search = gpu.zoom_heat(dragged, "all", asked, "2026-04-01")
    assert question["zoom"] == "dragged"
    assert search.endswith("zoom=2026-03-05T08:12..2026-03-05T11:40")
    back, search = gpu.zoom_heat({"xaxis.autorange": True}, "dragged", question, "2026-04-01")
    assert (back, search) == (asked, SEARCH)
    day, _ = gpu.zoom_heat(None, "day", asked, "2026-04-01")
    assert day["search"].endswith("zoom=2026-03-31T00:00..2026-04-01T00:00")
    for nothing in (None, {"autosize": True}, {"xaxis.autorange": True}):
        with pytest.raises(PreventUpdate):
            gpu.zoom_heat(nothing, "all", asked, "2026-04-01")
    assert zoomed_to({"xaxis.range[0]": "2026-03-05"}) is None


def test_without_days_the_newest_thirty_are_shown() -> None:
    ground = GpuGround(date(2026, 3, 9), oldest_telemetry=date(2026, 1, 1), newest_telemetry=date(2026, 3, 10))
    assert ground.span(date(2026, 3, 20)) == (date(2026, 2, 9), date(2026, 3, 11))
    assert ground.span(date(2026, 3, 5)) == (date(2026, 2, 4), date(2026, 3, 6))
    began = GpuGround(date(2026, 3, 9), oldest_telemetry=date(2026, 3, 1), newest_telemetry=date(2026, 3, 10))
    assert began.span(date(2026, 3, 20)) == (date(2026, 3, 1), date(2026, 3, 11))
    assert began.span(date(2026, 2, 20)) == (date(2026, 1, 22), date(2026, 2, 21))
