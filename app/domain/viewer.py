"""Who is asking, what they may do and whose costs they may see."""

from dataclasses import dataclass
from enum import StrEnum

from app.errors import NotAllowed


class Scope(StrEnum):
    """What a key may do."""

    READ_COSTS = "read:costs"
    WRITE_INGEST = "write:ingest"
    WRITE_DRIVERS = "write:drivers"
    WRITE_TELEMETRY = "write:telemetry"
    WRITE_POLICY = "write:policy"
    WRITE_BUDGETS = "write:budgets"
    CLOSE_CHARGEBACK = "close:chargeback"
    ADMIN = "admin"


@dataclass(frozen=True)
class Viewer:
    """A principal: every report and every action takes one.

    `teams` are the roots of the subtrees it may see; None means everything, unallocated cost included.
    """

    name: str
    scopes: frozenset[Scope]
    teams: frozenset[str] | None = None

    @property
    def fingerprint(self) -> str:
        """A text that two viewers share only if they may see and do the same."""
        teams = "*" if self.teams is None else ",".join(sorted(self.teams))
        return f"{','.join(sorted(self.scopes))} {teams}"

    def may(self, scope: Scope) -> bool:
        """Whether the viewer has `scope`; an admin has every one."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def require_everything(self, scope: Scope) -> None:
        """Raises NotAllowed unless the viewer has `scope` and may see every team.

        For what reaches beyond a team: a policy decides what everybody owes.
        """
        self.require(scope)
        if self.teams is not None:
            raise NotAllowed(f"{scope} for every team")

    def require(self, scope: Scope) -> None:
        """Raises NotAllowed unless the viewer has `scope`."""
        if not self.may(scope):
            raise NotAllowed(scope)


def operator(name: str = "local") -> Viewer:
    """Who types at the machine itself: the command line, or a browser on loopback without sign-in."""
    return Viewer(name, frozenset({Scope.ADMIN}))
