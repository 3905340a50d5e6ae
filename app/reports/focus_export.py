"""Allocated cost as FOCUS: every charge of a billing period once for each team that pays for it, in exact parts."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from app.chargeback.basis import Basis, live_basis
from app.chargeback.cost_types import COST_TYPE
from app.chargeback.draft import draw
from app.chargeback.policies import policy_of_version
from app.db.queries.allocated_charges import Allocation, Digits, PaidShare, PayingTeam, allocated_rows, digits
from app.db.queries.focus_columns import FocusColumn, columns_of
from app.db.queries.statements import current_statements
from app.domain.focus import FocusVersion
from app.domain.money import plain
from app.domain.ownership import Team
from app.domain.period import Period
from app.domain.policy import Split
from app.domain.split_record import SplitRecord, from_json
from app.domain.statement import StatementState
from app.domain.viewer import Viewer
from app.errors import NotFound
from app.reports.owed import names_in
from app.reports.visibility import visible_teams


@dataclass(frozen=True)
class FocusExport:
    """The allocated charges of a billing period, read from `session` as a file of them is written.

    `statement_id` is that of the closed statement on whose loads, policy and shares they rest; None: on the live ones.
    """

    session: Session
    period: Period
    version: FocusVersion
    statement_id: int | None
    columns: tuple[FocusColumn, ...]
    allocation: Allocation

    @property
    def name(self) -> str:
        """What a file of it is called, without an ending."""
        return f"focus {self.version} {self.period.label}"

    def rows(self) -> Iterator[bytes]:
        """Each row as a line of CSV under `columns`: null is empty, an empty text is quoted. Nothing is rounded."""
        return allocated_rows(self.session, self.allocation, self.columns)

    def digits(self) -> dict[str, Digits]:
        """How many digits each column of numbers needs, by its name."""
        return digits(self.session, self.allocation, self.columns)


def focus_export(session: Session, viewer: Viewer, period: Period, version: FocusVersion) -> FocusExport:
    """The allocated charges of the billing month `period` as FOCUS of `version`.

    Those of a closed month stay what they were when it was closed. A viewer limited to teams gets the rows of those
    teams, which then do not add up to the whole charges. Raises NotFound for a month without charges.
    """
    visible = visible_teams(session, viewer)
    closed = current_statements(session, period.start).get(StatementState.CLOSED)
    if closed:
        applied = policy_of_version(session, closed.policy_version_id)
        basis = Basis(period.start, tuple(closed.loads), applied)
        splits = from_json(closed.splits)
    else:
        basis = live_basis(session, period.start)
        splits = draw(session, basis).records
    if not basis.loads:
        raise NotFound(f"There are no charges in {period.label}. GET /api/v1/chargeback/periods lists what there is.")
    allocation = _allocation(basis, period, splits, visible)
    statement_id = closed.id if closed else None
    return FocusExport(session, period, version, statement_id, columns_of(version, COST_TYPE), allocation)


def _allocation(
    basis: Basis, period: Period, splits: Iterable[SplitRecord], visible: frozenset[str] | None
) -> Allocation:
    applied = basis.applied
    if applied is None:
        return Allocation(basis.period, basis.loads, None, (), (), visible)
    teams = names_in(period, applied.policy.teams, {}).teams
    return Allocation(
        period=basis.period,
        loads=basis.loads,
        policy_version=applied.version,
        shares=tuple(share for split in splits for share in _paid_shares(split, applied.version)),
        teams=tuple(PayingTeam(team.id, team.name, team.cost_center, _tags(team)) for team in teams.values()),
        visible=visible,
    )


def _paid_shares(split: SplitRecord, version: int) -> Iterator[PaidShare]:
    # What documents the method is the pool in that version of the policy.
    method = f"{split.pool_id}@{version}"
    for team, ratio in split.shares.items():
        yield PaidShare(split.currency, split.pool_id, team, ratio, method, _details(split, team, ratio))


def _details(split: SplitRecord, team: str, ratio: Decimal) -> str:
    """AllocatedMethodDetails of FOCUS 1.3: the ratio, and the usage that it follows where the split follows usage."""
    element = {"AllocatedRatio": plain(ratio)}
    unit = {Split.DRIVER: split.unit, Split.PROPORTIONAL: split.currency}.get(split.used)
    if unit is not None and team in split.weights:
        element |= {"UsageUnit": _text(unit), "UsageQuantity": plain(split.weights[team])}
    return _object({"Elements": f"[{_object(element)}]", "x_Split": _text(split.words)})


def _tags(team: Team) -> str:
    """AllocatedTags of FOCUS 1.3. Their prefix keeps them apart from a bill's own."""
    tags = {"trueup/team": team.id, "trueup/cost_center": team.cost_center}
    return _object({key: _text(value) for key, value in tags.items() if value is not None})


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _object(members: Mapping[str, str]) -> str:
    """A JSON object of members whose values are JSON already: a float would not hold every ratio."""
    return "{" + ", ".join(f"{_text(name)}: {value}" for name, value in members.items()) + "}"
