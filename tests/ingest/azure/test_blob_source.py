"""Exports pulled from Blob storage: what is offered, what is fetched, and what is said when that fails."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.storage.blob import AccountSasPermissions, ContainerClient, ResourceTypes, generate_account_sas

from app.actions.ingest import run_source
from app.actions.sources import add_source
from app.db.session import write_session
from app.domain.viewer import operator
from app.errors import BadInput, NotPermitted, Unavailable
from ingest.azure import blobs
from ingest.azure.blob_source import ExportSettings, check_export, export_offers
from ingest.kind import Offer, Window
from tests.ingest.azure.conftest import ACCOUNT, KEY, Storage, upload
from tests.ingest.azure.cost_rows import covered, purchase, unused
from tests.ingest.azure.exports import write_run
from tests.ingest.bills import focus_row
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

SPRING = Window(date(2026, 3, 1), date(2026, 5, 1), date(2026, 4, 20))


@dataclass
class Place:
    """A container in Azurite and a folder that is put into it."""

    client: ContainerClient
    settings: ExportSettings
    folder: Path

    def offers(self, window: Window = SPRING) -> list[Offer]:
        return list(export_offers(self.settings, window))

    def upload(self) -> None:
        upload(self.client, self.folder)


@pytest.fixture
def place(azurite: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv(blobs.CONNECTION_STRING, azurite.connection_string())
    name = f"c{abs(hash(str(tmp_path))):x}"[:40]
    settings = ExportSettings(account_url=azurite.account_url, container=name, prefix="finops")
    return Place(azurite.container(name), settings, tmp_path / "exported")


def line(cost: str, month: str = "2026-03") -> dict[str, object]:
    return focus_row(cost, day=f"{month}-02")


def silently(_stage: str, _done: int) -> None:
    """Is told of the progress."""


def test_each_month_of_the_window_is_offered_once_with_its_newest_run(place: Place) -> None:
    for month in ("2026-02", "2026-03", "2026-04"):
        write_run(place.folder, [line("1", month)], run="old", month=month, submitted="2026-05-01T00:00:00Z")
        write_run(place.folder, [line("2", month)], run="new", month=month, submitted="2026-05-02T00:00:00Z")
    place.upload()
    assert [(offer.scope, offer.version, offer.label) for offer in place.offers()] == [
        ("daily/20260301-20260331", "new@2026-05-02T00:00:00Z", "FOCUS of 2026-03"),
        ("daily/20260401-20260430", "new@2026-05-02T00:00:00Z", "FOCUS of 2026-04"),
    ]


def test_a_run_that_overwrites_is_told_by_the_etag_of_its_manifest(place: Place) -> None:
    write_run(place.folder, [line("1")], overwrites=True)
    place.upload()
    (before,) = place.offers()
    assert before.version == place.offers()[0].version
    place.upload()  # the same bytes, written again
    assert place.offers()[0].version != before.version
    assert before.version.startswith("run-1@2026-04-01T07:00:00.0000000Z#")


def test_only_the_named_export_is_offered(place: Place) -> None:
    write_run(place.folder, [line("1")], export="one", scope="/subscriptions/1")
    write_run(place.folder, [line("1")], export="two", scope="/subscriptions/2")
    place.upload()
    assert [offer.scope for offer in place.offers()] == ["one+two/20260301-20260331"]
    place.settings = place.settings.model_copy(update={"export_name": ("two",)})
    assert [offer.scope for offer in place.offers()] == ["two/20260301-20260331"]


def test_a_month_without_charges_is_not_offered(place: Place) -> None:
    write_run(place.folder)
    place.upload()
    assert place.offers() == []


def test_only_the_blobs_that_the_manifest_names_are_fetched_byte_for_byte(place: Place, tmp_path: Path) -> None:
    folder = write_run(place.folder, [line("1")], [line("2")])
    (folder / "part_2_0001.csv.gz").write_bytes(b"of no run")
    place.upload()
    (offer,) = place.offers()
    fetched: list[tuple[str, int]] = []
    paths = offer.fetch(tmp_path / "fetched", lambda stage, done: fetched.append((stage, done)))
    assert paths == [tmp_path / "fetched"]
    names = sorted(path.relative_to(tmp_path / "fetched") for path in paths[0].rglob("*") if path.is_file())
    assert [name.name for name in names] == ["manifest.json", "part_0_0001.csv.gz", "part_1_0001.csv.gz"]
    for name in names:
        assert (paths[0] / name).read_bytes() == (place.folder / name).read_bytes()
    assert sum(done for stage, done in fetched if stage == "fetch") == sum(
        (place.folder / name).stat().st_size for name in names if name.name != "manifest.json"
    )


def add(trueup: Trueup, place: Place) -> None:
    with write_session(trueup.engine) as session:
        config = place.settings.model_dump(mode="json", exclude_defaults=True) | {"since": "2026-03-01"}
        add_source(session, operator(), kind="azure-export", name="azure", config=config)


def run(trueup: Trueup, month: date | None = None) -> list[tuple[str | None, bool]]:
    """What a run of the source did: the label of each delivery and whether it was there already."""
    done = run_source(trueup.engine, operator(), trueup.config, "azure", month=month)
    for failure in done.failures:
        raise failure
    return [(outcome.label, outcome.unchanged) for outcome in done.outcomes]


def test_a_source_is_pulled_and_pulled_again_only_where_something_changed(trueup: Trueup, place: Place) -> None:
    write_run(place.folder, [line("1")])
    write_run(place.folder, [line("10", "2026-04")], month="2026-04")
    place.upload()
    add(trueup, place)
    assert run(trueup) == [("FOCUS of 2026-03", False), ("FOCUS of 2026-04", False)]
    assert trueup.total() == 11
    version = trueup.version()
    assert run(trueup, date(2026, 3, 1)) == [("FOCUS of 2026-03", True)]
    assert trueup.version() == version
    # A new run of March: a refund came in, and the month shrank by a row.
    write_run(place.folder, [line("0.5")], run="run-2", submitted="2026-04-06T07:00:00Z")
    place.upload()
    assert run(trueup, date(2026, 3, 1)) == [("FOCUS of 2026-03", False)]
    assert trueup.total() == Decimal("10.5")


def test_actual_and_amortized_exports_are_one_delivery(trueup: Trueup, place: Place) -> None:
    write_run(place.folder, [purchase("10"), covered("0")], export="actual", kind="ActualCost")
    write_run(place.folder, [covered("6"), unused("4")], export="amortized", kind="AmortizedCost")
    place.upload()
    add(trueup, place)
    assert run(trueup, date(2026, 3, 1)) == [("cost details of 2026-03", False)]
    assert trueup.total() == 10
    assert run(trueup, date(2026, 3, 1)) == [("cost details of 2026-03", True)]


def test_a_blob_that_is_named_and_missing_is_refused_and_the_figures_stay(trueup: Trueup, place: Place) -> None:
    write_run(place.folder, [line("1")])
    place.upload()
    add(trueup, place)
    run(trueup, date(2026, 3, 1))
    before = trueup.figures()
    write_run(place.folder, [line("2")], [line("3")], run="run-2", submitted="2026-04-06T07:00:00Z")
    place.upload()
    place.client.delete_blob("finops/daily/20260301-20260331/run-2/part_1_0001.csv.gz")
    with pytest.raises(
        BadInput, match=r"part_1_0001\.csv\.gz, which is not in the container .* Run the export daily again"
    ):
        run(trueup, date(2026, 3, 1))
    assert trueup.figures() == before


def test_a_run_that_is_being_overwritten_is_left_for_the_next_time(place: Place, tmp_path: Path) -> None:
    write_run(place.folder, [line("1")], overwrites=True)
    place.upload()
    (offer,) = place.offers()
    write_run(place.folder, [line("1"), line("2")], run="run-2", overwrites=True)
    place.upload()
    with pytest.raises(Unavailable, match=r"A new run of the export daily is being written"):
        offer.fetch(tmp_path / "fetched", silently)


def test_a_listing_of_many_pages_is_read_to_its_end(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        write_run(place.folder, [line(str(number))], run=f"run-{number}", submitted=f"2026-04-0{number + 1}T00:00:00Z")
    place.upload()
    whole = ContainerClient.walk_blobs

    def in_small_pages(client: ContainerClient, **told: object) -> object:
        return whole(client, results_per_page=2, **told)  # type: ignore[arg-type]

    monkeypatch.setattr(ContainerClient, "walk_blobs", in_small_pages)
    assert [offer.version for offer in place.offers()] == ["run-6@2026-04-07T00:00:00Z"]


def sas(azurite: Storage, *, expires_in: timedelta, **allowed: bool) -> str:
    """A connection string with a shared access signature instead of the key."""
    token = generate_account_sas(
        ACCOUNT,
        KEY,
        ResourceTypes(container=True, object=True, service=True),
        AccountSasPermissions(**allowed),
        datetime.now(UTC) + expires_in,
        datetime.now(UTC) - timedelta(hours=2),
    )
    return f"BlobEndpoint={azurite.account_url};SharedAccessSignature={token}"


def test_a_missing_permission_names_the_role(azurite: Storage, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(place.folder, [line("1")])
    place.upload()
    monkeypatch.setenv(blobs.CONNECTION_STRING, sas(azurite, expires_in=timedelta(hours=1), read=True))
    with pytest.raises(NotPermitted, match=r"We may not read the container .* role Storage Blob Data Reader"):
        place.offers()
    (access,) = check_export(place.settings)
    assert not access.ok
    assert "Storage Blob Data Reader" in access.message
    monkeypatch.setenv(blobs.CONNECTION_STRING, sas(azurite, expires_in=timedelta(hours=1), list=True))
    listed, read = check_export(place.settings)
    assert (listed.ok, read.ok) == (True, False)
    assert "Storage Blob Data Reader" in read.message


def test_credentials_that_have_expired_are_told_from_a_missing_permission(
    azurite: Storage, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(blobs.CONNECTION_STRING, sas(azurite, expires_in=-timedelta(hours=1), read=True, list=True))
    with pytest.raises(NotPermitted, match=r"they are wrong or have expired\. Renew AZURE_STORAGE_CONNECTION_STRING"):
        place.offers()


def test_a_wrong_key_is_told(azurite: Storage, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(blobs.CONNECTION_STRING, azurite.connection_string("AAAA"))
    with pytest.raises(NotPermitted, match=r"they are wrong or have expired\. Renew"):
        place.offers()


def test_a_container_that_is_not_there_is_a_wrong_setting(place: Place) -> None:
    place.settings = place.settings.model_copy(update={"container": "elsewhere"})
    with pytest.raises(BadInput, match=r"There is no container elsewhere in this storage account\. Check --container"):
        place.offers()


def test_a_check_says_what_is_there(place: Place) -> None:
    (listed, found) = check_export(place.settings)
    assert (listed.ok, found.ok) == (True, False)
    assert "there is no manifest.json below" in found.message
    write_run(place.folder, [line("1")])
    place.upload()
    assert [access.ok for access in check_export(place.settings)] == [True, True]


def test_without_a_container_or_credentials_it_says_which_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match=r"no --path and no --container"):
        list(export_offers(ExportSettings(), SPRING))
    with pytest.raises(BadInput, match=r"neither an account_url nor AZURE_STORAGE_CONNECTION_STRING"):
        list(export_offers(ExportSettings(container="c"), SPRING))
    nobody = ExportSettings(account_url="https://acme.blob.core.windows.net", container="c")
    with pytest.raises(NotPermitted, match=r"does not accept our credentials .* Storage Blob Data Reader"):
        list(export_offers(nobody, SPRING))


def test_a_login_that_has_expired_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Expired:
        def get_token(self, *_scopes: str, **_options: object) -> None:
            raise ClientAuthenticationError("AADSTS7000222: The provided client secret keys are expired.\nTrace ID: 1")

    monkeypatch.setattr(blobs, "DefaultAzureCredential", Expired)
    settings = ExportSettings(account_url="https://acme.blob.core.windows.net", container="c")
    with pytest.raises(NotPermitted, match=r"\(AADSTS7000222: The provided client secret keys are expired\)\. Renew"):
        list(export_offers(settings, SPRING))


def test_a_connection_string_of_another_account_is_not_used(azurite: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(blobs.CONNECTION_STRING, azurite.connection_string())
    settings = ExportSettings(account_url="https://acme.blob.core.windows.net", container="c")
    with pytest.raises(NotPermitted, match=r"does not accept our credentials"):
        list(export_offers(settings, SPRING))


@dataclass
class Faulty:
    """An account that answers everything with one fault."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def faulty(status: int, code: str = "", *, cut: bool = False) -> Iterator[Faulty]:
    found = Faulty("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_response(status)
            self.send_header("x-ms-error-code", code)
            self.send_header("Content-Length", "1000" if cut else "0")
            self.end_headers()
            if cut:
                self.wfile.write(b"<?xml")
                self.close_connection = True

        def log_message(self, *_said: object) -> None:
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/{ACCOUNT}"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def offers_of(url: str, monkeypatch: pytest.MonkeyPatch) -> list[Offer]:
    monkeypatch.setenv(blobs.CONNECTION_STRING, Storage(url).connection_string())
    return list(export_offers(ExportSettings(account_url=url, container="c"), SPRING))


def test_a_server_that_is_busy_is_asked_again_and_then_left_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        faulty(503, "ServerBusy") as server,
        pytest.raises(Unavailable, match=r"\(503 ServerBusy, tried several"),
    ):
        offers_of(server.url, monkeypatch)
    assert len(server.asked) == 4


@pytest.mark.parametrize("status", [408, 429, 500])
def test_other_faults_that_pass_are_left_for_later_too(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty(status) as server, pytest.raises(Unavailable, match=rf"does not serve .* now \({status}"):
        offers_of(server.url, monkeypatch)


def test_a_firewall_is_told_from_a_missing_role(monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty(403, "AuthorizationFailure") as server, pytest.raises(NotPermitted, match=r"its firewall does not let"):
        offers_of(server.url, monkeypatch)


def test_a_role_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = r"We may not read .* \(AuthorizationPermissionMismatch\)\. Assign the role Storage Blob Data Reader"
    with faulty(403, "AuthorizationPermissionMismatch") as server, pytest.raises(NotPermitted, match=denied):
        offers_of(server.url, monkeypatch)


def test_an_answer_that_breaks_off_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        faulty(200, cut=True) as server,
        pytest.raises(Unavailable, match=r"for the container c broke off\. The next run"),
    ):
        offers_of(server.url, monkeypatch)


def test_no_network_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty(200) as server:
        gone = server.url
    with pytest.raises(Unavailable, match=r"could not be reached for the container c .* next run tries again"):
        offers_of(gone, monkeypatch)
