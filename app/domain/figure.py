"""A figure of a chargeback, named by what tells it apart from others, and the link to its explanation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

from app.domain.charge import Metric
from app.domain.period import Period
from app.domain.statement import CostType, StatementState
from app.errors import BadInput


class _Every(Enum):
    """Stands for no condition; None is a condition: that there is none."""

    ANY = "any"


ANY: Final = _Every.ANY
Wanted = str | None | _Every

# What a link calls it, and the column of a statement line.
FIELDS: Mapping[str, str] = {
    "currency": "billing_currency",
    "team": "team_id",
    "cost_type": "cost_type",
    "pool": "pool_id",
    "service_provider_name": "service_provider_name",
    "service_name": "service_name",
    "invoice_issuer_name": "invoice_issuer_name",
    "invoice_id": "invoice_id",
    "unit": "unit",
    "adjusts_period": "adjusts_period",
}


@dataclass(frozen=True)
class Figure:
    """What is owed for the billing month `period` by all that fulfils the conditions.

    `where` has a value for some of FIELDS; None there means what has none: no team is the unallocated. Without a
    `state` the statement that binds is meant: closed, else issued, else the draft. A `metric` other than the
    statement's, and `days` of use, are answered from live charges.
    """

    period: Period
    where: Mapping[str, str | None] = field(default_factory=dict)
    state: StatementState | None = None
    metric: Metric | None = None
    days: Period | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.where if name not in FIELDS]
        if unknown:
            raise BadInput(f"A figure has no '{unknown[0]}'. Choose from {', '.join(FIELDS)}.")
        if self.cost_type is not None and self.cost_type not in {each.value for each in CostType}:
            raise BadInput(f"cost_type={self.cost_type} is unknown. Choose from {', '.join(CostType)}.")
        month = self.where.get("adjusts_period")
        if month is not None:
            Period.parse_month(month)

    @property
    def cost_type(self) -> str | None:
        """The one kind of cost that is meant; None for all."""
        return self.where.get("cost_type")

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The figure as a URL has it."""
        named = [("period", self.period.label)]
        named += [(name, self.where[name] or "") for name in FIELDS if name in self.where]
        if self.state:
            named.append(("state", self.state.value))
        if self.metric:
            named.append(("metric", self.metric.value))
        if self.days:
            named += [("start", str(self.days.start)), ("end", str(self.days.end))]
        return tuple(named)


def figure_from(parameters: Mapping[str, str]) -> Figure:
    """The figure that URL parameters name; an empty value means what has none. Raises BadInput where they name none."""
    text = parameters.get("period")
    if not text:
        raise BadInput("Say which billing period, for example period=2026-03.")
    start, end = parameters.get("start"), parameters.get("end")
    if (start is None) != (end is None):
        raise BadInput("Days of use need both start and end (end is exclusive).")
    return Figure(
        Period.parse_month(text),
        {name: parameters[name] or None for name in FIELDS if name in parameters},
        _choice(parameters, "state", _CURRENT),
        _choice(parameters, "metric", tuple(Metric)),
        Period(_day(start), _day(end)) if start is not None and end is not None else None,
    )


_CURRENT = (StatementState.CLOSED, StatementState.ISSUED, StatementState.DRAFT)
Choice = TypeVar("Choice", bound=StrEnum)


def _choice(parameters: Mapping[str, str], name: str, choices: Sequence[Choice]) -> Choice | None:
    text = parameters.get(name)
    found = next((each for each in choices if each.value == text), None)
    if text and found is None:
        raise BadInput(f"{name}={text} is unknown. Choose from {', '.join(choices)}.")
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"'{text}' is not a day. Write it as YYYY-MM-DD, for example 2026-03-01.") from None


def figure_where(**wanted: Wanted) -> dict[str, str | None]:
    """The conditions among `wanted`, by the names of FIELDS; ANY is none."""
    return {name: None if value is None else str(value) for name, value in wanted.items() if value is not ANY}


def explain_url(
    base_url: str | None,
    *,
    period: date,
    currency: Wanted = ANY,
    team: Wanted = ANY,
    cost_type: Wanted = ANY,
    pool: Wanted = ANY,
    service_provider_name: Wanted = ANY,
    service_name: Wanted = ANY,
    invoice_issuer_name: Wanted = ANY,
    invoice_id: Wanted = ANY,
    unit: Wanted = ANY,
    adjusts_period: date | _Every | None = ANY,
    state: StatementState | None = None,
    metric: Metric | None = None,
) -> str:
    """Where a figure of the billing period that starts on `period` is explained: `https://…/explain?period=2026-03…`.

    ANY makes no condition, None asks for what has none. `base_url` is what people reach Trueup at
    (`TRUEUP_PUBLIC_URL`); without it the link starts with a slash and holds on the same server only.
    """
    where = figure_where(
        currency=currency,
        team=team,
        cost_type=cost_type,
        pool=pool,
        service_provider_name=service_provider_name,
        service_name=service_name,
        invoice_issuer_name=invoice_issuer_name,
        invoice_id=invoice_id,
        unit=unit,
        adjusts_period=f"{adjusts_period:%Y-%m}" if isinstance(adjusts_period, date) else adjusts_period,
    )
    return figure_url(base_url, Figure(Period.month_of(period), where, state, metric).parameters)


def figure_url(base_url: str | None, parameters: Iterable[tuple[str, str]]) -> str:
    """The explanation of the figure with these URL parameters."""
    query = urlencode(list(parameters), quote_via=quote, safe=":/|,")
    return f"{(base_url or '').rstrip('/')}/explain?{query}"
