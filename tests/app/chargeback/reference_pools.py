"""What each team pays of each pool, as docs/policy.md says it, in fractions: slow, plain, and nothing of `app`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.app.chargeback.reference_policy import SPREAD, Node, exists

PARTS = 10**12
POOL = "pool:"
Weights = dict[str, Fraction]  # by the id of a team, or `pool:` and that of a pool


@dataclass(frozen=True)
class Quantity:
    """A daily quantity of a driver in a live load of a billing period."""

    day: date
    driver: str
    unit: str
    quantity: Decimal
    dimensions: Mapping[str, str] = field(default_factory=dict)
    provider: str | None = None
    source: str = "aws"


@dataclass(frozen=True)
class Month:
    """A billing period in one currency: which days it has, what rules gave directly, what was used."""

    days: tuple[date, ...]
    currency: str
    direct: Mapping[str, Decimal]  # effective cost, by team and by `pool:` and pool
    quantities: tuple[Quantity, ...] = ()


def pools_of(policy: Node) -> list[Node]:
    """The pools of a policy, those of treatments that spread a cost among them."""
    spread = [key for key, told in policy.get("treatments", {}).items() if told == "spread" and key != "idle"]
    return [
        *({"id": SPREAD + key, "split": "proportional"} for key in spread),
        *policy.get("pools", []),
    ]


def shares(policy: Node, month: Month) -> dict[str, dict[str, int]]:
    """The parts per trillion that each team pays of each pool; of one that nobody can pay for, none."""
    pools = pools_of(policy)
    weights = {POOL + pool["id"]: weights_of(policy, pool, month) for pool in pools}
    while poor := _unpayable(weights):
        weights = {pool: _less(paying, poor) for pool, paying in weights.items() if pool not in poor}
    if policy.get("between_pools", "direct") == "step_down":
        weights = _step_down(weights)
    return {
        pool["id"]: cut(_in_the_end(POOL + pool["id"], weights)) if POOL + pool["id"] in weights else {}
        for pool in pools
    }


def weights_of(policy: Node, pool: Node, month: Month) -> Weights:
    """Who pays for a pool and what each weighs; only weights above zero count."""
    if isinstance(pool["split"], Mapping):
        found = _by_driver(policy, pool, month)
    elif pool["split"] == "fixed":
        found = {payer: Fraction(weight) for payer, weight in pool["weights"].items()}
    else:
        found = _by_rule(policy, pool["split"], pool.get("among"), month)
    return {payer: weight for payer, weight in found.items() if weight > 0 and pays(policy, payer, month)}


def pays(policy: Node, payer: str, month: Month) -> bool:
    """Whether a payer is a pool, or a team that exists on some day of the billing period."""
    return payer.startswith(POOL) or any(exists(policy["teams"], payer, day) for day in month.days)


def _by_rule(policy: Node, split: str, among: Iterable[str] | None, month: Month) -> Weights:
    payers = among if among is not None else {team["id"] for team in policy.get("teams", [])}
    return {payer: Fraction(1) if split == "even" else Fraction(month.direct.get(payer, 0)) for payer in payers}


def _by_driver(policy: Node, pool: Node, month: Month) -> Weights:
    """The quantities of the teams that pay, or the fallback when no team that pays has one."""
    split = pool["split"]
    among = sorted(set(split["teams"].values())) if "teams" in split else pool.get("among")
    used = driver_quantities(policy, pool, month)
    if not any(quantity > 0 for quantity in used.values()):
        return _by_rule(policy, split["fallback"], among, month)
    return used


def driver_quantities(policy: Node, pool: Node, month: Month) -> Weights:
    """The quantity of each team that pays; of several units, the pool's currency alone counts."""
    split, filters = pool["split"], pool["split"].get("filter", {})
    rows = [row for row in month.quantities if row.driver == split["driver"] and _passes(row, filters)]
    units = {row.unit for row in rows}
    if len(units) > 1:
        rows = [row for row in rows if row.unit == month.currency]
    found: Weights = {}
    for row in rows:
        team = _stands_for(policy, pool, row)
        if team is not None and pays(policy, team, month):
            found[team] = found.get(team, Fraction(0)) + Fraction(row.quantity)
    return found


def _stands_for(policy: Node, pool: Node, row: Quantity) -> str | None:
    """The team that has a quantity."""
    split = pool["split"]
    treatment = policy.get("treatments", {}).get("idle", "owner")
    if is_idle(row) and treatment != "owner":
        return None if treatment == "spread" else str(treatment["team"])
    value = row.dimensions.get(split.get("dimension", "team"))
    if value is None:
        return None
    if "teams" in split:
        team: str | None = split["teams"].get(value)
        return team
    return value if "among" not in pool or value in pool["among"] else None


def is_idle(row: Quantity) -> bool:
    return "__idle__" in row.dimensions.values() or row.dimensions.get("state") == "idle"


def _passes(row: Quantity, filters: Mapping[str, str | list[str]]) -> bool:
    said = {**row.dimensions, "source": row.source, "service_provider_name": row.provider, "unit": row.unit}
    return all(said.get(name) in ([wanted] if isinstance(wanted, str) else wanted) for name, wanted in filters.items())


def _unpayable(weights: Mapping[str, Weights]) -> set[str]:
    """The pools from which no way leads to a team that pays."""
    payable: set[str] = set()
    while found := {pool for pool in weights if any(_is_good(payer, payable) for payer in weights[pool])} - payable:
        payable |= found
    return set(weights) - payable


def _is_good(payer: str, payable: set[str]) -> bool:
    return not payer.startswith(POOL) or payer in payable


def _less(weights: Weights, gone: set[str]) -> Weights:
    return {payer: weight for payer, weight in weights.items() if payer not in gone}


def _step_down(weights: Mapping[str, Weights]) -> dict[str, Weights]:
    """The pools in the order they are declared, each paid by none that is closed before it."""
    order = list(weights)
    stepped = {pool: _less(weights[pool], set(order[: number + 1])) for number, pool in enumerate(order)}
    while poor := _unpayable(stepped):
        stepped = {pool: _less(paying, poor) for pool, paying in stepped.items() if pool not in poor}
    return stepped


def _in_the_end(pool: str, weights: Mapping[str, Weights]) -> Weights:
    """What each team pays of a pool in the end: a dollar is put into it and every pool's part is solved for."""
    order = list(weights)
    # How much goes through each pool: x[p] = [p is the one] + the sum over pools q of x[q] × the part of q that p pays.
    rows = [[Fraction(p == q) - _part(weights[q], p) for q in order] + [Fraction(p == pool)] for p in order]
    through = dict(zip(order, solved(rows), strict=True))
    teams = sorted({payer for paying in weights.values() for payer in paying if not payer.startswith(POOL)})
    return {team: sum((through[q] * _part(weights[q], team) for q in order), Fraction(0)) for team in teams}


def _part(weights: Weights, payer: str) -> Fraction:
    return weights.get(payer, Fraction(0)) / sum(weights.values())


def solved(rows: list[list[Fraction]]) -> list[Fraction]:
    """The solution of a linear system, each row ending in its right-hand side (Gauss and Jordan's elimination)."""
    for column in range(len(rows)):
        pivot = next(index for index in range(column, len(rows)) if rows[index][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [cell / rows[column][column] for cell in rows[column]]
        for index, row in enumerate(rows):
            if index != column and row[column]:
                rows[index] = [cell - row[column] * above for cell, above in zip(row, rows[column], strict=True)]
    return [row[-1] for row in rows]


def cut(weights: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole parts per trillion: rounded down, what is left to the largest remainders, ties by id."""
    positive = {payer: weight for payer, weight in weights.items() if weight > 0}
    whole = sum(positive.values())
    exact = {payer: weight * PARTS / whole for payer, weight in positive.items()}
    parts = {payer: int(value) for payer, value in exact.items()}
    left = PARTS - sum(parts.values())
    for payer in sorted(exact, key=lambda payer: (parts[payer] - exact[payer], payer))[:left]:
        parts[payer] += 1
    return {payer: part for payer, part in parts.items() if part}
