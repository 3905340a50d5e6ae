"""What schedulers' jobs did with their GPUs: GPU-hours by team, state and outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal

from sqlalchemy.orm import Session

from app.chargeback.gpu_hours import WorkloadTeams
from app.chargeback.policies import policy_in_force
from app.db.queries.gpu_jobs import JobSum, job_sums
from app.domain.gpu.hour import Owner
from app.domain.gpu.job import Outcome, outcome
from app.domain.money import EXACT, ZERO, total
from app.domain.viewer import Viewer
from app.errors import BadInput
from app.reports.visibility import visible_teams

GROUPS = ("team", "outcome", "state", "account", "user")
_DISPLAY = Context(prec=28)
_HOURS = Decimal("0.000001")


@dataclass(frozen=True)
class JobsQuestion:
    """Jobs of the UTC days from `start` up to, not including, `end`, grouped by some of GROUPS."""

    start: date
    end: date
    group_by: tuple[str, ...] = ("outcome",)

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise BadInput(f"The days must start before they end; {self.start} is not before {self.end}.")
        if strange := [name for name in self.group_by if name not in GROUPS]:
            raise BadInput(f"Jobs cannot be grouped by '{strange[0]}'. Choose from {', '.join(GROUPS)}.")


@dataclass(frozen=True)
class JobRow:
    """Jobs of a group. Waiting is what GPUs were asked for and not given: no cost, and part of no sum of cost."""

    keys: tuple[str | None, ...]
    jobs: int
    gpu_hours: Decimal
    share: Decimal | None  # of all GPU-hours that are asked for
    waited_gpu_hours: Decimal


@dataclass(frozen=True)
class JobsReport:
    """The jobs that were asked for: most GPU-hours first."""

    group_by: tuple[str, ...]
    rows: tuple[JobRow, ...]
    jobs: int
    gpu_hours: Decimal
    waited_gpu_hours: Decimal


def gpu_jobs(session: Session, viewer: Viewer, question: JobsQuestion) -> JobsReport:
    """The jobs with GPUs of the days asked for, whose team `viewer` may see.

    A job counts with the part that lies in these days, so GPU-hours of adjoining spans add up. Its team is the one
    that the policy in force gives it on the first of these days, or else what its source calls it.
    """
    visible = visible_teams(session, viewer)
    applied = policy_in_force(session)
    teams = WorkloadTeams(applied.policy if applied else None)
    groups: dict[tuple[str | None, ...], list[JobSum]] = {}
    for found in job_sums(session, _midnight(question.start), _midnight(question.end)):
        owner = Owner(user_name=found.user_name, account=found.account, team=found.team)
        team = teams.team(owner, question.start)
        if visible is None or team in visible:
            groups.setdefault(_keys(question, found, team or found.team), []).append(found)
    return _report(question, groups)


def _keys(question: JobsQuestion, found: JobSum, team: str | None) -> tuple[str | None, ...]:
    became: Outcome = outcome(found.state, has_run=found.has_run)
    said = {
        "team": team,
        "outcome": became.value,
        "state": found.state,
        "account": found.account,
        "user": found.user_name,
    }
    return tuple(said[name] for name in question.group_by)


def _report(question: JobsQuestion, groups: dict[tuple[str | None, ...], list[JobSum]]) -> JobsReport:
    sums = {keys: total(each.gpu_seconds for each in found) for keys, found in groups.items()}
    whole = total(sums.values())
    rows = [
        JobRow(
            keys,
            sum(each.jobs for each in found),
            _hours(sums[keys]),
            _DISPLAY.divide(sums[keys], whole).quantize(_HOURS) if whole else None,
            _hours(_waited(found)),
        )
        for keys, found in groups.items()
    ]
    waited = _hours(_waited([each for found in groups.values() for each in found]))
    rows.sort(key=lambda row: (-row.gpu_hours, tuple(key or "" for key in row.keys)))
    return JobsReport(question.group_by, tuple(rows), sum(row.jobs for row in rows), _hours(whole), waited)


def _waited(found: Sequence[JobSum]) -> Decimal:
    return total(each.waited_gpu_seconds or ZERO for each in found)


def _hours(seconds: Decimal) -> Decimal:
    """Seconds as hours, to a millionth."""
    return _DISPLAY.divide(EXACT.plus(seconds), Decimal(3600)).quantize(_HOURS)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(tzinfo=UTC))
