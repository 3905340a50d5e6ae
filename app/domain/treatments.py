"""Treatments: what becomes of costs of a kind that has no natural owner, as the rules and pools that do it.

Which charges are of which kind agrees with `app.chargeback.cost_types`, which names the cost type of a statement line;
a test compares the two. A charge has one kind: conditions leave out the charges of the kinds before.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.policy import AllOf, AnyOf, Column, Condition, Not, OneOf, Pool, Regex, Rule, Split, ToPool, ToTeam

POOL_PREFIX = "treatment:"  # of the ids of pools that treatments make


class Kind(StrEnum):
    """A kind of cost that a policy may treat, in the order in which a charge is asked for it."""

    UNUSED_COMMITMENT = "unused_commitment"
    TAX = "tax"
    CREDITS = "credits"
    REFUNDS = "refunds"
    SUPPORT = "support"


def _is(column: str, value: str) -> OneOf:
    return OneOf(Column(column), frozenset({value}))


# FOCUS 1.4: CommitmentDiscountStatus, ChargeCategory, ChargeClass (a correction of a charge invoiced before; so is an
# adjustment).
_CHARGES: dict[Kind, Condition] = {
    Kind.UNUSED_COMMITMENT: _is("commitment_discount_status", "Unused"),
    Kind.TAX: _is("charge_category", "Tax"),
    Kind.CREDITS: _is("charge_category", "Credit"),
    Kind.REFUNDS: AnyOf((_is("charge_class", "Correction"), _is("charge_category", "Adjustment"))),
}
# FOCUS has a subcategory for support. Bills without it name the service (AWSSupportBusiness, Google Cloud Support), or
# say it in the description. "Extended support" is the price of an old version, and "supports" a feature: neither is a
# fee for support.
_SUPPORT = AnyOf(
    (
        _is("service_subcategory", "Support"),
        Regex(Column("service_name"), r"(?i)(?<!extended )\bsupport\b|^AWSSupport"),
        Regex(
            Column("charge_description"),
            r"(?i)\b(basic|developer|business|standard|enhanced|premium|premier|enterprise|unified) support\b"
            r"|\bsupport (fee|charge|plan|subscription)s?\b",
        ),
    )
)
_WORDS = {Kind.UNUSED_COMMITMENT: "unused commitments"}


def charges_of(kind: Kind) -> Condition:
    """Which charges are of a kind. Tax on support is tax where tax is treated; else it goes where support goes."""
    if kind is Kind.SUPPORT:
        return _SUPPORT
    earlier = list(_CHARGES)[: list(_CHARGES).index(kind)]
    return AllOf((_CHARGES[kind], *(Not(_CHARGES[each]) for each in earlier))) if earlier else _CHARGES[kind]


@dataclass(frozen=True)
class Treatment:
    """Where the charges of a kind go: to a team, to a pool, or to a pool of their own that spreads them."""

    kind: Kind
    target: ToTeam | ToPool | None  # None: spread by direct cost among all teams
    line: int = 0

    @property
    def name(self) -> str:
        """What the rule, and the pool if there is one, are called."""
        return f"Treatment of {_WORDS.get(self.kind, self.kind)}"

    @property
    def rule(self) -> Rule:
        """The rule that sends the charges there."""
        return Rule(self.name, charges_of(self.kind), self.target or ToPool(self._pool_id), line=self.line)

    @property
    def pool(self) -> Pool | None:
        """The pool that spreads the charges, if they are spread."""
        if self.target:
            return None
        return Pool(self._pool_id, self.name, Split.PROPORTIONAL, line=self.line)

    @property
    def _pool_id(self) -> str:
        return f"{POOL_PREFIX}{self.kind}"
