"""`trueup notify summary`, through real servers on loopback."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from app.db.tables.access import AuditEntry
from app.notify import patience
from app.settings import settings
from tests.app.cli.test_drivers import Typed, typed  # noqa: F401  (a fixture)
from tests.app.notify.servers import mail_box, web_server
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

POLICY = """
name: p
teams: [{id: search}, {id: speech}]
rules:
  - {name: search, when: {column: SubAccountId, equals: search}, team: search}
  - {name: speech, when: {column: SubAccountId, equals: speech}, team: speech}
"""
MARCH = ("notify", "summary", "2026-03")


@pytest.fixture
def bill(trueup: Trueup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trueup.policy(POLICY)
    rows = [focus_row(cost, SubAccountId=team) for team, cost in (("search", "10"), ("speech", "5"))]
    trueup.ingest(write_csv(tmp_path / "b.csv", rows))
    monkeypatch.setattr(patience, "pause", lambda _seconds: None)


def configured(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"TRUEUP_{name.upper()}", value)
    settings.cache_clear()


def sent(trueup: Trueup) -> list[tuple[str, dict[str, object]]]:
    return [(each.target, each.details) for each in trueup.all(AuditEntry) if each.action == "summary.send"]


def test_a_summary_is_printed(typed: Typed, bill: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    configured(monkeypatch, public_url="https://costs.example.com")
    said = typed(*MARCH)[1]
    assert "search owes 10.00 USD for 2026-03 (draft)" in said
    assert "https://costs.example.com/chargeback/speech?period=2026-03" in said
    assert "<title>search owes 10.00 USD" in typed(*MARCH, "--team", "search", "--format", "html")[1]
    assert json.loads(typed(*MARCH, "--team", "search", "--format", "json")[1])["team_id"] == "search"
    assert typed(*MARCH, "--team", "nobody")[0] == 1


def test_each_team_is_posted_signed_and_audited(
    trueup: Trueup,
    typed: Typed,  # noqa: F811
    bill: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with web_server() as server:
        configured(monkeypatch, webhook_url=server.url, webhook_secret="s3cret")
        server.answers += [(503, {}, "")]
        code, said, _ = typed(*MARCH, "--to", "webhook")
        assert (code, said.splitlines()) == (
            0, ["sent  search: posted to 127.0.0.1", "sent  speech: posted to 127.0.0.1"],
        )  # fmt: skip
        assert [json.loads(body)["text"].split()[0] for _, body in server.posts] == ["search", "search", "speech"]
        headers, body = server.posts[-1]
        signed = hmac.new(b"s3cret", headers["x-trueup-timestamp"].encode() + b"." + body, hashlib.sha256)
        assert headers["x-trueup-signature"] == f"sha256={signed.hexdigest()}"
        assert sent(trueup) == [("search 2026-03", {"to": "webhook"}), ("speech 2026-03", {"to": "webhook"})]
        server.answers += [(400, {}, "invalid_blocks")]
        code, said, problem = typed(*MARCH, "--to", "webhook", "--json")
        told = json.loads(said)
        assert (code, [each["sent"] for each in told], problem) == (1, [False, True], "")
        assert "answered 400 (invalid_blocks)" in told[0]["message"]
        server.answers += [(500, {}, "")] * 4
        code, said, _ = typed(*MARCH, "--to", "webhook")
        assert (code, said.splitlines()[1]) == (1, "NOT SENT  speech: not tried")
        assert "secret" not in said


def test_each_team_is_mailed_to_its_own_people(
    trueup: Trueup,
    typed: Typed,  # noqa: F811
    bill: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    leads = tmp_path / "leads.csv"
    leads.write_text("team_id,mail_to\nsearch,ada@example.com\n")
    with mail_box() as box:
        configured(
            monkeypatch,
            smtp_url=f"smtp://127.0.0.1:{box.port}",
            smtp_from="costs@example.com",
            smtp_starttls="false",
        )
        code, said, _ = typed(*MARCH, "--to", "mail", "--recipients", leads)
        assert (code, said.splitlines()[0]) == (1, "sent  search: mailed to ada@example.com")
        assert said.splitlines()[1].startswith("NOT SENT  speech: nobody is named who gets its mail")
        code, _, _ = typed(*MARCH, "--to", "mail", "--recipients", leads, "--mail-to", "cfo@example.com")
        assert code == 0
    assert [(recipients, mail["Subject"]) for recipients, mail, _ in box.mails] == [
        (["ada@example.com"], "search owes 10.00 USD for 2026-03 (draft)"),
        (["ada@example.com", "cfo@example.com"], "search owes 10.00 USD for 2026-03 (draft)"),
        (["cfo@example.com"], "speech owes 5.00 USD for 2026-03 (draft)"),
    ]
    assert "example.com" not in str(sent(trueup))


def test_what_is_not_set_up_is_told(typed: Typed, bill: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    assert "Set TRUEUP_WEBHOOK_URL" in typed(*MARCH, "--to", "webhook")[2]
    assert "Set TRUEUP_SMTP_URL" in typed(*MARCH, "--to", "mail")[2]
    assert "'ada' is no e-mail address" in typed(*MARCH, "--to", "mail", "--mail-to", "ada")[2]
