"""An API key: what is shown once, what is kept, and how the two are compared.

A key reads `tu_<prefix>_<secret>`. The prefix names it in lists and logs; of the secret only a digest is kept. The
secret is random and long, so a plain SHA-256 is as good as a slow hash, which is for passwords that people choose.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from app.domain.viewer import Scope, Viewer

_SIGN = "tu"


@dataclass(frozen=True)
class KeyText:
    """A key as its holder has it."""

    prefix: str
    secret: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The key that `text` spells, or None when it spells none."""
        sign, _, rest = text.strip().partition("_")
        prefix, _, secret = rest.partition("_")
        return cls(prefix, secret) if sign == _SIGN and prefix and secret else None

    def __str__(self) -> str:
        return f"{_SIGN}_{self.prefix}_{self.secret}"

    def __repr__(self) -> str:
        return f"KeyText({self.prefix}, secret withheld)"

    @property
    def digest(self) -> bytes:
        """What is kept of the key."""
        return hashlib.sha256(str(self).encode()).digest()

    def has_digest(self, digest: bytes) -> bool:
        """Whether `digest` is this key's, told in the same time however much of it is right."""
        return hmac.compare_digest(self.digest, digest)


@dataclass(frozen=True)
class Key:
    """A key as everybody else knows it. `teams` limits it to their subtrees; None means everything."""

    prefix: str
    name: str
    scopes: tuple[Scope, ...]
    teams: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def works_at(self, now: datetime) -> bool:
        """Whether the key opens anything at `now`."""
        return self.revoked_at is None and now < self.expires_at

    @property
    def viewer(self) -> Viewer:
        """Who presents the key."""
        teams = None if self.teams is None else frozenset(self.teams)
        return Viewer(f"key:{self.name}", frozenset(self.scopes), teams)
