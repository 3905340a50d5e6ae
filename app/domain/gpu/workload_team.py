"""Which team a workload belongs to."""

from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase

from app.domain.gpu.hour import Owner
from app.domain.gpu.settings import GpuPolicy, OwnerRule


def workload_team(owner: Owner, policy: GpuPolicy, teams: AbstractSet[str]) -> str | None:
    """The team of a workload: its own if telemetry names one of `teams`, else that of the first rule that fits.

    None is nobody's: then whoever pays for the node answers for it. A rule whose team is not among `teams` on the day
    does not fit, as with charges.
    """
    if owner.team in teams:
        return owner.team
    return next((rule.team_id for rule in policy.owners if rule.team_id in teams and _fits(rule, owner)), None)


def _fits(rule: OwnerRule, owner: Owner) -> bool:
    pairs = ((rule.namespace, owner.namespace), (rule.account, owner.account), (rule.user, owner.user_name))
    return all(not pattern or (text is not None and fnmatchcase(text, pattern)) for pattern, text in pairs)
