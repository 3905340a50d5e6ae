"""What a summary of a team's month picks out, and where the whole of it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote, urlencode

from app.domain.charge import Metric
from app.domain.money import EXACT

MOVERS_TOLD = 3


@dataclass(frozen=True)
class Mover:
    """A service whose cost changed against the month before; without a name, what has no service."""

    service_provider_name: str | None
    service_name: str | None
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """How much more it is; less is below zero."""
        return EXACT.subtract(self.after, self.before)


def movers(services: Iterable[Mover]) -> tuple[Mover, ...]:
    """The three services that changed most, up or down, the largest change first; ties by name."""
    moved = (each for each in services if each.change)
    by_change = sorted(moved, key=lambda each: (-abs(each.change), each.service_name or "", str(each)))
    return tuple(by_change[:MOVERS_TOLD])


def team_page_url(base_url: str | None, team_id: str, period: str, metric: Metric) -> str:
    """Where a team's statement for a billing month is shown: `https://…/chargeback/search?period=2026-03…`.

    `base_url` is what people reach Trueup at; without it the link holds on the same server only.
    """
    query = urlencode({"period": period, "metric": metric.value})
    return f"{(base_url or '').rstrip('/')}/chargeback/{quote(team_id, safe='')}?{query}"
