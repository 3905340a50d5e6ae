"""A team's summary in words: the lines that a mail, a chat and a terminal show alike, and the plain text of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.domain.charge import Metric
from app.domain.money import plain
from app.domain.rounding import in_minor_units
from app.domain.statement import StatementState
from app.domain.team_summary import Mover
from app.reports.budgets import TeamBudget
from app.reports.team_summary import SummaryBlock, TeamSummary

_METRICS = {
    Metric.EFFECTIVE: "effective cost",
    Metric.BILLED: "billed cost",
    Metric.LIST: "list cost",
    Metric.CONTRACTED: "contracted cost",
}
_STATES = {
    StatementState.DRAFT: "A draft: it follows the bills until the month is closed.",
    StatementState.ISSUED: "Issued; it changes only if the month is issued again.",
    StatementState.CLOSED: "Closed; later corrections come as adjustments.",
}
_LIVE = "From live charges; the month has no statement yet."


@dataclass(frozen=True)
class Line:
    """A thing and what there is to say of it."""

    label: str
    value: str


@dataclass(frozen=True)
class SummaryWords:
    """One currency of a summary, in words. `used_percent` is how far a bar of the budget reaches."""

    currency: str
    headline: str
    lines: tuple[Line, ...]
    movers: tuple[Line, ...]
    used_percent: Decimal | None


def subject_of(summary: TeamSummary) -> str:
    """What a mail's subject line says: the team, what it owes, the month."""
    owed = " and ".join(f"{_owed(block)} {block.currency}" for block in summary.blocks) or "nothing"
    state = f" ({summary.state})" if summary.state is StatementState.DRAFT else ""
    return f"{summary.name} owes {owed} for {summary.period.label}{state}"


def standing_of(summary: TeamSummary) -> str:
    """What the figures rest on, as a sentence."""
    state = _STATES.get(summary.state, _LIVE) if summary.state else _LIVE
    center = f" Cost center {summary.cost_center}." if summary.cost_center else ""
    return f"On {_METRICS[summary.metric]}. {state}{center}"


def words_of(summary: TeamSummary) -> tuple[SummaryWords, ...]:
    """Each currency of a summary in words."""
    return tuple(_words(summary, block) for block in summary.blocks)


def summary_text(summary: TeamSummary) -> str:
    """The summary as plain text."""
    parts = [subject_of(summary), standing_of(summary)]
    for words in words_of(summary):
        parts += ["", words.headline, *(f"  {line.label}: {line.value}" for line in words.lines)]
        if words.movers:
            parts += ["  What moved most:", *(f"    {line.value}  {line.label}" for line in words.movers)]
    parts += ["", f"Every figure, explained: {summary.link}"] if summary.link else []
    return "\n".join(parts) + "\n"


def _words(summary: TeamSummary, block: SummaryBlock) -> SummaryWords:
    return SummaryWords(
        currency=block.currency,
        headline=f"{_owed(block)} {block.currency}",
        lines=tuple(_lines(summary, block)),
        movers=tuple(_mover(each, block.currency) for each in block.movers),
        used_percent=block.budget.standing.percent if block.budget else None,
    )


def _owed(block: SummaryBlock) -> str:
    charge = block.charge
    return _readable(charge.total if charge.charged is None else charge.charged, block.currency)


def _lines(summary: TeamSummary, block: SummaryBlock) -> Iterator[Line]:
    charge, currency = block.charge, block.currency
    yield Line("Direct", _readable(charge.direct, currency))
    parts = {
        "Shared": charge.shared_total,
        "Adjustments": charge.adjustments,
        "Commitment benefit": charge.commitment_benefit,
        "Markup": charge.markup,
    }
    yield from (Line(label, _readable(amount, currency)) for label, amount in parts.items() if amount)
    before = summary.period.previous_month().label
    change = _change(charge.change, block.change_percent, currency)
    yield Line(f"Against {before}", f"{change}, from {_readable(charge.previous_total, currency)}")
    if block.budget:
        yield from _budget_lines(block.budget)


def _budget_lines(budget: TeamBudget) -> Iterator[Line]:
    standing, currency = budget.standing, budget.currency
    share = "" if standing.percent is None else f" ({plain(standing.percent)}%)"
    left = _readable(abs(standing.remaining), currency)
    rest = f"{left} over" if standing.is_over else f"{left} left"
    reached = f"; reached {', '.join(f'{plain(each)}%' for each in standing.reached)}" if standing.reached else ""
    whom = f" by it and {_teams(budget.teams_below)} below it" if budget.teams_below else ""
    amount = _readable(budget.amount, currency)
    yield Line("Budget", f"{_readable(standing.owed, currency)} of {amount}{share} owed{whom}, {rest}{reached}")
    if standing.pace:
        days = f"{standing.pace.days_so_far} of {standing.pace.days} days"
        end = _readable(standing.pace.at_period_end, currency)
        yield Line("Pace", f"{end} at the month's end if every day is like the {days} so far (no forecast)")


def _teams(count: int) -> str:
    return "1 team" if count == 1 else f"{count} teams"


def _mover(mover: Mover, currency: str) -> Line:
    name = mover.service_name or "No service"
    label = f"{name} ({mover.service_provider_name})" if mover.service_provider_name else name
    return Line(label, _change(mover.change, None, currency))


def _change(change: Decimal, percentage: Decimal | None, currency: str) -> str:
    if not change:
        return "no change"
    arrow = "▲" if change > 0 else "▼"
    share = "" if percentage is None else f" ({plain(abs(percentage))}%)"
    return f"{arrow} {_readable(abs(change), currency)}{share}"


def _readable(amount: Decimal, currency: str) -> str:
    """`amount` in whole minor units; one too small for that says so, since it is not zero."""
    shown = in_minor_units(amount, currency)
    if amount and not shown:
        return "almost 0"
    return f"{shown:,f}"
