"""A node with GPUs: what became of its paid hours, its boards, and when they were busy."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.viewer import Viewer
from app.reports.gpu_boards import gpu_boards
from app.reports.gpu_ground import gpu_ground
from app.reports.gpu_query import WasteQuestion
from app.reports.gpu_waste import gpu_waste
from frontend.answer import Question, answers, asking, leading_to, page
from frontend.clock import today
from frontend.components.gpu_controls import gpu_controls
from frontend.components.gpu_heat import AS_DRAGGED, address
from frontend.components.gpu_tables import boards_card
from frontend.components.gpu_waterfall import no_paid_time, waterfall_cards
from frontend.components.kpi import total_line
from frontend.gpu_view import GpuView, gpu_url
from frontend.pages.gpu import resolved

PATH = "/gpu/nodes/<node>"
TITLE = "GPU node"


@page
def layout(node: str, **params: Any) -> Component:
    """The question: which node, on which days."""
    view = GpuView.parse(params).only("node", node)
    back = GpuView(view.start, view.end)
    return html.Div(
        [
            dcc.Link("GPUs", href=gpu_url(back), className="crumb"),
            html.H1(node),
            leading_to("gpu-url"),
            address(),
            asking("gpu-node", search=view.search),
            asking("gpu-heat", search=view.search, zoom=AS_DRAGGED if view.zoom else "all"),
        ]
    )


@answers("gpu-node")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """The node's waterfall and its boards."""
    view, span = resolved(question["search"], gpu_ground(session, viewer))
    asked = WasteQuestion(*span, filters=view.filters)
    blocks: list[Component] = [
        html.Section([total_line("Effective cost", block.total, block.currency), *waterfall_cards(block, view)])
        for block in gpu_waste(session, viewer, asked).blocks
    ]
    boards = gpu_boards(session, viewer, asked)
    listed = [boards_card(boards, view)] if boards else []
    return html.Div([gpu_controls(view, span, today()), *(blocks or [no_paid_time()]), *listed])
