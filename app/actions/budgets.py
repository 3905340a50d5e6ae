"""Setting what teams mean to spend."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import func, text, tuple_, update
from sqlalchemy.orm import Session

from app.actions.audit import record
from app.db.queries.budgets import KeptBudget, current_budgets
from app.db.queries.teams import in_subtrees, teams_in_force
from app.db.tables import statements as tables
from app.domain.budget import Budget
from app.domain.budget_file import Row, budgets_listed, budgets_of
from app.domain.money import plain
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer
from app.errors import NotFound

_AUDITED = 100  # budgets that an audit entry tells one by one
_ROW = tables.Budget


@dataclass(frozen=True)
class SetBudgets:
    """What setting budgets changed: how many are new, and which superseded another."""

    budgets: tuple[Budget, ...]
    new: int
    changed: int

    @property
    def unchanged(self) -> int:
        """How many were set just so already."""
        return len(self.budgets) - self.new - self.changed


def import_budgets(session: Session, viewer: Viewer, document: str, name: str) -> SetBudgets:
    """Sets the budgets in the CSV `document` called `name`: all of them, or none when a row cannot be used.

    A new amount supersedes the one before, which is kept. Raises BadInput with every bad row, NotAllowed without the
    scope to set budgets; a viewer limited to teams may set those of its teams.
    """
    return _keep(session, viewer, budgets_of(document, name, _teams(session, viewer)), name)


def set_budgets(session: Session, viewer: Viewer, rows: Iterable[Row], name: str) -> SetBudgets:
    """Sets a list of budgets whose cells are texts. Raises as `import_budgets` does."""
    return _keep(session, viewer, budgets_listed(rows, name, _teams(session, viewer)), name)


def remove_budget(session: Session, viewer: Viewer, team_id: str, period: Period, currency: str) -> None:
    """Takes a budget back; what it was is kept. Raises NotFound when there is none that `viewer` may see."""
    gone = (team_id, period.start, currency)
    _lock(session)
    kept = _kept(session, [period.start]).get(gone)
    if kept is None or team_id not in _teams(session, viewer, gone=team_id):
        raise NotFound(f"There is no budget in {currency} of the team '{team_id}' for {period.label}.")
    _supersede(session, [kept.budget])
    record(session, viewer, "budget.remove", f"{team_id} {period.label}", **_told(kept.budget))


def _teams(session: Session, viewer: Viewer, *, gone: str | None = None) -> frozenset[str]:
    """The teams whose budgets `viewer` may set; with `gone`, that one too, though the policy has it no longer."""
    viewer.require(Scope.WRITE_BUDGETS)
    known = frozenset(team.id for team in teams_in_force(session)) | ({gone} if gone else set())
    return known if viewer.teams is None else known & in_subtrees(session, viewer.teams)


_Identity = tuple[str, date, str]


def _lock(session: Session) -> None:
    # Two that set at once would each supersede what the other does not see. Readers do not wait for this lock.
    session.execute(text("LOCK TABLE budget IN SHARE ROW EXCLUSIVE MODE"))


def _kept(session: Session, periods: Iterable[date]) -> Mapping[_Identity, KeptBudget]:
    return {each.budget.identity: each for each in current_budgets(session, sorted(set(periods)))}


def _keep(session: Session, viewer: Viewer, budgets: tuple[Budget, ...], name: str) -> SetBudgets:
    _lock(session)
    before = _kept(session, (each.billing_period_start for each in budgets))
    new = [each for each in budgets if each.identity not in before]
    changed = [each for each in budgets if each.identity in before and before[each.identity].budget != each]
    _supersede(session, changed)
    session.add_all(_ROW(**asdict(each) | {"thresholds": list(each.thresholds)}, set_by=viewer.name)
                    for each in (*new, *changed))  # fmt: skip
    session.flush()
    if new or changed:
        was = {each.identity: _told(before[each.identity].budget) for each in changed[:_AUDITED]}
        told = [{**_told(each), "before": was.get(each.identity)} for each in (*changed, *new)[:_AUDITED]]
        record(session, viewer, "budget.set", name, new=len(new), changed=len(changed), budgets=told)
    return SetBudgets(budgets, len(new), len(changed))


def _supersede(session: Session, budgets: Iterable[Budget]) -> None:
    ended = [each.identity for each in budgets]
    identity = tuple_(_ROW.team_id, _ROW.billing_period_start, _ROW.billing_currency)
    statement = update(_ROW).where(identity.in_(ended), _ROW.superseded_at.is_(None)).values(superseded_at=func.now())
    session.execute(statement)


def _told(budget: Budget) -> dict[str, object]:
    return {
        "team": budget.team_id,
        "period": f"{budget.billing_period_start:%Y-%m}",
        "currency": budget.billing_currency,
        "amount": plain(budget.amount),
        "thresholds": [plain(each) for each in budget.thresholds],
    }
