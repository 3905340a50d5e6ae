"""Asking side by side, and keeping every answer as it came."""

import gzip
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ingest.files import Progress
from ingest.telemetry.prometheus.client import Prometheus
from ingest.telemetry.prometheus.patience import answers
from ingest.telemetry.prometheus.pulled import SUFFIX, Kept
from ingest.telemetry.prometheus.questions import Asking, Stat


class SeriesHour(NamedTuple):
    """An hour, by its end, in which a series has samples of a metric."""

    series: int  # a hash of its labels without the metric's name, good for as long as this process lives
    of_instance: bool  # of a MIG instance
    hour: int


@dataclass
class Keeper:
    """Writes answers into a folder, and says in `kept` what was asked for them."""

    server: Prometheus
    folder: Path
    progress: Progress
    parallel: int
    kept: list[Kept] = field(default_factory=list)
    _asked: int = 0
    _telling: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, askings: Iterable[Asking], *, series: int) -> Mapping[str, set[SeriesHour]]:
        """Asks `parallel` questions at a time, each about `series` series at most.

        Returns, for each metric that was counted, where it has samples.
        """
        numbered = list(enumerate(askings, start=self._asked + 1))
        self._asked += len(numbered)
        seen: dict[str, set[SeriesHour]] = {}
        with ThreadPoolExecutor(self.parallel) as pool:
            try:
                for (_, asking), (kept, found) in zip(
                    numbered, pool.map(lambda each: self._one(*each, series=series), numbered), strict=True
                ):
                    self.kept += kept
                    if asking.stat is Stat.COUNT:
                        seen.setdefault(asking.metric, set()).update(found)
            except BaseException:
                pool.shutdown(cancel_futures=True)  # what is not asked yet need not be
                raise
        return seen

    def _one(self, number: int, asking: Asking, *, series: int) -> tuple[list[Kept], set[SeriesHour]]:
        """Keeps all parts of an answer."""
        kept: list[Kept] = []
        found: set[SeriesHour] = set()
        for part, (asked, answer) in enumerate(answers(self.server, asking.question, series=series), start=1):
            name = f"{number:03d}-{asking.stat}-{asking.metric}-{part:03d}{SUFFIX}"
            _write(self.folder / name, answer.raw)
            kept.append(
                Kept(name, asking.stat, asking.metric, asked.query, asked.start, asked.end, asked.step, answer.warnings)
            )
            if asking.stat is Stat.COUNT:
                found |= _series_hours(answer.series)
            self._tell(len(answer.raw))
        return kept, found

    def _tell(self, size: int) -> None:
        with self._telling:
            self.progress("download", size)


def _write(target: Path, raw: bytes) -> None:
    """Packs an answer, with its name in the head of the file: two that say nothing are two files all the same."""
    with (
        target.open("wb") as file,
        gzip.GzipFile(target.name, "wb", compresslevel=1, fileobj=file, mtime=0) as packed,
    ):
        packed.write(raw)


def _series_hours(series: list[dict[str, Any]]) -> set[SeriesHour]:
    found: set[SeriesHour] = set()
    for each in series:
        labels = {name: value for name, value in each["metric"].items() if value and name != "__name__"}
        key, of_instance = hash(frozenset(labels.items())), "GPU_I_ID" in labels
        found.update(SeriesHour(key, of_instance, int(moment)) for moment, _ in each["values"])
    return found
