"""GPU-hours as telemetry and schedulers measure them, by UTC day and whose they were: a driver of cost."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from app.domain.gpu.hour import Owner
from app.domain.money import plain

DRIVER = "gpu_hours"
UNIT = "GPU-hours"
FORMAT = "gpu-hours"  # of the deliveries that stand for them: we made them, no source handed them over
_DIGITS = Decimal("1e-9")  # of a GPU-hour: 4 µs. A share such as 1/3 has no last digit
_ROUNDING = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class MeteredHours:
    """GPU-hours of a day: those of an owner, or, where `is_idle`, those of boards that nobody had."""

    source_id: int
    day: date
    hours: Fraction
    owner: Owner | None = None
    node: str | None = None
    accelerator: str | None = None
    is_idle: bool = False


def dimensions(metered: MeteredHours, team: str | None) -> str:
    """What is said of the GPU-hours, as JSON; `team` is the one that the policy finds, or else what telemetry calls it.

    `state` is `idle` where nobody had the boards, which a split by driver knows how to treat.
    """
    owner = metered.owner or Owner()
    said = {
        "team": team or owner.team,
        "namespace": owner.namespace,
        "account": owner.account,
        "node": metered.node,
        "accelerator": metered.accelerator,
        "state": "idle" if metered.is_idle else None,
    }
    return json.dumps({name: value for name, value in sorted(said.items()) if value})


def quantities(hours: Iterable[tuple[date, str, Fraction]]) -> list[tuple[date, str, Decimal]]:
    """Day, dimensions and GPU-hours, added up by both, in order; each sum is rounded once, to `_DIGITS`."""
    sums: dict[tuple[date, str], Fraction] = {}
    for day, said, each in hours:
        sums[day, said] = sums.get((day, said), Fraction(0)) + each
    return [(day, said, rounded) for (day, said), each in sorted(sums.items()) if (rounded := _decimal(each))]


def content(rows: Iterable[tuple[date, str, Decimal]]) -> bytes:
    """The rows of `quantities` as text, the same for the same rows: what their SHA-256 is taken of."""
    return "".join(f"{day} {said} {plain(quantity)}\n" for day, said, quantity in rows).encode()


def _decimal(hours: Fraction) -> Decimal:
    exact = _ROUNDING.divide(Decimal(hours.numerator), Decimal(hours.denominator))
    return exact.quantize(_DIGITS, context=_ROUNDING).normalize()
