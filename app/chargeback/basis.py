"""What an allocation rests on, so that it can be worked out again: a billing period, its loads, a policy."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.chargeback.policies import AppliedPolicy, policy_in_force
from app.db.tables.bills import Load


@dataclass(frozen=True)
class Basis:
    """The charges and drivers of `loads` in a billing period, owned as `applied` says; None: owned by nobody."""

    period: date
    loads: tuple[int, ...]
    applied: AppliedPolicy | None


def live_basis(session: Session, period: date) -> Basis:
    """The live loads of a billing period under the policy in force."""
    live = select(Load.id).where(Load.billing_period_start == period, Load.state == "live").order_by(Load.id)
    return Basis(period, tuple(session.scalars(live)), policy_in_force(session))
