"""A month's statement line by line, as docs/policy.md and the glossary say it: slow, plain, and nothing of `app`.

`reference_policy` says who owns a charge, `reference_pools` what each team pays of a pool.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, Inexact
from fractions import Fraction
from typing import NamedTuple

from tests.app.chargeback.reference_policy import Charge, Node, kind, owner
from tests.app.chargeback.reference_pools import POOL, Month, Quantity, cut, shares

EXACT = Context(prec=500, traps=[Inexact])
WIDE = Context(prec=500)  # for what is rounded on purpose
MINOR_DIGITS = {"JPY": 0, "KWD": 3}  # ISO 4217; every other currency of the tests has two
ZERO = Decimal(0)
Shares = Mapping[tuple[str, str], Mapping[str, int]]  # parts per trillion by currency and pool, then by team


class Line(NamedTuple):
    """What tells the lines of a statement apart. No team: unallocated."""

    currency: str
    issuer: str | None
    invoice: str | None
    team: str | None
    cost_type: str
    pool: str | None = None
    provider: str | None = None
    service: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Amount:
    """What a line comes to: every digit, and in whole minor units."""

    exact: Decimal = ZERO
    charged: Decimal = ZERO
    share: Decimal | None = None
    quantity: Decimal | None = None
    rows: int = 0
    rows_without_value: int = 0


@dataclass(frozen=True, eq=False)
class Owned:
    """A charge with the team or the pool it belongs to, and its cost on what the statement is drawn on."""

    charge: Charge
    team: str | None
    pool: str | None
    metric: str

    @property
    def amount(self) -> Decimal:
        return self.charge.costs.get(self.metric) or ZERO

    @property
    def currency(self) -> str:
        return self.charge.columns["billing_currency"]


Statement = dict[Line, Amount]


def statement(policy: Node, period: date, charges: Iterable[Charge], quantities: Iterable[Quantity] = ()) -> Statement:
    """The statement of a billing period that holds these charges and drivers, under a policy."""
    metric = policy.get("statement_metric", "effective_cost")
    owned = [Owned(charge, *owner(policy, charge), metric) for charge in charges if charge.period == period]
    split = all_shares(policy, period, owned, tuple(quantities))
    lines: Statement = {}
    for each in owned:
        _book(lines, each, split)
    lines |= _commitment_benefit(policy, owned)
    lines |= _markup(policy, lines)
    return rounded(lines)


def all_shares(policy: Node, period: date, owned: Iterable[Owned], quantities: tuple[Quantity, ...]) -> Shares:
    """Who pays for each pool, anew for every currency."""
    direct: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for each in owned:
        payer = each.team or (POOL + each.pool if each.pool else "")
        of_currency = direct[each.currency]
        of_currency[payer] = EXACT.add(of_currency[payer], each.charge.costs.get("effective_cost") or ZERO)
    days = tuple(day for day in (period + timedelta(number) for number in range(31)) if day.month == period.month)
    months = [Month(days, currency, given, quantities) for currency, given in direct.items()]
    return {(month.currency, pool): parts for month in months for pool, parts in shares(policy, month).items()}


def _book(lines: Statement, owned: Owned, split: Shares) -> None:
    """Adds a charge to the line of each team that pays for it; of a pool, cost × share, never rounded."""
    if owned.pool is None:
        _add(lines, owned, owned.team, None)
        return
    parts = split[owned.currency, owned.pool]
    for team, part in parts.items():
        _add(lines, owned, team, EXACT.scaleb(Decimal(part), -12))
    if not parts:
        _add(lines, owned, None, None)


def _add(lines: Statement, owned: Owned, team: str | None, share: Decimal | None) -> None:
    charge, factor = owned.charge, Decimal(1) if share is None else share
    unit, quantity = _quantity(charge)
    line = _line(owned, team, unit)
    before = lines.get(line, Amount())
    lines[line] = Amount(
        exact=EXACT.add(before.exact, EXACT.multiply(owned.amount, factor)),
        share=share,
        quantity=_plus(before.quantity, None if quantity is None else EXACT.multiply(quantity, factor)),
        rows=before.rows + charge.rows,
        rows_without_value=before.rows_without_value + (charge.costs.get(owned.metric) is None) * charge.rows,
    )


def _line(owned: Owned, team: str | None, unit: str | None) -> Line:
    columns = owned.charge.columns
    usual = "shared" if owned.pool else "direct"
    of_kind = {"usage": usual}.get(kind(owned.charge), kind(owned.charge))
    issuer, invoice = columns.get("invoice_issuer_name"), columns.get("invoice_id")
    provider, service = columns.get("service_provider_name"), columns.get("service_name")
    return Line(owned.currency, issuer, invoice, team, of_kind, owned.pool, provider, service, unit)


def _quantity(charge: Charge) -> tuple[str | None, Decimal | None]:
    """What was consumed, or what was priced where the bill does not say; with its unit."""
    if "consumed_unit" in charge.columns:
        return charge.columns["consumed_unit"], charge.consumed_quantity
    return charge.columns.get("pricing_unit"), charge.pricing_quantity


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return EXACT.add(one, other) if one is not None and other is not None else one if other is None else other


def _commitment_benefit(policy: Node, owned: Iterable[Owned]) -> Iterator[tuple[Line, Amount]]:
    """Of each service and currency: the usage of all teams in proportion to contracted cost, less as it is billed.

    Usage is what belongs to teams directly, is priced as standard or committed, and is neither unused nor corrected. Of
    services that no policy names, those with committed usage. A contracted cost below zero counts as zero.
    """
    told = policy.get("commitment_benefit", "as_billed")
    if told == "as_billed":
        return
    usage: defaultdict[tuple[str, str | None, str | None], list[Owned]] = defaultdict(list)
    for each in owned:
        columns = each.charge.columns
        priced = columns.get("pricing_category") in {"Standard", "Committed"}
        if each.team and kind(each.charge) == "usage" and columns.get("charge_category") == "Usage" and priced:
            usage[each.currency, columns.get("service_provider_name"), columns.get("service_name")].append(each)
    for (currency, provider, service), rows in usage.items():
        committed = any(each.charge.columns.get("pricing_category") == "Committed" for each in rows)
        if service in told["pooled"] if isinstance(told, Mapping) else committed:
            for team, exact in _repriced(rows):
                line = Line(currency, None, None, team, "commitment_benefit", provider=provider, service=service)
                yield line, Amount(exact)


def _repriced(usage: Iterable[Owned]) -> Iterator[tuple[str, Decimal]]:
    """What each team pays for a service's usage at one price, less what it was billed, unless that is zero."""
    billed: defaultdict[str, Decimal] = defaultdict(Decimal)
    contracted: defaultdict[str, Fraction] = defaultdict(Fraction)
    for each in usage:
        assert each.team
        billed[each.team] = EXACT.add(billed[each.team], each.amount)
        contracted[each.team] += Fraction(each.charge.costs.get("contracted_cost") or 0)
    parts = cut(contracted)
    whole = _total(billed.values())
    for team in billed if parts else ():
        pays = EXACT.scaleb(EXACT.multiply(whole, Decimal(parts.get(team, 0))), -12)
        if exact := EXACT.subtract(pays, billed[team]):
            yield team, exact


def _markup(policy: Node, lines: Statement) -> Iterator[tuple[Line, Amount]]:
    """What each team pays on top of what it owes, and what the team that keeps it is credited with."""
    if not (told := policy.get("markup")):
        return
    owed: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line, amount in lines.items():
        if line.team:
            owed[line.currency, line.team] = EXACT.add(owed[line.currency, line.team], amount.exact)
    credit: defaultdict[str, Decimal] = defaultdict(Decimal)
    for (currency, team), amount_owed in owed.items():
        percent = Decimal(told.get("percents", {}).get(team, told["percent"]))
        on_top = EXACT.scaleb(EXACT.multiply(amount_owed, percent), -2)
        if on_top and team != told["to"]:
            yield Line(currency, None, None, team, "markup"), Amount(on_top)
            credit[currency] = EXACT.subtract(credit[currency], on_top)
    for currency, credited in credit.items():
        if credited:
            yield Line(currency, None, None, told["to"], "markup"), Amount(credited)


def rounded(lines: Statement) -> Statement:
    """The lines of each invoice and currency in whole minor units, by largest remainder, ties as lines stand."""
    invoices: defaultdict[tuple[str, str | None, str | None], list[Line]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: [(value is None, value) for value in line]):
        invoices[line.currency, line.issuer, line.invoice].append(line)
    charged: dict[Line, Decimal] = {}
    for (currency, _, _), of_invoice in invoices.items():
        charged |= _largest_remainder({line: lines[line].exact for line in of_invoice}, MINOR_DIGITS.get(currency, 2))
    return {line: replace(lines[line], charged=amount) for line, amount in charged.items()}


def _largest_remainder(exact: Mapping[Line, Decimal], digits: int) -> dict[Line, Decimal]:
    unit = Decimal(1).scaleb(-digits)
    found = {line: amount.quantize(unit, ROUND_FLOOR, WIDE) for line, amount in exact.items()}
    whole = _total(exact.values()).quantize(unit, ROUND_HALF_EVEN, WIDE)
    left = int(EXACT.divide(EXACT.subtract(whole, _total(found.values())), unit))
    for line in sorted(exact, key=lambda line: EXACT.subtract(found[line], exact[line]))[:left]:
        found[line] = EXACT.add(found[line], unit)
    return found


def minor_units(amount: Decimal, currency: str) -> Decimal:
    """An amount rounded half to even to what its currency is paid in."""
    return amount.quantize(Decimal(1).scaleb(-MINOR_DIGITS.get(currency, 2)), ROUND_HALF_EVEN, WIDE)


def _total(amounts: Iterable[Decimal]) -> Decimal:
    result = ZERO
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result
