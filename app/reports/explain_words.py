"""An explanation in one sentence."""

from decimal import Decimal

from app.domain.money import plain
from app.reports.explain import Explanation


def sentence(found: Explanation) -> str:
    """`815,179.20 USD = 12 charge keys × 2 rules × the shares of 1 pool + 0.0037 by rounding`."""
    figure = found.exact if found.charged is None else found.charged
    made_of = []
    if found.charge_keys:
        factors = [_count(found.charge_keys, "charge key")]
        rules = {each.rule for each in found.rules if each.rule}
        factors.append(_count(len(rules), "rule") if rules else "no rule that owns them")
        if found.pools:
            factors.append(f"the shares of {_count(len({each.pool_id for each in found.pools}), 'pool')}")
        made_of.append(" × ".join(factors))
    lines = len(found.workings) + found.rest_of_workings.leaves
    if lines:
        made_of.append(f"{_count(lines, 'line')} worked out from others")
    told = f"{_written(figure)} {found.currency} = {' + '.join(made_of) or 'nothing'}"
    if not found.rounding:
        return told
    return f"{told} {'+' if found.rounding > 0 else '−'} {_written(abs(found.rounding))} by rounding"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _written(amount: Decimal) -> str:
    return f"{Decimal(plain(amount)):,f}"
