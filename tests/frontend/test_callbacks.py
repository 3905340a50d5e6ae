"""The Dash app as it is put together."""

import inspect
from datetime import date

import pytest
from dash import Dash, no_update
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.domain.charge import Axis, Metric
from app.errors import NotFound
from app.reports.cost_query import CostQuery, Granularity
from frontend.app import attach
from frontend.components.states import problem
from frontend.pages.trends import change_question, controlled
from frontend.state import View


@pytest.fixture(scope="module")
def api() -> FastAPI:
    return FastAPI()


@pytest.fixture(scope="module")
def dash_app(api: FastAPI) -> Dash:
    return attach(api)


def test_no_callback_runs_on_the_event_loop(dash_app: Dash) -> None:
    ours = [entry["callback"] for entry in dash_app.callback_map.values() if "callback" in entry]
    assert len(ours) > 5
    assert all(inspect.iscoroutinefunction(function) for function in ours)


def test_a_second_app_of_the_process_has_every_callback_too(dash_app: Dash) -> None:
    assert attach(FastAPI()).callback_map.keys() == dash_app.callback_map.keys()


def test_a_deep_link_has_its_styles_and_loads_nothing_from_elsewhere(api: FastAPI, dash_app: Dash) -> None:
    page = TestClient(api).get("/chargeback/search").text
    assert '<html lang="en">' in page
    assert "/assets/trueup.css" in page
    assert "//cdn" not in page
    assert 'src="http' not in page


def test_moving_to_the_billing_axis_turns_days_into_months() -> None:
    shown = View(CostQuery(date(2026, 3, 1), date(2026, 4, 1), granularity=Granularity.DAY))
    asked = controlled(
        shown,
        span=[date(2026, 3, 1), date(2026, 3, 31)],
        metric=Metric.BILLED,
        axis=Axis.BILLING,
        granularity=Granularity.DAY,
        groups=["team", "team"],
    )
    assert asked.query == CostQuery(
        date(2026, 3, 1), date(2026, 4, 1), Metric.BILLED, Axis.BILLING, Granularity.MONTH, ("team",)
    )


def test_controls_that_say_what_the_url_says_lead_nowhere() -> None:
    view = View(CostQuery(date(2026, 3, 1), date(2026, 4, 1), group_by=("team",)))
    said = ("effective_cost", "charge", "month", "bar", ["team"], "")
    assert change_question(["2026-03-01", "2026-03-31"], *said, view.search) is no_update
    assert change_question(["2026-03-01", None], *said, view.search) is no_update
    assert "group_by=tag:env" in change_question(["2026-03-01", "2026-03-31"], *said[:-1], "env", view.search)


def test_an_error_is_told_in_its_own_words() -> None:
    assert "There is no team" in str(problem(NotFound("There is no team 'x'.")))
    assert "secret" not in str(problem(RuntimeError("secret")))
