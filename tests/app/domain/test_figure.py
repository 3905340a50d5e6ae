"""Figures as links have them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.charge import Metric
from app.domain.figure import ANY, FIELDS, Figure, explain_url, figure_from, figure_url
from app.domain.period import Period
from app.domain.statement import CostType, StatementState
from app.errors import BadInput

MARCH = Period.month(2026, 3)
texts = st.none() | st.text(min_size=1)
values = dict.fromkeys(FIELDS, texts) | {
    "cost_type": st.sampled_from([each.value for each in CostType]),
    "adjusts_period": st.none() | st.just("2026-01"),
}


@given(
    where=st.fixed_dictionaries({}, optional=values),
    state=st.none() | st.sampled_from([each for each in StatementState if each is not StatementState.WITHDRAWN]),
    metric=st.none() | st.sampled_from(Metric),
    days=st.none() | st.just(Period(date(2026, 3, 1), date(2026, 3, 8))),
)
def test_a_figure_survives_its_link(
    where: dict[str, str | None], state: StatementState | None, metric: Metric | None, days: Period | None
) -> None:
    figure = Figure(MARCH, where, state, metric, days)
    assert figure_from(dict(figure.parameters)) == figure


def test_a_link_holds_on_its_server_or_everywhere() -> None:
    relative = explain_url(None, period=date(2026, 3, 1), team="R&D", service_name=None)
    assert relative == "/explain?period=2026-03&team=R%26D&service_name="
    assert explain_url("https://x.test/", period=date(2026, 3, 1)) == "https://x.test/explain?period=2026-03"
    assert explain_url(None, period=date(2026, 4, 1), adjusts_period=date(2026, 3, 1), team=ANY) == (
        "/explain?period=2026-04&adjusts_period=2026-03"
    )
    assert figure_url(None, [("start", "2026-03-01")]) == "/explain?start=2026-03-01"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"period": "March"},
        {"period": "2026-03", "cost_type": "dear"},
        {"period": "2026-03", "state": "withdrawn"},
        {"period": "2026-03", "metric": "cost"},
        {"period": "2026-03", "start": "2026-03-01"},
        {"period": "2026-03", "start": "x", "end": "y"},
        {"period": "2026-03", "adjusts_period": "x"},
    ],
)
def test_what_names_no_figure_is_refused(parameters: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        figure_from(parameters)


def test_only_what_lines_have_tells_figures_apart() -> None:
    with pytest.raises(BadInput, match="resource"):
        Figure(MARCH, {"resource": "i-1"})
