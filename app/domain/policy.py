"""The policy: which charges belong to whom, and how shared cost is split. Written in YAML by `policy_document`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.domain.charge import Metric
from app.domain.gpu.settings import GpuPolicy
from app.domain.ownership import Team
from app.errors import BadInput


@dataclass(frozen=True)
class Column:
    """A dimension of a charge key: a FOCUS column in snake_case, or a provider's `x_` column as the bill spells it."""

    name: str


@dataclass(frozen=True)
class Tag:
    """A tag of a charge key."""

    key: str


Field = Column | Tag


@dataclass(frozen=True)
class OneOf:
    """The field has exactly one of these values (`equals`, `in`)."""

    field: Field
    values: frozenset[str]


@dataclass(frozen=True)
class Glob:
    """The field's whole value fits a shell pattern, upper and lower case told apart."""

    field: Field
    pattern: str


@dataclass(frozen=True)
class Regex:
    """A Python regular expression is found somewhere in the field's value."""

    field: Field
    pattern: str


@dataclass(frozen=True)
class Present:
    """The field has a value (or, with `present` false, has none). An empty text is no value, to every condition."""

    field: Field
    present: bool = True


@dataclass(frozen=True)
class AllOf:
    """Every one of the conditions holds; with no conditions, always."""

    conditions: tuple["Condition", ...] = ()


@dataclass(frozen=True)
class AnyOf:
    """At least one of the conditions holds."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """The condition does not hold; so a field without a value fulfils the opposite of any test on its value."""

    condition: "Condition"


Test = OneOf | Glob | Regex | Present
Condition = Test | AllOf | AnyOf | Not


@dataclass(frozen=True)
class ToTeam:
    """The team pays. The rule does not match while the team does not exist."""

    team_id: str


@dataclass(frozen=True)
class ToTeamFromTag:
    """The team whose id is the tag's value pays. The rule does not match while no such team exists."""

    tag: Tag


@dataclass(frozen=True)
class ToPool:
    """The pool takes the cost and splits it."""

    pool_id: str


@dataclass(frozen=True)
class ToNobody:
    """The cost stays unallocated, knowingly."""


Target = ToTeam | ToTeamFromTag | ToPool | ToNobody


@dataclass(frozen=True)
class Rule:
    """Where the charges that fulfil a condition go, from `valid_from` up to, not including, `valid_to`."""

    name: str
    condition: Condition
    target: Target
    valid_from: date | None = None
    valid_to: date | None = None
    line: int = field(default=0, compare=False, kw_only=True)  # of the document that declares it


class Split(StrEnum):
    """How a pool's cost is shared: by each team's direct effective cost, equally, by fixed weights, or by a driver."""

    PROPORTIONAL = "proportional"
    EVEN = "even"
    FIXED = "fixed"
    DRIVER = "driver"


class BetweenPools(StrEnum):
    """What becomes of a pool's cost that goes to another pool.

    `direct`: pools pay nothing, only teams do. `step_down`: pools are closed in the order they are declared; one that
    is closed takes no more. `reciprocal`: each pool takes its part of every other, solved as a linear system.
    """

    DIRECT = "direct"
    STEP_DOWN = "step_down"
    RECIPROCAL = "reciprocal"


FALLBACKS = (Split.EVEN, Split.PROPORTIONAL)


@dataclass(frozen=True)
class DriverSplit:
    """A split by what was used: each team's quantity of a driver in the billing period.

    `teams` gives the team that a value of `dimension` stands for; when it is empty, the values are ids of teams.
    Only quantities count whose dimensions have one of the values in `filters`. Quantities that say idle count like
    all others, unless a team pays for them (`idle_team`) or none does (`leave_out_idle`), so that they are spread.
    """

    driver: str
    fallback: Split  # one of FALLBACKS, for a billing period in which no team has a quantity
    dimension: str = "team"
    teams: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    idle_team: str | None = None
    leave_out_idle: bool = False


@dataclass(frozen=True)
class Pool:
    """Shared cost and its split among teams.

    An empty `among`, unless there are `among_pools`, means every team that exists at the time, parents of other teams
    too: a policy that wants only some to pay names them. `weights` belong to a fixed split, `by` to a split by driver;
    both name the teams that pay (`by` only if it has `teams`).
    """

    id: str
    name: str
    split: Split
    among: frozenset[str] = frozenset()
    weights: Mapping[str, Decimal] = field(default_factory=dict)
    by: DriverSplit | None = None
    among_pools: frozenset[str] = frozenset()  # pools that pay too, unless `Policy.between_pools` is direct
    pool_weights: Mapping[str, Decimal] = field(default_factory=dict)  # theirs, for a fixed split
    line: int = field(default=0, compare=False, kw_only=True)  # of the document that declares it


@dataclass(frozen=True)
class CommitmentBenefit:
    """The benefit of commitments is pooled: covered and uncovered usage of a service is priced alike.

    In a billing period, currency and service, each team pays the effective cost of the usage that belongs to teams
    directly, in proportion to the contracted cost of its own. No `services` means all that have committed usage.
    """

    services: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Markup:
    """Teams pay `percent` more than what they owe; team `to` is credited with it. `percents` are exceptions by team."""

    percent: Decimal
    to: str
    percents: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class CloseLimits:
    """What a period may have when it is closed; None leaves it open."""

    unallocated_percent: Decimal | None = None  # of the period's total, by currency


class FxMethod(StrEnum):
    """Which rate turns a billing period's amounts into the reporting currency."""

    MONTHLY_AVERAGE = "monthly_average"  # of the days in the period that have a rate
    MONTH_END = "month_end"  # the last one on or before the period's last day, at most seven days before it


@dataclass(frozen=True)
class Reporting:
    """The currency in which statements are also shown."""

    currency: str
    method: FxMethod = FxMethod.MONTHLY_AVERAGE


@dataclass(frozen=True)
class CostCenter:
    """Where teams pay from. Teams may name only those declared, once any is."""

    id: str
    name: str
    gl_account: str | None = None  # of its teams that have none of their own


@dataclass(frozen=True)
class JournalAccounts:
    """The general ledger accounts of a journal entry, besides the teams' own expense accounts."""

    expense: str = "cloud-expense"  # of teams and cost centers without one
    payable: str = "accounts-payable"
    prepaid: str = "prepaid-expenses"
    unallocated: str = "unallocated-cloud-cost"
    rounding: str = "rounding-differences"


@dataclass(frozen=True)
class Policy:
    """Who pays for what: of the rules that match a charge, the first wins."""

    name: str
    teams: tuple[Team, ...] = ()
    pools: tuple[Pool, ...] = ()
    rules: tuple[Rule, ...] = ()
    statement_metric: Metric = Metric.EFFECTIVE  # what a chargeback statement is drawn on: effective or billed cost
    between_pools: BetweenPools = BetweenPools.DIRECT
    commitment_benefit: CommitmentBenefit | None = None  # None: as billed
    markup: Markup | None = None
    close: CloseLimits = CloseLimits()
    reporting: Reporting | None = None
    cost_centers: tuple[CostCenter, ...] = ()
    gl_accounts: frozenset[str] = frozenset()  # those that may be named, once any is declared
    accounts: JournalAccounts = JournalAccounts()
    gpu: GpuPolicy | None = None  # None: as `GpuPolicy()` says


@dataclass(frozen=True, order=True)
class PolicyProblem:
    """Something wrong, or odd, in a line of a policy document, and what to do about it."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class PolicyError(BadInput):
    """A policy document that cannot be used, with everything that is wrong in it."""

    def __init__(self, problems: Sequence[PolicyProblem]) -> None:
        self.problems = tuple(sorted(problems))
        count = "a problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n  ".join([f"The policy has {count}; nothing was changed:", *map(str, self.problems)]))
