"""Exporters asked for their pages by us: each answer kept as it came, under a comment that says when and from where."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from pathlib import Path
from urllib.parse import urlsplit

from app.errors import BadInput, TrueupError, Unavailable
from ingest.files import Progress
from ingest.http import service
from ingest.telemetry.kind import Clock, Fetched

AT_ONCE = 8  # exporters that are asked side by side
_REMEDY = "An exporter asks for no key as it comes: see what stands between it and this machine."


def scrape(urls: Sequence[str], folder: Path, progress: Progress, clock: Clock) -> Fetched:
    """Asks every exporter of `urls` once and writes what it answers to `folder`.

    `/metrics` is asked for where an address has no path. Raises BadInput for an address that is none, and Unavailable
    when not one exporter answers.
    """
    addresses = [_address(url) for url in dict.fromkeys(urls)]
    if not addresses:
        raise BadInput("No exporter is named. Give its address, such as http://node-1:9400/metrics.")
    failures: list[str] = []

    def ask(number: int, base: str, path: str) -> Path | None:
        try:
            return _page(base, path, folder / f"page_{number:05}.prom", progress, clock)
        except TrueupError as error:
            failures.append(str(error))
            return None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(ask, range(len(addresses)), *zip(*addresses, strict=True)))
    pages = tuple(page for page in found if page)
    if not pages:
        raise Unavailable("\n  ".join(["No exporter answered:", *sorted(failures)]))
    return Fetched(pages, tuple(sorted(failures)))


def _page(base: str, path: str, target: Path, progress: Progress, clock: Clock) -> Path:
    with service("dcgm-exporter", base, remedy=_REMEDY) as exporter:
        page = exporter.get(path)
    at = clock().astimezone(UTC).isoformat(timespec="milliseconds")
    target.write_bytes(f"# observed_at {at}\n# from {base}{path.partition('?')[0]}\n".encode() + page)
    progress("download", len(page))
    return target


def _address(url: str) -> tuple[str, str]:
    """The server and path of an exporter. Raises BadInput."""
    wrong = BadInput(f"'{url}' is no address of an exporter. Write one such as http://node-1:9400/metrics.")
    try:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
            raise wrong
    except ValueError:  # of the port
        raise wrong from None
    path = parts.path if parts.path.strip("/") else "/metrics"
    return f"{parts.scheme}://{parts.netloc}", f"{path}?{parts.query}" if parts.query else path
