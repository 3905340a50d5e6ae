"""Reports as Plotly figures: plain dicts, so that building one costs no time.

Floats begin here, where a cent is less than a pixel. Text and grid lines get their colours from assets/plotly.css, so
that a figure follows the colour scheme without being drawn again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.reports.cost_query import Granularity
from frontend.state import Chart

Figure = dict[str, Any]

# Okabe & Ito, "Color Universal Design" (2008): seven hues that people with any colour vision tell apart, without the
# yellow that vanishes on white. From the eighth series on, a pattern or a dash sets the second round apart.
HUES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7E6BC4")
REST_HUE = "#8A8F98"
PATTERNS = ("", "/", "x")
DASHES = ("solid", "dash", "dot")
MONTHS_NAMED = 13
LARGEST = 12  # as many series as a reader can follow in one stack

# How long a bucket is for Plotly, and how its axis writes it.
_BUCKETS = {
    Granularity.DAY: (86_400_000, "%-d %b %Y"),
    Granularity.WEEK: (7 * 86_400_000, "week of %-d %b %Y"),
    Granularity.MONTH: ("M1", "%b %Y"),
}


@dataclass(frozen=True)
class Series:
    """A named line of amounts, one per bucket. `rest` marks the one that gathers what has no line of its own."""

    name: str
    amounts: tuple[Decimal | None, ...]
    rest: bool = False


def over_time(
    series: Sequence[Series], buckets: Sequence[date], *, granularity: Granularity, chart: Chart, currency: str
) -> Figure:
    """Amounts over time: bars stacked to the total, or a line for each series."""
    length, tick = _BUCKETS[granularity]
    starts = [str(bucket) for bucket in buckets]
    traces = [
        {
            "name": line.name,
            "x": starts,
            "y": [pixel(amount) for amount in line.amounts],
            "hovertemplate": f"%{{y:,.2f}} {currency}<extra>%{{fullData.name}}</extra>",
            **_look(index, chart, rest=line.rest),
            **({"xperiod": length, "xperiodalignment": "middle"} if granularity is not Granularity.DAY else {}),
        }
        for index, line in enumerate(series)
    ]
    return {
        "data": traces,
        "layout": laid_out(
            xaxis={
                "type": "date",
                "hoverformat": tick,
                "ticklabelmode": "period",
                **AXIS,
                **_ticks(starts, granularity),
            },
            yaxis={"tickformat": "~s", "zeroline": True, "rangemode": "tozero", **AXIS},
            barmode="relative",
            hovermode="x unified" if len(traces) <= LARGEST + 1 else "closest",
            showlegend=len(traces) > 1,
        ),
    }


def ranked(series: Sequence[Series], *, currency: str) -> Figure:
    """One horizontal bar for each series' only amount, largest on top."""
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": [line.name for line in series],
        "x": [pixel(line.amounts[0]) for line in series],
        "marker": {"color": [REST_HUE if line.rest else HUES[0] for line in series]},
        "hovertemplate": f"%{{x:,.2f}} {currency}<extra>%{{y}}</extra>",
    }
    return {
        "data": [trace],
        "layout": laid_out(
            xaxis={"tickformat": "~s", **AXIS},
            yaxis={"type": "category", "autorange": "reversed", "automargin": True, **AXIS},
            showlegend=False,
        ),
    }


def stacked_parts(names: Sequence[str], parts: Sequence[Series], *, currency: str) -> Figure:
    """One horizontal bar for each of `names`, stacked from `parts`."""
    traces = [
        {
            "name": part.name,
            "orientation": "h",
            "y": list(names),
            "x": [pixel(amount) for amount in part.amounts],
            "hovertemplate": f"%{{x:,.2f}} {currency}<extra>%{{fullData.name}}</extra>",
            **_look(index, Chart.BARS, rest=part.rest),
        }
        for index, part in enumerate(parts)
    ]
    return {
        "data": traces,
        "layout": laid_out(
            xaxis={"tickformat": "~s", **AXIS},
            yaxis={"type": "category", "autorange": "reversed", "automargin": True, **AXIS},
            barmode="relative",
            showlegend=len(traces) > 1,
        ),
    }


def _ticks(starts: Sequence[str], granularity: Granularity) -> dict[str, Any]:
    """Every month has its name where they fit; days and weeks are left to Plotly."""
    if granularity is Granularity.MONTH and len(starts) <= MONTHS_NAMED:
        return {"dtick": "M1", "tickformat": "%b %Y"}
    return {}


AXIS: dict[str, Any] = {"fixedrange": True, "gridwidth": 1}


def pixel(amount: Decimal | None) -> float | None:
    """An amount as it is drawn."""
    return None if amount is None else float(amount)


def _look(index: int, chart: Chart, *, rest: bool) -> dict[str, Any]:
    hue = REST_HUE if rest else HUES[index % len(HUES)]
    again = 0 if rest else index // len(HUES) % len(PATTERNS)
    if chart is Chart.LINES:
        line = {"color": hue, "dash": DASHES[again], "width": 2}
        return {"type": "scatter", "mode": "lines+markers", "line": line, "marker": {"size": 5}}
    pattern = {"shape": PATTERNS[again], "size": 6, "solidity": 0.3, "bgcolor": hue, "fgcolor": "#ffffff"}
    return {"type": "bar", "marker": {"color": hue, "pattern": pattern, "line": {"width": 0}}}


def laid_out(**more: Any) -> dict[str, Any]:
    """What every figure of ours looks like."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "inherit", "size": 12},
        "margin": {"l": 56, "r": 8, "t": 8, "b": 32},
        "legend": {"orientation": "h", "y": -0.16, "yanchor": "top", "x": 0, "traceorder": "normal"},
        "bargap": 0.25,
        "separators": ".,",
        **more,
    }
