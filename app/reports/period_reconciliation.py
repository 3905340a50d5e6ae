"""The reconciliation page of a billing period: from what teams owe to what is paid."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.domain.period import Period
from app.domain.period_reconciliation import CurrencyReconciliation, reconciled
from app.domain.viewer import Viewer
from app.reports.statement_facts import StatementHead, binding, statement_facts, statement_head


@dataclass(frozen=True)
class PeriodReconciliation:
    """The three sums of a billing period's statement, for each currency, with its prepayments."""

    period: Period
    statement: StatementHead
    currencies: tuple[CurrencyReconciliation, ...]


def period_reconciliation(session: Session, viewer: Viewer, period: Period) -> PeriodReconciliation:
    """Whether what teams owe for a billing period ties to its bills, and these to the invoices.

    It is about the closed statement if there is one, on the loads it was closed with and the invoices known then; else
    about the issued one or the draft. Raises NotFound for a period without bills, NotAllowed for a viewer of some
    teams.
    """
    statement = binding(session, viewer, period)
    currencies = reconciled(statement_facts(session, statement))
    return PeriodReconciliation(period, statement_head(session, statement), currencies)
