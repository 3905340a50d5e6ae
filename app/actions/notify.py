"""Telling people, outside Trueup, what they owe."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Engine

from app.actions.audit import record
from app.db.session import write_session
from app.domain.notification import Delivered, Delivery, Notification
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput, NotPermitted, TrueupError, Unavailable
from app.notify.mail import mail_server
from app.notify.webhook import Webhook
from app.settings import Settings

Send = Callable[[Notification], str]  # returns what became of it, in words


class Channel(StrEnum):
    """The ways out."""

    WEBHOOK = "webhook"
    MAIL = "mail"


def deliver(
    bound: Engine, viewer: Viewer, config: Settings, messages: Sequence[Notification], *, period: Period, to: Channel
) -> Delivered:
    """Sends messages about a billing month, each on its own, and says of each what became of it.

    One that is refused keeps no other back; when the service cannot be reached, or turns us away, the rest is not
    tried. What was sent is in the audit log, without addresses. Raises BadInput when the way out is not set up,
    NotAllowed for who may not close the chargeback of every team.
    """
    viewer.require_everything(Scope.CLOSE_CHARGEBACK)
    send = _SENDERS[to](config)
    deliveries = tuple(_each(send, messages))
    with write_session(bound) as session:
        for each in deliveries:
            if each.sent:
                record(session, viewer, "summary.send", f"{each.about} {period.label}", to=to.value)
    return Delivered(deliveries)


def _each(send: Send, messages: Sequence[Notification]) -> Iterator[Delivery]:
    down: TrueupError | None = None
    for message in messages:
        if down is not None:
            yield Delivery(message.about, sent=False, message="not tried")
            continue
        try:
            yield Delivery(message.about, sent=True, message=send(message))
        except (Unavailable, NotPermitted) as error:
            down = error
            yield Delivery(message.about, sent=False, message=str(error))
        except TrueupError as error:
            yield Delivery(message.about, sent=False, message=str(error))


def _to_webhook(config: Settings) -> Send:
    if config.webhook_url is None:
        raise BadInput("No webhook is set up. Set TRUEUP_WEBHOOK_URL.")
    secret = config.webhook_secret.get_secret_value() if config.webhook_secret else None
    webhook = Webhook(config.webhook_url.get_secret_value(), secret, lambda: datetime.now(UTC).timestamp())

    def send(message: Notification) -> str:
        webhook.post(message.payload)
        return f"posted to {webhook.host}"

    return send


def _to_mail(config: Settings) -> Send:
    if config.smtp_url is None:
        raise BadInput("No mail server is set up. Set TRUEUP_SMTP_URL and TRUEUP_SMTP_FROM.")
    server = mail_server(config.smtp_url.get_secret_value(), config.smtp_from, starttls=config.smtp_starttls)

    def send(message: Notification) -> str:
        if not message.recipients:
            raise BadInput("nobody is named who gets its mail (--mail-to, or a line of --recipients)")
        refused = server.send(message, datetime.now(UTC))
        taken = [each for each in message.recipients if each not in refused]
        return f"mailed to {', '.join(taken)}" + (f"; refused for {', '.join(refused)}" if refused else "")

    return send


_SENDERS: dict[Channel, Callable[[Settings], Send]] = {Channel.WEBHOOK: _to_webhook, Channel.MAIL: _to_mail}
