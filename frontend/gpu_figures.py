"""GPU reports as Plotly figures; floats are fine here, for a cent is less than a pixel."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.domain.gpu.states import STATES, WasteState
from app.domain.money import EXACT, ZERO, total
from app.reports.gpu_heat import HeatMap
from app.reports.gpu_query import HeatMeasure
from frontend.figures import AXIS, HUES, REST_HUE, Figure, laid_out, pixel
from frontend.gpu_words import STATE_WORDS, Answering, answering, sentence
from frontend.words import shortened

PAID = "Paid GPU time"
# A colour and a pattern for who answers for a state: colour never speaks alone.
LOOKS = {
    Answering.PLATFORM: (HUES[0], "/"),
    Answering.NOBODY_KNOWS: (REST_HUE, "x"),
    Answering.OWNER: (HUES[1], "."),
    Answering.WORK: (HUES[2], ""),
}
Step = tuple[str, Decimal, Decimal]  # a bar's name, its length, and where it begins
_PAID_HUE = "#5B6470"
# Cividis (Nuñez et al. 2018), which people with any colour vision read as dark to light; unseen cells stay empty.
_HEAT = "Cividis"
_UUID_STARTS = 12  # GPU- and eight digits, as people quote them
_RATIOS = {HeatMeasure.ACTIVITY, HeatMeasure.TENSOR_ACTIVE, HeatMeasure.DRAM_ACTIVE}
MEASURE_WORDS = {
    HeatMeasure.ACTIVITY: "Activity",
    HeatMeasure.TENSOR_ACTIVE: "Tensor activity",
    HeatMeasure.DRAM_ACTIVE: "Memory traffic",
    HeatMeasure.FB_USED_MIB: "Memory used, MiB",
    HeatMeasure.POWER_WATTS: "Power, W",
}


def waterfall(amounts: Mapping[WasteState, Decimal], *, currency: str) -> Figure:
    """From everything paid, state by state, down to what was productive: each bar begins where the last one ended."""
    paid = total(amounts.values())
    traces = [_bar(PAID, [(PAID, paid, ZERO)], (_PAID_HUE, ""), currency)]
    left, steps = paid, []
    for state in STATES:
        amount = amounts.get(state, ZERO)
        left = EXACT.subtract(left, amount)
        steps.append((state, amount, left))
    for who, look in LOOKS.items():
        mine = [(STATE_WORDS[state].name, amount, base) for state, amount, base in steps if answering(state) is who]
        traces.append(_bar(sentence(who), mine, look, currency))
    order = [PAID, *(STATE_WORDS[state].name for state in STATES)]
    axis = {"type": "category", "categoryorder": "array", "categoryarray": order, "autorange": "reversed"}
    return {
        "data": traces,
        "layout": laid_out(
            xaxis={"tickformat": "~s", "rangemode": "tozero", **AXIS},
            yaxis={**axis, "automargin": True, **AXIS},
            barmode="overlay",
            showlegend=True,
        ),
    }


def heat_figure(heat: HeatMap) -> Figure:
    """Rows of boards, columns of hours; a cell that nobody observed has no colour."""
    ends = heat.columns[-1] + timedelta(hours=heat.hours_per_column) if heat.columns else heat.end
    unit = ".0%" if heat.measure in _RATIOS else ",.0f"
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": [f"{at:%Y-%m-%d %H:%M}" for at in (*heat.columns, ends)],  # edges, one more than there are columns
        "y": _row_labels(heat),
        "z": [list(values) for values in heat.values],
        "customdata": [list(coverage) for coverage in heat.coverage],
        "hovertemplate": f"%{{y}}<br>about %{{x|%-d %b %H:%M}} UTC<br>%{{z:{unit}}}, %{{customdata:.0%}} observed"
        "<extra></extra>",
        "hoverongaps": False,
        "colorscale": _HEAT,
        "colorbar": {"title": {"text": MEASURE_WORDS[heat.measure], "side": "right"}, "thickness": 12},
        "xgap": 1 if len(heat.columns) < 100 else 0,
        "ygap": 1,
    }
    if heat.measure in _RATIOS:
        trace |= {"zmin": 0, "zmax": 1}
        trace["colorbar"]["tickformat"] = ".0%"
    return {
        "data": [trace],
        "layout": laid_out(
            xaxis={"type": "date", "gridwidth": 0, "showgrid": False},  # a drag over it zooms in
            yaxis={"type": "category", "autorange": "reversed", "automargin": True, "showgrid": False, **AXIS},
            dragmode="zoom",
            margin={"l": 56, "r": 8, "t": 8, "b": 52},
        ),
    }


def _row_labels(heat: HeatMap) -> list[str]:
    """Rows by their boards where all are of one node, whose name is known then; else by their own names."""
    if len({row.node for row in heat.rows}) == 1 and all(row.boards == 1 for row in heat.rows):
        short = [row.first[:_UUID_STARTS] for row in heat.rows]
        return short if len(set(short)) == len(short) else [row.first for row in heat.rows]
    return shortened([row.label for row in heat.rows])


def scatter(teams: Mapping[str, Sequence[tuple[str, float, float, float]]]) -> Figure:
    """Activity against memory: for each team its workloads as name, activity, memory used (both 0-1) and GPU-hours."""
    most = max((hours for points in teams.values() for *_, hours in points), default=1) or 1
    symbols = ("circle", "square", "diamond", "cross", "triangle-up", "star", "x")
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": team,
            "text": [name for name, *_ in points],
            "x": [activity for _, activity, _, _ in points],
            "y": [memory for _, _, memory, _ in points],
            "customdata": [hours for *_, hours in points],
            "marker": {
                "color": HUES[index % len(HUES)],
                "symbol": symbols[index % len(symbols)],
                "size": [8 + 26 * (hours / most) ** 0.5 for *_, hours in points],
                "opacity": 0.75,
                "line": {"width": 1, "color": "#ffffff"},
            },
            "hovertemplate": "%{text}<br>activity %{x:.0%}, memory %{y:.0%}<br>%{customdata:,.0f} GPU-hours observed"
            f"<extra>{team}</extra>",
        }
        for index, (team, points) in enumerate(teams.items())
    ]
    axis = {"range": [-0.03, 1.05], "tickformat": ".0%", "zeroline": True, **AXIS}
    return {
        "data": traces,
        "layout": laid_out(
            xaxis={**axis, "title": {"text": "Activity, mean"}},
            yaxis={**axis, "title": {"text": "Memory used, most"}},
            showlegend=True,
            hovermode="closest",
        ),
    }


def _bar(name: str, steps: Sequence[Step], look: tuple[str, str], currency: str) -> dict[str, Any]:
    hue, shape = look
    lengths = [pixel(length) for _, length, _ in steps]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": [category for category, _, _ in steps],
        "x": lengths,
        "base": [pixel(base) for _, _, base in steps],
        "customdata": lengths,
        "hovertemplate": f"%{{customdata:,.2f}} {currency}<extra>%{{y}}</extra>",
        "marker": {
            "color": hue,
            "pattern": {"shape": shape, "size": 6, "solidity": 0.3, "bgcolor": hue, "fgcolor": "#ffffff"},
            "line": {"width": 0},
        },
    }
