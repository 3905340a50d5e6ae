"""Samples on their way: kept on disk until the server has them, and sent in posts that count once."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from app.errors import BadInput, NotPermitted, Unavailable

MOST_SAMPLES = 5_000  # in a batch: half of what the server takes at once
KEEP_BATCHES = 20_000  # on disk, while the server is away; then the oldest go
_TIMEOUT = httpx.Timeout(60, connect=10)


@dataclass(frozen=True)
class Spool:
    """A folder of batches, each a file that is named for the time it was made and for its key."""

    folder: Path

    def add(self, samples: Sequence[Mapping[str, Any]], now: datetime) -> int:
        """Keeps samples as batches; returns how many old batches had to go for want of room."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for start in range(0, len(samples), MOST_SAMPLES):
            name = f"{now:%Y%m%dT%H%M%S}-{start:06d}-{uuid4().hex}.json"
            partial = self.folder / f".{name}"
            partial.write_text(json.dumps(samples[start : start + MOST_SAMPLES], default=_plain))
            partial.replace(self.folder / name)  # whole or not at all
        gone = list(self.batches())[: -KEEP_BATCHES or None]
        for batch in gone:
            batch.unlink()
        return len(gone)

    def batches(self) -> Iterator[Path]:
        """The batches, oldest first."""
        yield from sorted(self.folder.glob("[0-9]*.json"))


@dataclass(frozen=True)
class Server:
    """Where batches go."""

    client: httpx.Client
    source: str

    def send(self, spool: Spool) -> int:
        """Sends every batch, oldest first, and drops those that have arrived; returns how many.

        Raises Unavailable when the server is away or busy (the rest stays for later) and NotPermitted when it turns the
        key away. A batch that the server cannot use is put aside and told with BadInput, after the others were sent.
        """
        sent, refused = 0, None
        for batch in spool.batches():
            refusal = self._post(batch)
            if refusal:
                batch.rename(batch.with_suffix(".refused"))
                refused = refused or f"The server cannot use {batch.stem}: {refusal} It is kept beside the others."
            else:
                batch.unlink()
                sent += 1
        if refused:
            raise BadInput(refused)
        return sent

    def _post(self, batch: Path) -> str | None:
        """Posts a batch; returns why the server cannot use it."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": batch.stem}
        try:
            answer = self.client.post(
                "/api/v1/gpu/samples", params={"source": self.source}, content=batch.read_bytes(), headers=headers
            )
        except httpx.TransportError as error:
            raise Unavailable(f"{self.client.base_url} does not answer ({error}). Samples wait on disk.") from error
        if answer.is_success:
            return None
        said = _said(answer)
        if answer.status_code in {401, 403}:
            raise NotPermitted(f"{self.client.base_url} turns the key away: {said} It needs the scope write:telemetry.")
        if answer.status_code in {408, 409, 425, 429} or answer.is_server_error:
            raise Unavailable(f"{self.client.base_url} answers {answer.status_code}: {said} Samples wait on disk.")
        return said


def server(url: str, source: str, key: str | None) -> Server:
    """The Trueup at `url`, which `key` opens."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return Server(httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=_TIMEOUT), source)


def _said(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no cell of a sample")
