"""How a closed statement comes out when it is worked out again."""

from dataclasses import dataclass
from datetime import date

from app.domain.canonical import Difference


@dataclass(frozen=True)
class Replay:
    """How a closed statement came out when it was worked out again.

    `from_inputs` is where the canonical files that its inputs give differ from those that were kept; `from_lines`
    where those that its lines on record give do. Both are empty when nothing has been tampered with.
    """

    billing_period_start: date
    identical: bool  # every byte is the one that was kept
    allocation_version: int
    sha256: str
    rebuilt_sha256: str
    lines: int
    from_inputs: tuple[Difference, ...]
    from_lines: tuple[Difference, ...]
