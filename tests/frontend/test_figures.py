"""Figures and tables of a report: what is drawn adds up to what is billed."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import plain, total
from app.reports.cost_query import Granularity
from app.reports.costs import CostBlock, CostRow
from frontend.amounts import change_words, exact, readable
from frontend.components.figure import graph
from frontend.figures import HUES, LARGEST, Series, over_time, ranked
from frontend.pivot import pivot
from frontend.state import Chart

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
amounts = st.decimals(-(10**6), 10**6, places=18)


def a_block(*rows: CostRow) -> CostBlock:
    return CostBlock("USD", total(row.amount for row in rows if row.amount is not None), 0, rows)


@given(st.lists(amounts, min_size=1, max_size=40), st.integers(0, 40))
def test_what_is_gathered_loses_no_digit(costs: list[Decimal], shown: int) -> None:
    block = a_block(*(CostRow(JANUARY, (f"service {number}",), cost) for number, cost in enumerate(costs)))
    laid_out = pivot(block).largest(shown)
    gathered = [laid_out.rest.total] if laid_out.rest else []
    assert total([*(line.total for line in laid_out.lines), *gathered]) == block.total
    assert len(laid_out.lines) + laid_out.rest_count == len(costs)


def test_a_month_without_a_row_is_a_gap_and_not_a_zero() -> None:
    block = a_block(CostRow(JANUARY, ("a",), Decimal(2)), CostRow(FEBRUARY, ("b",), Decimal(3)))
    dearest, other = pivot(block).lines
    assert (dearest.keys, dearest.amounts) == (("b",), (None, Decimal(3)))
    assert other.amounts == (Decimal(2), None)


def test_bars_are_stacked_and_negative_cost_hangs_below() -> None:
    series = [Series("Usage", (Decimal(10),)), Series("Credits", (Decimal("-2.50"),))]
    figure = over_time(series, [JANUARY], granularity=Granularity.MONTH, chart=Chart.BARS, currency="USD")
    assert figure["layout"]["barmode"] == "relative"
    assert [trace["y"] for trace in figure["data"]] == [[10.0], [-2.5]]


def test_no_two_series_look_the_same() -> None:
    many = [Series(str(number), (Decimal(1),)) for number in range(LARGEST)]
    bars = over_time(many, [JANUARY], granularity=Granularity.DAY, chart=Chart.BARS, currency="USD")["data"]
    lines = over_time(many, [JANUARY], granularity=Granularity.DAY, chart=Chart.LINES, currency="USD")["data"]
    assert len(HUES) < LARGEST
    assert len({(bar["marker"]["color"], bar["marker"]["pattern"]["shape"]) for bar in bars}) == LARGEST
    assert len({(line["line"]["color"], line["line"]["dash"]) for line in lines}) == LARGEST


def test_a_total_is_drawn_as_one_bar_for_each_group() -> None:
    figure = ranked([Series("a", (Decimal(2),)), Series("All others (3)", (Decimal(1),), rest=True)], currency="USD")
    assert figure["data"][0]["x"] == [2.0, 1.0]
    assert figure["data"][0]["y"] == ["a", "All others (3)"]


def test_no_figure_offers_to_leave_the_house() -> None:
    drawn = graph({"data": [], "layout": {}}, name="x", label="x").children
    assert drawn.config["showSendToCloud"] is False
    assert drawn.config["modeBarButtons"] == [["toImage"]]


def test_amounts_read_to_the_cent_and_know_every_digit() -> None:
    assert readable(Decimal("1234567.895")) == "1,234,567.90"
    assert readable(Decimal("0.004")) == "< 0.01"
    assert readable(Decimal("-0.004")) == "> -0.01"
    assert readable(Decimal(0)) == "0.00"
    assert readable(None) == exact(None) == "–"
    assert exact(Decimal("-1234.50")) == "-1,234.5"
    assert change_words(Decimal(-5), Decimal("-2.5")) == "▼ 5.00 (2.5%)"


@given(amounts)
def test_exact_amounts_only_add_commas(amount: Decimal) -> None:
    assert exact(amount).replace(",", "") == plain(amount)
