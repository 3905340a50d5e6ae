"""Where a journal books what a team owes: its account and its cost center."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from app.domain.ownership import Team
from app.domain.policy import CostCenter, JournalAccounts


@dataclass(frozen=True)
class Payer:
    """A team as a journal names it."""

    name: str
    account: str
    cost_center: str | None


@dataclass(frozen=True)
class Ledger:
    """The accounts and references of a billing period's journal."""

    accounts: JournalAccounts
    payers: Mapping[str, Payer]  # by team
    statement: str  # the reference of the period's own statement
    closed: Mapping[date, str] = field(default_factory=dict)  # of the closed statements that it corrects, by period

    def payer(self, team_id: str) -> Payer:
        """The team, or by its id alone when the policy does not know it any more."""
        return self.payers.get(team_id) or Payer(team_id, self.accounts.expense, None)


def payers(teams: Iterable[Team], centers: Iterable[CostCenter], accounts: JournalAccounts) -> dict[str, Payer]:
    """How each team pays: on its own GL account, else its cost center's, else the one for expenses."""
    of_center = {center.id: center.gl_account for center in centers}
    return {
        team.id: Payer(
            team.name,
            team.gl_account or of_center.get(team.cost_center or "") or accounts.expense,
            team.cost_center,
        )
        for team in teams
    }
