"""How a finance pack says things to people: amounts, shares, states, what a line is for."""

from datetime import datetime
from decimal import Decimal

from app.domain.invoice import subunit
from app.domain.money import EXACT, plain
from app.domain.statement import CostType, StatementLine, StatementState
from app.reports.finance_pack import StatementFacts
from app.reports.team_pages import PageLine

_SHARE_DIGITS = 4  # of a percentage in words; tables have them all

COST_TYPES = {kind: kind.value.replace("_", " ").capitalize() for kind in CostType}


def money(amount: Decimal, currency: str) -> str:
    """`amount` in whole minor units as people read it: `-1,234.50`. Raises decimal.Inexact if it has more digits."""
    return f"{amount.quantize(subunit(currency), context=EXACT):,f}"


def number_format(currency: str) -> str:
    """The same in the words of a spreadsheet."""
    digits = -int(subunit(currency).as_tuple().exponent)
    return "#,##0" + ("." + "0" * digits if digits else "")


def grouped(number: Decimal) -> str:
    """Every digit of `number`, its thousands apart."""
    whole, _, rest = plain(number).partition(".")
    return f"{int(whole):,}" + (f".{rest}" if rest else "") if abs(number) >= 1 else plain(number)


def percentage(share: Decimal) -> str:
    """`share` in percent, to four decimals: `12.5 %`; `≈` where that is not all."""
    exact = EXACT.multiply(share, Decimal(100))
    short = Decimal(round(exact, _SHARE_DIGITS))
    return f"{'' if short == exact else '≈ '}{plain(short)} %"


def instant(moment: datetime | None, by: str | None = None) -> str:
    """A moment in UTC, to the minute, and who did it then; a dash where there is none."""
    if moment is None:
        return "–"
    return f"{moment:%Y-%m-%d %H:%M} UTC" + (f" by {by}" if by else "")


def state_words(statement: StatementFacts) -> str:
    """The state, and what it means for who reads it."""
    match statement.state:
        case StatementState.CLOSED:
            return "CLOSED"
        case StatementState.ISSUED:
            return "ISSUED – not closed yet"
        case _:
            return "DRAFT – figures may change"


def policy_words(statement: StatementFacts) -> str:
    """The policy that the statement rests on."""
    if statement.policy_version is None:
        return "none applied"
    return f"{statement.policy_name}, version {statement.policy_version}"


def split_words(line: PageLine) -> str | None:
    """How the line's pool was split and the team's part in it: `Platform, by tokens: 120 of 480 tokens, 25 %`."""
    key, split = line.line.key, line.split
    if key.pool_id is None:
        return None
    told = split.pool_name if split else key.pool_id
    if split:
        told += f", {split.words}"
    parts = [f"weight {grouped(line.weight)} {(split.unit if split else None) or ''}".strip()] if line.weight else []
    if line.line.share is not None:
        parts.append(percentage(line.line.share))
    return f"{told}: {', '.join(parts)}" if parts else told


def correction_words(line: StatementLine) -> str | None:
    """Which line of which closed period an adjustment corrects."""
    key = line.key
    if key.adjusts_period is None:
        return None
    told = f"{key.adjusts_period:%Y-%m}"
    if key.adjusts_cost_type is not None:
        told += f" {COST_TYPES[key.adjusts_cost_type].lower()}"
    return f"{told}, line {line.adjusts_line_id}" if line.adjusts_line_id is not None else f"{told}, a new line"
