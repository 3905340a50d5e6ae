"""What a query needs to know of a question about costs. `app.reports.cost_query.CostQuery` is one."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from app.domain.charge import Axis, Metric

TEAM = "team"
TAG = "tag:"


class Condition(Protocol):
    """Keeps the rows whose `dimension` is (or, if `exclude`, is not) one of `values`; None stands for "has none"."""

    @property
    def dimension(self) -> str: ...
    @property
    def values(self) -> Sequence[str | None]: ...
    @property
    def exclude(self) -> bool: ...


class Question(Protocol):
    """Costs from `start` up to, not including, `end`, in buckets of `granularity` and by `group_by`."""

    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date: ...
    @property
    def metric(self) -> Metric: ...
    @property
    def axis(self) -> Axis: ...
    @property
    def granularity(self) -> str: ...
    @property
    def group_by(self) -> Sequence[str]: ...
    @property
    def filters(self) -> Sequence[Condition]: ...


def asked_dimensions(question: Question) -> tuple[str, ...]:
    """Every dimension that a question groups or filters by, each once."""
    filtered = (condition.dimension for condition in question.filters)
    return tuple(dict.fromkeys((*question.group_by, *filtered)))
