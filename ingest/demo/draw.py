"""The demo's randomness: every draw is a function of the seed and of its own name.

A shared generator would shift every later figure when one resource is added or one day is left out. Named draws do
not, so yesterday's bill stays the same when the demo is made again today.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import blake2b

# Nine digits: enough for a quantity to look metered and few enough for a cost to fit the 18 digits GCP bills with.
_STEPS = 10**9


@dataclass(frozen=True)
class Dice:
    """A source of named draws."""

    seed: int

    def fraction(self, name: str, day: date) -> Decimal:
        """An even draw from [0, 1), exact to nine digits."""
        digest = blake2b(f"{self.seed}|{name}|{day}".encode(), digest_size=8).digest()
        return Decimal(int.from_bytes(digest, "big") % _STEPS) / _STEPS
