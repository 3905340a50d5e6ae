"""Statement lines that no charge stands behind, with their working: commitment benefit, markup, adjustments."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy.orm import Session

from app.chargeback.policies import policy_of_version
from app.db.queries.explain import TeamUsage, team_usage
from app.db.queries.explain_charges import Selection
from app.db.queries.explain_lines import owed_before_markup
from app.db.queries.statements import lines_by_id, posted_adjustments
from app.db.tables.statements import Statement
from app.domain.adjusting import adjusted_key
from app.domain.allocation import parts_of, positive, share
from app.domain.commitment_benefit import COVERABLE
from app.domain.explanation import Term, Working
from app.domain.figure import Figure
from app.domain.money import EXACT, ZERO, plain, total
from app.domain.period import Period
from app.domain.policy import Markup
from app.domain.statement import CostType, LineKey, StatementLine, StatementState
from app.reports.cost_query import Filter

SHARE = "share"  # the unit of a factor between 0 and 1


@dataclass(frozen=True)
class WorkedFrom:
    """What the lines of a statement were worked out from: its charges, before anything is filtered or hidden."""

    session: Session
    statement: Statement
    charges: Selection

    def workings(self, line_ids: Sequence[int]) -> tuple[Working, ...]:
        """The working of each line, in the order given. Each comes to the line's exact amount, or it is an error."""
        by_id = lines_by_id(self.session, line_ids)
        lines = [by_id[line_id] for line_id in line_ids]
        of_benefit = [line for line in lines if line.key.cost_type is CostType.COMMITMENT_BENEFIT]
        usage = self._usage(of_benefit) if of_benefit else ()
        return tuple(self._working(line, usage) for line in lines)

    def _working(self, line: StatementLine, usage: Iterable[TeamUsage]) -> Working:
        match line.key.cost_type:
            case CostType.COMMITMENT_BENEFIT:
                return benefit_working(line, usage)
            case CostType.MARKUP:
                return self._markup(line)
            case _:
                return self._adjustment(line)

    def _usage(self, lines: Iterable[StatementLine]) -> Sequence[TeamUsage]:
        """The usage that could be committed of the services of `lines`, of every team."""
        services = tuple({line.key.service_name for line in lines})
        filters = (
            Filter("cost_type", (CostType.DIRECT.value,)),
            Filter("charge_category", ("Usage",)),
            Filter("pricing_category", COVERABLE),
            Filter("service_name", services),
        )
        return team_usage(self.session, replace(self.charges, filters=filters, visible=None))

    def _markup(self, line: StatementLine) -> Working:
        applied = policy_of_version(self.session, self.statement.policy_version_id)
        assert applied is not None, "a markup comes from a policy"
        assert applied.policy.markup is not None, "a markup comes from a policy that has one"
        owed = owed_before_markup(self.session, self.statement.id, line.key.billing_currency)
        return markup_working(line, owed, applied.policy.markup)

    def _adjustment(self, line: StatementLine) -> Working:
        period = line.key.adjusts_period
        assert period is not None
        posted = posted_adjustments(self.session, period)
        earlier = [
            each
            for each in posted
            if each.id is not None and line.id is not None and each.id < line.id and _same(each.key, line.key)
        ]
        closed = lines_by_id(self.session, [line.adjusts_line_id]) if line.adjusts_line_id else {}
        before = closed[line.adjusts_line_id].exact_amount if line.adjusts_line_id else ZERO
        return adjustment_working(line, before, total(each.exact_amount for each in earlier))


def _same(one: LineKey, other: LineKey) -> bool:
    return adjusted_key(one) == adjusted_key(other)


def benefit_working(line: StatementLine, usage: Iterable[TeamUsage]) -> Working:
    """A team's part of what a service's usage cost all teams, at one price, less what it was billed.

    Source: `app.domain.commitment_benefit`.
    """
    key = line.key
    service = (key.billing_currency, key.service_provider_name, key.service_name)
    found = [each for each in usage if (each.currency, each.service_provider_name, each.service_name) == service]
    own = next(each for each in found if each.team_id == key.team_id)
    pooled = total(each.amount for each in found)
    parts = parts_of({each.team_id: positive(each.contracted_cost) for each in found})
    part = share(Decimal(1), parts.get(own.team_id, 0))
    terms = (
        Term("what the usage of all teams that can be committed cost", pooled, key.billing_currency),
        Term("its contracted cost, all teams that have a positive one", _positive(found), key.billing_currency),
        Term("this team's contracted cost", own.contracted_cost, key.billing_currency),
        Term("this team's share: its contracted cost ÷ that of all", part, SHARE),
        Term("what this team was billed for its own", own.amount, key.billing_currency),
    )
    return _working(
        line, "cost of all teams × this team's share − what it was billed", terms, (pooled, part, own.amount)
    )


def _positive(usage: Iterable[TeamUsage]) -> Decimal:
    return total(each.contracted_cost for each in usage if each.contracted_cost > 0)


def markup_working(line: StatementLine, owed: Mapping[str, Decimal], markup: Markup) -> Working:
    """What a team owes × its percentage, or for the team that keeps the markup, less what all others pay.

    Source: `app.domain.markup`.
    """
    key = line.key
    paid = {
        team: EXACT.scaleb(EXACT.multiply(amount, markup.percents.get(team, markup.percent)), -2)
        for team, amount in owed.items()
        if team != markup.to
    }
    if key.team_id == markup.to:
        kept = total(paid.values())
        others = (Term("markup that other teams pay", kept, key.billing_currency),)
        return _working(line, "− the markup that other teams pay", others, (kept, Decimal(-1), ZERO))
    assert key.team_id is not None, "nobody pays markup on what is unallocated"
    base, percent = owed[key.team_id], markup.percents.get(key.team_id, markup.percent)
    terms = (
        Term("what this team owes without markup", base, key.billing_currency),
        Term("markup", percent, "%"),
    )
    return _working(line, f"what this team owes × {plain(percent)}%", terms, (base, EXACT.scaleb(percent, -2), ZERO))


def adjustment_working(line: StatementLine, before: Decimal, earlier: Decimal) -> Working:
    """What a closed period's line comes to now, less what was charged for it when it was closed and since."""
    key = line.key
    assert key.adjusts_period is not None
    period = Period.month_of(key.adjusts_period)
    now = total((before, earlier, line.exact_amount))
    terms = (
        Term(f"{period.label} as it is now", now, key.billing_currency),
        Term(f"{period.label} as it was closed", before, key.billing_currency),
        *([Term("adjusted since", earlier, key.billing_currency)] if earlier else []),
    )
    charged = EXACT.add(before, earlier)
    worked = _working(line, "as it is now − as it was closed − adjusted since", terms, (now, Decimal(1), charged))
    figure = _corrected(line)
    return replace(
        worked,
        from_figures=tuple(
            (words, replace(figure, state=state).parameters)
            for words, state in (("as it is now", StatementState.DRAFT), ("as it was closed", StatementState.CLOSED))
        ),
        causes=line.causes,
    )


def _corrected(line: StatementLine) -> Figure:
    """The figure of the closed period that an adjustment corrects."""
    key = adjusted_key(line.key)
    where = {
        "currency": key.billing_currency,
        "team": key.team_id,
        "cost_type": key.cost_type.value,
        "pool": key.pool_id,
        "service_provider_name": key.service_provider_name,
        "service_name": key.service_name,
        "invoice_issuer_name": key.invoice_issuer_name,
        "invoice_id": key.invoice_id,
        "unit": key.unit,
    }
    assert line.key.adjusts_period is not None
    return Figure(Period.month_of(line.key.adjusts_period), where)


def _working(
    line: StatementLine, formula: str, terms: tuple[Term, ...], values: tuple[Decimal, Decimal, Decimal]
) -> Working:
    """The working of a line as one value × a factor − another, which must come to the line's exact amount."""
    value, factor, less = values
    amount = EXACT.subtract(EXACT.multiply(value, factor), less)
    assert amount == line.exact_amount, f"line {line.id} is {line.exact_amount} and its working comes to {amount}"
    return Working(
        cost_type=line.key.cost_type,
        team_id=line.key.team_id,
        service_name=line.key.service_name,
        formula=formula,
        terms=terms,
        amount=line.exact_amount,
    )
