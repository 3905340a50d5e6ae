"""The policy in force, and the owner it gives to every charge key."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from psycopg import sql
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.load import driver
from app.db.tables.policy import PolicyVersion
from app.domain.charge import KEY_COLUMNS
from app.domain.matching import assignments
from app.domain.policy import Column, Field, Policy
from app.domain.policy_document import parse_policy


@dataclass(frozen=True)
class AppliedPolicy:
    """A policy with the version under which it was applied."""

    version: int
    policy: Policy


@lru_cache(maxsize=8)
def _parsed(document: str) -> Policy:
    return parse_policy(document)


def policy_in_force(session: Session) -> AppliedPolicy | None:
    """The policy applied last, or None before there is one."""
    newest = session.scalars(select(PolicyVersion).order_by(PolicyVersion.id.desc()).limit(1)).first()
    return AppliedPolicy(newest.id, _parsed(newest.document)) if newest else None


def policy_of_version(session: Session, version: int | None) -> AppliedPolicy | None:
    """The policy that was applied as `version`; None is the time before there was one."""
    found = session.get(PolicyVersion, version) if version is not None else None
    return AppliedPolicy(found.id, _parsed(found.document)) if found else None


@dataclass(frozen=True)
class _UnassignedKeys:
    """The charge keys that a policy version has not judged yet, as the columns its conditions ask for."""

    session: Session
    ids: Sequence[int]

    @property
    def size(self) -> int:
        return len(self.ids)

    def values(self, field: Field) -> Sequence[str | None]:
        query = sql.SQL("SELECT {} FROM charge_key JOIN unassigned_key USING (id) ORDER BY id").format(_column(field))
        return [value for (value,) in driver(self.session).execute(query)]


def _column(field: Field) -> sql.Composable:
    if not isinstance(field, Column):
        return sql.SQL("tags ->> {}").format(sql.Literal(field.key))
    if field.name in KEY_COLUMNS:
        return sql.Identifier(field.name)
    return sql.SQL("extras ->> {}").format(sql.Literal(field.name))


def assign_new_keys(session: Session, applied: AppliedPolicy) -> int:
    """Gives an owner to every charge key that has none under this policy version. Returns how many there were."""
    connection = driver(session)
    connection.execute(
        "CREATE TEMPORARY TABLE unassigned_key ON COMMIT DROP AS SELECT id FROM charge_key WHERE NOT EXISTS"
        " (SELECT FROM assignment WHERE policy_version_id = %s AND charge_key_id = charge_key.id)",
        [applied.version],
    )
    ids = [key for (key,) in connection.execute("SELECT id FROM unassigned_key ORDER BY id")]
    if ids:
        rules = applied.policy.rules
        # Judged before the COPY begins: the conditions read their columns over the same connection.
        owners = list(assignments(applied.policy, _UnassignedKeys(session, ids)))
        with connection.cursor().copy(
            "COPY assignment (policy_version_id, charge_key_id, valid_from, valid_to, rule, team_id, pool_id)"
            " FROM STDIN"
        ) as copy:
            for key, start, end, rule, team_id, pool_id in owners:
                name = None if rule is None else rules[rule].name
                copy.write_row(
                    (applied.version, ids[key], start or "-infinity", end or "infinity", name, team_id, pool_id)
                )
    connection.execute("DROP TABLE unassigned_key")
    return len(ids)
