"""Putting a policy in force: its document, teams and pools become a version, and figures are posted by it."""

import hashlib
from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.chargeback.posting import lock_posting, post
from app.db.tables.bills import Load
from app.db.tables.policy import PolicyVersion, Pool, Team
from app.domain.ownership import Team as OwningTeam
from app.domain.policy_document import parse_policy


def put_in_force(
    session: Session, document: str, *, applied_by: str, periods: Iterable[date] | None = None
) -> PolicyVersion | None:
    """Makes `document` the policy in force and posts `periods` by it, or every billing period.

    Returns None when it is in force already. Raises PolicyError with every problem in the document.
    """
    policy = parse_policy(document)
    sha256 = hashlib.sha256(document.encode()).hexdigest()
    lock_posting(session)
    newest = session.scalars(select(PolicyVersion).order_by(PolicyVersion.id.desc()).limit(1)).first()
    if newest and newest.sha256 == sha256:
        return None
    version = PolicyVersion(
        name=policy.name,
        document=document,
        sha256=sha256,
        statement_metric=policy.statement_metric.value,
        applied_by=applied_by,
    )
    session.add(version)
    session.flush()
    session.add_all(_row(version.id, team) for team in policy.teams)
    session.add_all(
        Pool(policy_version_id=version.id, pool_id=pool.id, name=pool.name, split=pool.split.value)
        for pool in policy.pools
    )
    session.flush()
    live = select(Load.billing_period_start).where(Load.state == "live").distinct()
    post(session, session.scalars(live) if periods is None else periods)
    return version


def _row(version: int, team: OwningTeam) -> Team:
    return Team(
        policy_version_id=version,
        team_id=team.id,
        name=team.name,
        parent_id=team.parent,
        cost_center=team.cost_center,
        gl_account=team.gl_account,
        valid_from=team.valid_from,
        valid_to=team.valid_to,
    )
