"""What can go wrong in Trueup, said once.

    TrueupError                 every error a person may read; the message says what to do next
    ├── NotFound                the thing asked for does not exist (or is not yours to see)
    ├── Refused                 the request is understood and cannot be granted as things stand
    │   └── Conflict            something else got there first; look again and retry
    ├── BadInput                what was handed in is broken; nothing was changed
    ├── Unavailable             a service that we ask does not answer now; the same request may work later
    ├── NotPermitted            a service that we ask turns our credentials away
    └── NotAllowed              the viewer lacks the scope

Errors carry the facts as attributes and know nothing of HTTP; `app/api/problems.py` and `app/cli/main.py` map them.
"""


class TrueupError(Exception):
    """Something a person can act on; `str(error)` says what happened and what to do."""


class NotFound(TrueupError):
    """The thing asked for does not exist, or is not the viewer's to see."""


class Refused(TrueupError):
    """The request is understood, and cannot be granted as things stand."""


class Conflict(Refused):
    """Something else got there first."""


class BadInput(TrueupError):
    """What was handed in is broken. Nothing was changed."""


class Unavailable(TrueupError):
    """A service that we ask does not answer now: the network, a limit on requests, a fault of its own."""


class NotPermitted(TrueupError):
    """A service that we ask turns our credentials away: missing, expired, or lacking a permission."""


class NotAllowed(TrueupError):
    """The viewer lacks the scope that this needs."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the scope '{scope}'. Ask an admin for a key that has it (`trueup keys create`).")
        self.scope = scope
