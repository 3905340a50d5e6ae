"""The heat map of boards × hours: drawn from a few thousand cells, asked again when somebody zooms in."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.reports.gpu_heat import HeatMap
from frontend.components.attributes import labelled
from frontend.components.controls import switch
from frontend.components.figure import chart_card, download, graph
from frontend.gpu_figures import MEASURE_WORDS, heat_figure
from frontend.gpu_view import GpuView

GRAPH, ZOOM = "gpu-heat-graph", "gpu-heat-zoom"
ZOOMS = {"all": "All days", "week": "Last week", "day": "Last day"}  # for those who do not drag with a mouse
AS_DRAGGED = "dragged"
_ROW, _REST, _MOST = 16, 110, 900  # pixels of a row, of what surrounds them, and of a map that fits a screen


def heat_card(heat: HeatMap, view: GpuView, *, zoom: str = "all") -> Component:
    """The map with the ways to zoom; `zoom` is the one that is on."""
    words = MEASURE_WORDS[heat.measure].lower()
    question = f"When was each GPU busy? Hourly {words}"
    if not heat.rows:
        return chart_card(question, html.P("No telemetry in these hours.", className="quiet"))
    label = (
        f"Heat map: {words} of {heat.boards:,} GPUs from {heat.start:%Y-%m-%d %H:%M} to {heat.end:%Y-%m-%d %H:%M} UTC"
    )
    height = min(_REST + _ROW * len(heat.rows), _MOST)
    drawn = graph(heat_figure(heat), name="trueup-gpu-heat", label=label, height=height, id=GRAPH)
    end = dcc.Store(id="gpu-heat-end", data=str(view.end))
    return chart_card(question, html.Div([_controls(zoom), drawn, _bins(heat), end]), *_files(heat, view))


def _controls(zoom: str) -> Component:
    options = ZOOMS | ({AS_DRAGGED: "As zoomed"} if zoom == AS_DRAGGED else {})
    return html.Div(switch(ZOOM, "Hours", options, zoom), className="controls")


def _bins(heat: HeatMap) -> Component:
    hours = "an hour" if heat.hours_per_column == 1 else f"{heat.hours_per_column} hours"
    sizes = [row.boards for row in heat.rows]
    row = "a GPU" if max(sizes) == 1 else f"up to {max(sizes)} GPUs next to each other"
    words = f"Each cell is {hours} of {row}; without colour, nothing was observed. Drag over the map to zoom in."
    return html.P(words, className="quiet", **labelled("How the map is binned"))


def _files(heat: HeatMap, view: GpuView) -> list[Component]:
    span: list[tuple[str, str]] = [
        ("start", f"{heat.start:%Y-%m-%dT%H:%M:%SZ}"),
        ("end", f"{heat.end:%Y-%m-%dT%H:%M:%SZ}"),
        ("measure", heat.measure.value),
    ]
    plain = GpuView(filters=view.fact_filters)
    return [download(kind.upper(), plain.api(f"heat.{kind}", *span)) for kind in ("csv", "xlsx", "parquet")]


def zoomed_to(relayout: dict[str, Any] | None) -> tuple[str, str] | None:
    """The span that was dragged over, as Plotly tells it; ("", "") when the zoom was taken back; None for neither."""
    if not relayout:
        return None
    if relayout.get("xaxis.autorange"):
        return "", ""
    ends = relayout.get("xaxis.range[0]"), relayout.get("xaxis.range[1]")
    return (str(ends[0]), str(ends[1])) if all(ends) else None


def address() -> Component:
    """Where the zoom is written into the URL, without the page being drawn again."""
    return dcc.Location(id="gpu-heat-url", refresh=False)
