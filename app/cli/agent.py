"""`trueup agent`: samples of this machine's GPUs, sent to a Trueup elsewhere."""

import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import say
from app.errors import BadInput, TrueupError, Unavailable
from app.settings import settings

KEY = "TRUEUP_AGENT_KEY"


def agent(  # noqa: PLR0917  (typer passes one argument for each option)
    server: Annotated[str, typer.Option(help="The address of Trueup, such as https://trueup.example.com.")],
    source: Annotated[str, typer.Option(help="The source that the samples are of; agents may share one.")],
    interval: Annotated[int, typer.Option(min=1, max=60, help="Seconds from one sample to the next.")] = 15,
    every: Annotated[int, typer.Option(min=1, help="Seconds from one post to the next.")] = 300,
    spool: Annotated[Path | None, typer.Option(help="Where samples wait; the data folder, if it is not said.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Take one sample, send it, and end.")] = False,
) -> None:
    """Sample the GPUs of this machine by NVML and post them, for machines without a Prometheus.

    The key comes from TRUEUP_AGENT_KEY and needs the scope write:telemetry. While the server is away, samples wait on
    disk. Install nvidia-ml-py beside Trueup on the machine.

    Example: trueup agent --server https://trueup.example.com --source agents --interval 15
    """
    from ingest.telemetry.nvml import boards
    from ingest.telemetry.processes import owner_of
    from ingest.telemetry.spool import Spool
    from ingest.telemetry.spool import server as server_at

    waiting = Spool(spool or settings().data_dir / "agent" / source)
    there = server_at(server, source, os.environ.get(KEY))
    with boards(socket.gethostname(), owner_of) as here:
        samples: list[dict[str, object]] = []
        posted = time.monotonic()
        while True:
            began = time.monotonic()
            samples += here.samples(datetime.now(UTC))
            if once or time.monotonic() - posted >= every:
                if gone := waiting.add(samples, datetime.now(UTC)):
                    say(f"{gone} batches had to go: the server has been away for too long.")
                samples, posted = [], time.monotonic()
                try:
                    there.send(waiting)
                except (Unavailable, BadInput) as error:
                    _tell_or_raise(error, once=once)
            if once:
                return
            time.sleep(max(0.0, interval - (time.monotonic() - began)))


def _tell_or_raise(error: TrueupError, *, once: bool) -> None:
    """Says what went wrong and goes on: an agent that ends for a server's sake loses what it would have seen."""
    if once:
        raise error
    say(str(error))
