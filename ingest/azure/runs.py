"""Which runs of Cost Management exports count: the newest of each export and period, and no dollar twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from app.errors import BadInput
from ingest.azure.manifest import ACTUAL, AMORTIZED, FOCUS, Manifest

_COSTS = (FOCUS, ACTUAL, AMORTIZED)


@dataclass(frozen=True)
class Runs:
    """The runs that count, and those that do not."""

    newest: tuple[Manifest, ...]  # by type, scope and period
    superseded: tuple[Manifest, ...]
    others: tuple[Manifest, ...]  # runs of exports that hold no costs, such as a price sheet


def runs(manifests: Iterable[Manifest]) -> Runs:
    """The runs that count.

    Two exports of one scope and type (a daily one of the month to date, and a monthly one of the last month, say) hold
    the same costs, so the newest run counts whichever export wrote it. Raises BadInput where the same cost would still
    count twice.
    """
    found = sorted(manifests, key=lambda each: (each.submitted, each.place))
    newest: dict[tuple[object, ...], Manifest] = {}
    for each in found:
        if each.type in _COSTS:
            newest[each.type, each.scope or each.export, each.months] = each
    kept = tuple(sorted(newest.values(), key=lambda each: (each.start, each.type, each.scope, each.export)))
    _check_overlap(kept)
    _check_types(kept)
    return Runs(
        kept,
        tuple(each for each in found if each.type in _COSTS and each not in kept),
        tuple(each for each in found if each.type not in _COSTS),
    )


def newest_of_each(manifests: Iterable[Manifest]) -> tuple[Manifest, ...]:
    """The newest run of each export and period, whatever else holds the same costs."""
    newest = {
        (each.type, each.export, each.scope, each.months): each
        for each in sorted(manifests, key=lambda each: (each.submitted, each.place))
    }
    return tuple(newest.values())


def _check_overlap(kept: Sequence[Manifest]) -> None:
    for one, other in combinations(kept, 2):
        if one.type != other.type or not _share_days(one, other):
            continue
        if (one.scope or one.export) == (other.scope or other.export):
            raise BadInput(
                f"{one.place} covers {one.period} and {other.place} covers {other.period}: the days they share would"
                " count twice. Ingest the two one after the other, each from a folder of its own."
            )
        if _within(one.scope, other.scope) or _within(other.scope, one.scope):
            raise BadInput(
                f"{one.place} exports {one.scope} and {other.place} exports {other.scope}, which lies within it: the"
                " same cost would count twice. Point at one of the two exports (--export-name)."
            )


def _check_types(kept: Sequence[Manifest]) -> None:
    focus = [each for each in kept if each.type == FOCUS]
    native = [each for each in kept if each.type != FOCUS]
    if focus and native:
        raise BadInput(
            f"{focus[0].place} is a FOCUS export and {native[0].place} an {native[0].type} export: they hold the same"
            " costs. Point at one of the two (--export-name, or its folder); FOCUS has both kinds of cost in one file."
        )


def _share_days(one: Manifest, other: Manifest) -> bool:
    return one.months[0] <= other.months[1] and other.months[0] <= one.months[1]


def _within(inner: str, outer: str) -> bool:
    return bool(outer) and inner.startswith(f"{outer}/")
