"""A message that leaves Trueup: who it is about, what it says, and what became of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Notification:
    """One message, written in each of the forms that a way out may ask for."""

    about: str  # a team's id
    subject: str
    text: str
    html: str
    payload: bytes  # JSON, for a webhook
    recipients: tuple[str, ...] = ()  # e-mail addresses


@dataclass(frozen=True)
class Delivery:
    """What became of a message: sent, or why not."""

    about: str
    sent: bool
    message: str


@dataclass(frozen=True)
class Delivered:
    """What became of all of them."""

    deliveries: tuple[Delivery, ...] = field(default=())

    @property
    def all_sent(self) -> bool:
        """Whether nothing was left out."""
        return all(each.sent for each in self.deliveries)
