"""Mail by SMTP: text and HTML in one message, over TLS unless it is turned off."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid
from urllib.parse import unquote, urlsplit

from app.domain.notification import Notification
from app.domain.recipients import is_address
from app.errors import BadInput, NotPermitted, TrueupError
from app.notify.patience import TIMEOUT_SECONDS, Passing, patiently

PORTS = {"smtp": 587, "smtps": 465}
_SEVEN_BIT = SMTP.clone(cte_type="7bit")  # what every server takes, whether it has 8BITMIME or not
_PASSING = range(400, 500)  # RFC 5321, 4.2.1: a transient answer


@dataclass(frozen=True)
class MailServer:
    """A server that takes mail, and the address it comes from.

    `smtp` begins in the clear and turns to TLS (STARTTLS), which `starttls` demands; `smtps` is TLS from the start.
    """

    scheme: str
    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    starttls: bool = True

    def send(self, message: Notification, now: datetime) -> tuple[str, ...]:
        """Sends a message and returns the recipients that the server refused while it took others.

        Asks again after a fault that can pass. Raises Unavailable when that did not help, NotPermitted when the server
        turns our name and password away, BadInput for anything else that it refuses.
        """
        mail = composed(message, self.sender, now)
        return patiently(lambda: self._attempt(mail, message.recipients))

    def _attempt(self, mail: EmailMessage, recipients: tuple[str, ...]) -> tuple[str, ...]:
        with self._faults_said(), self._connected() as server:
            return tuple(server.send_message(mail, self.sender, recipients))

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        trust = ssl.create_default_context()
        opened: smtplib.SMTP
        if self.scheme == "smtps":
            opened = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_SECONDS, context=trust)
        else:
            opened = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            if self.scheme == "smtp" and self.starttls:
                opened.starttls(context=trust)
            if self.user is not None:
                opened.login(self.user, self.password or "")
            yield opened
            with suppress(smtplib.SMTPException, OSError):  # the mail is handed over, however the server says goodbye
                opened.quit()
        finally:
            opened.close()

    @contextmanager
    def _faults_said(self) -> Iterator[None]:
        try:
            yield
        except (smtplib.SMTPException, OSError) as error:
            raise self._said(error) from None  # its words may hold what was sent

    def _said(self, error: Exception) -> TrueupError:
        here = f"The mail server {self.host}:{self.port}"
        match error:
            case smtplib.SMTPAuthenticationError(smtp_code=code) if code not in _PASSING:
                return NotPermitted(f"{here} turns our name and password away ({code}). Check TRUEUP_SMTP_URL.")
            case smtplib.SMTPRecipientsRefused(recipients=refused):
                code = next(iter(refused.values()))[0]
                told = f"{here} takes no mail for {', '.join(refused)} ({code})"
                return self._by_code(code, told, "Check the addresses.")
            case smtplib.SMTPResponseException(smtp_code=code):
                return self._by_code(code, f"{here} refuses the mail ({code})", "Check TRUEUP_SMTP_FROM and its logs.")
            case smtplib.SMTPNotSupportedError():
                return BadInput(
                    f"{here} offers no {'TLS' if self.starttls and self.scheme == 'smtp' else 'way to sign in'}. Use"
                    " smtps://, or TRUEUP_SMTP_STARTTLS=false where the way to it is private."
                )
            case ssl.SSLCertVerificationError():
                return BadInput(f"{here} shows a certificate that is not trusted: {error.verify_message}.")
            case _:
                return Passing(f"{here} cannot be reached ({type(error).__name__}). Try again later.")

    def _by_code(self, code: int, told: str, remedy: str) -> TrueupError:
        return Passing(f"{told}. Try again later.") if code in _PASSING else BadInput(f"{told}. {remedy}")


def mail_server(url: str, sender: str | None, *, starttls: bool) -> MailServer:
    """The server at `smtp://USER:PASSWORD@HOST:PORT`. Raises BadInput, which does not repeat it, when it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        parts, port = urlsplit(""), 0
    if not parts.hostname:
        raise BadInput(
            "TRUEUP_SMTP_URL is no mail server. Write it as smtp://USER:PASSWORD@HOST:587, or smtps://…:465."
        )
    if not sender or not is_address(sender):
        raise BadInput("TRUEUP_SMTP_FROM must say from which address mail comes, such as costs@example.com.")
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return MailServer(parts.scheme, parts.hostname, port, sender, user, password, starttls)


def composed(message: Notification, sender: str, now: datetime) -> EmailMessage:
    """The mail, as the server gets it."""
    mail = EmailMessage(policy=_SEVEN_BIT)
    mail["From"] = sender
    mail["To"] = ", ".join(message.recipients)
    mail["Subject"] = " ".join(message.subject.split())  # a line break would end the header
    mail["Date"] = now
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail
