"""Azure's units of measure: how many of what one priced block is.

`100 Hours` is a block of 100 Hours, `10K` one of 10,000 Units, `1 GB/Month` one GB/Month. The price on a line is for a
block, and so, in exports of today, is its quantity.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, Inexact, localcontext

_FORM = re.compile(r"(?P<number>\d[\d,]*(?:\.\d+)?)?\s*(?P<times>[KMB](?![A-Za-z]))?\s*(?P<rest>.*)", re.DOTALL)
_TIMES = {"K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
# What meters call a thing -> the plural that FOCUS asks for (attribute Unit Format). Anything else stays as written.
_PLURALS = {
    "": "Units",
    "unit": "Units",
    "hour": "Hours",
    "hours": "Hours",
    "hrs": "Hours",
    "day": "Days",
    "month": "Months",
    "minute": "Minutes",
    "second": "Seconds",
    "gb hour": "GB-Hours",
    "gb hours": "GB-Hours",
    "gib hour": "GiB-Hours",
    "gib hours": "GiB-Hours",
    "gb second": "GB-Seconds",
    "gb seconds": "GB-Seconds",
    "vcpu hour": "vCPU-Hours",
    "core hours": "Core-Hours",
    "gb": "GB",
    "gib": "GiB",
    "mb": "MB",
    "tb": "TB",
    "tib": "TiB",
    "api calls": "Requests",
    "request": "Requests",
    "requests": "Requests",
    "token": "Tokens",
    "tokens": "Tokens",
    "transaction": "Transactions",
    "transactions": "Transactions",
    "operation": "Operations",
    "operations": "Operations",
    "user": "Users",
    "node": "Nodes",
    "image": "Images",
    "page": "Pages",
}


@dataclass(frozen=True)
class Unit:
    """What one priced block holds: `block` times `name`."""

    block: Decimal
    name: str

    @property
    def priced(self) -> str:
        """The unit that a price is for, as FOCUS writes it: `Hours`, `100 Hours`."""
        return self.name if self.block == 1 else f"{self.block:f} {self.name}"

    @property
    def reciprocal(self) -> Decimal | None:
        """1 / `block`, where it can be written down exactly."""
        with localcontext() as exactly:
            exactly.traps[Inexact] = True
            try:
                return 1 / self.block
            except Inexact:
                return None


def unit(measure: str) -> Unit:
    """The block that the unit of measure `measure` stands for. Words it does not know stay as they are written."""
    found = _FORM.fullmatch(measure.strip())
    assert found is not None  # every part of the form is optional
    number = Decimal((found["number"] or "1").replace(",", ""))
    block = number * _TIMES.get(found["times"] or "", 1)
    return Unit(block or Decimal(1), _name(found["rest"]))


def _name(rest: str) -> str:
    thing, slash, time = (part.strip() for part in rest.partition("/"))
    plural = _PLURALS.get(thing.casefold(), thing)
    return f"{plural}/{time.capitalize()}" if slash else plural
