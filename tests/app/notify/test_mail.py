"""Mailing by a real server on loopback."""

import base64
import socket
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.domain.notification import Notification
from app.errors import BadInput, NotPermitted, Unavailable
from app.notify import patience
from app.notify.mail import MailServer, mail_server
from tests.app.notify.servers import MailBox, certificate, mail_box

NOW = datetime(2026, 4, 2, 9, tzinfo=UTC)
SENDER = "costs@example.com"
MESSAGE = Notification(
    about="search",
    subject="Sühne & Co\nBcc: eve@example.com owes 1.00 USD",
    text="Sühne owes 1.00 USD.\n.\nA line of a dot alone\n",
    html="<p>Sühne owes 1.00&nbsp;USD</p>",
    payload=b"{}",
    recipients=("ada@example.com", "bob@example.com"),
)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which nobody waits for here."""
    found: list[float] = []
    monkeypatch.setattr(patience, "pause", found.append)
    return found


def at(box: MailBox, *, starttls: bool = False, user: str = "") -> MailServer:
    return mail_server(f"smtp://{user}127.0.0.1:{box.port}", SENDER, starttls=starttls)


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")  # as mail has its lines


def test_a_mail_has_text_and_html_and_no_header_of_a_name() -> None:
    with mail_box() as box:
        assert at(box).send(MESSAGE, NOW) == ()
    ((recipients, mail, secure),) = box.mails
    assert recipients == ["ada@example.com", "bob@example.com"]
    assert (mail["To"], mail["From"]) == ("ada@example.com, bob@example.com", SENDER)
    assert mail["Subject"] == "Sühne & Co Bcc: eve@example.com owes 1.00 USD"
    assert mail["Bcc"] is None
    assert (part(mail, "plain"), part(mail, "html").strip()) == (MESSAGE.text, MESSAGE.html)
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert not secure
    assert mail.as_bytes().isascii()


def test_a_name_and_a_password_go_over_tls_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = certificate(tmp_path)
    with mail_box(tls=context, auth=True) as box:
        with pytest.raises(BadInput, match="certificate that is not trusted"):
            at(box, starttls=True, user="me:pass%40word@").send(MESSAGE, NOW)
        assert (box.mails, box.logins) == ([], [])
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        at(box, starttls=True, user="me:pass%40word@").send(MESSAGE, NOW)
    assert [secure for _, _, secure in box.mails] == [True]
    assert base64.b64decode(box.logins[0].split()[-1]) == b"\0me\0pass@word"


def test_a_server_without_tls_gets_nothing_unless_it_may() -> None:
    with mail_box() as box:
        with pytest.raises(BadInput, match="TRUEUP_SMTP_STARTTLS=false"):
            at(box, starttls=True).send(MESSAGE, NOW)
        assert box.mails == []


def test_a_busy_server_is_tried_again(waits: list[float]) -> None:
    with mail_box() as box:
        box.refusals = {"MAIL": [421], "RCPT": [450, 450], "DATA": [451]}
        at(box).send(MESSAGE, NOW)
        assert (len(box.mails), len(waits)) == (1, 3)
        box.refusals = {"QUIT": [421]}
        at(box).send(replace(MESSAGE, recipients=("eve@example.com",)), NOW)
        assert len(box.mails) == 2  # once, however the server says goodbye
        box.mails.pop()
        box.refusals = {"MAIL": [451] * 4}
        with pytest.raises(Unavailable, match=r"refuses the mail \(451\)"):
            at(box).send(MESSAGE, NOW)
        assert len(box.mails) == 1


def test_a_recipient_that_is_refused_keeps_no_other_back() -> None:
    with mail_box() as box:
        box.refusals = {"RCPT": [550]}
        assert at(box).send(MESSAGE, NOW) == ("ada@example.com",)
        assert [recipients for recipients, _, _ in box.mails] == [["bob@example.com"]]
        box.refusals = {"RCPT": [550, 550]}
        with pytest.raises(BadInput, match=r"takes no mail for ada@example.com, bob@example.com \(550\)"):
            at(box).send(MESSAGE, NOW)


def test_a_wrong_password_is_told_without_it() -> None:
    with mail_box(auth=True) as box:
        box.refusals = {"AUTH": [535] * 4}
        with pytest.raises(NotPermitted) as refused:
            at(box, user="me:hunter2@").send(MESSAGE, NOW)
    assert "turns our name and password away (535)" in str(refused.value)
    assert "hunter2" not in f"{refused.value!r}{refused.value.__cause__}{at(box, user='me:hunter2@')}"


def test_a_server_that_is_not_there_is_unavailable(waits: list[float]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port} cannot be reached"):
        mail_server(f"smtp://127.0.0.1:{port}", SENDER, starttls=False).send(MESSAGE, NOW)
    assert len(waits) == 3


@pytest.mark.parametrize("url", ["", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://h:port"])
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="TRUEUP_SMTP_URL"):
        mail_server(url, SENDER, starttls=True)


def test_ports_are_the_schemes_and_a_sender_is_an_address() -> None:
    assert (
        mail_server("smtp://h", SENDER, starttls=True).port,
        mail_server("smtps://h", SENDER, starttls=True).port,
    ) == (587, 465)
    with pytest.raises(BadInput, match="TRUEUP_SMTP_FROM"):
        mail_server("smtp://h", None, starttls=True)
