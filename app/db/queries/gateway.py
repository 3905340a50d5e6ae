"""What gateways logged and what vendors billed in a billing month.

A gateway is a source that says what it spent (`gateway_spend`); what other sources count is the vendors' own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Select, case, exists, false, func, null, or_, select, true
from sqlalchemy.orm import Session

from app.db.queries.drivers import driver_dimension
from app.db.tables.bills import Load, Source
from app.db.tables.charges import Charge, ChargeKey, Driver
from app.domain.gateway_facts import Charged, Counted, Estimated, GatewayFacts

SPEND, TOKENS = "gateway_spend", "tokens"
_MODEL = "x_Model"
# Meters that may name a model and a class of tokens; of all others, a bill's cost is one sum.
_OF_TOKENS = "(input|output|cache)"


@dataclass(frozen=True)
class Gateways:
    """The gateways there are. Without `accounts`, one of them does not say which of the vendors' accounts it uses."""

    ids: tuple[int, ...]
    names: tuple[str, ...]
    accounts: frozenset[str] | None


def gateways(session: Session) -> Gateways:
    """The sources with a live load that says what was spent, by name."""
    spent = exists().where(Driver.load_id == Load.id, Driver.name == SPEND)
    statement = (
        select(Source.id, Source.name, Source.config["vendor_accounts"])
        .where(exists().where(Load.source_id == Source.id, Load.state == "live", spent))
        .order_by(Source.name.collate("C"))
    )
    found = session.execute(statement).all()
    told = [frozenset(accounts or ()) for _, _, accounts in found]
    everything = not all(told)
    return Gateways(
        ids=tuple(source_id for source_id, _, _ in found),
        names=tuple(name for _, name, _ in found),
        accounts=None if everything else frozenset[str]().union(*told),
    )


def gateway_periods(session: Session, found: Gateways) -> tuple[date, ...]:
    """The billing periods in which gateways have live loads, newest first."""
    start = Load.billing_period_start
    live = select(start).where(Load.state == "live", Load.source_id.in_(found.ids))
    return tuple(session.scalars(live.distinct().order_by(start.desc())))


def gateway_facts(session: Session, found: Gateways, period: date) -> GatewayFacts:
    """All there is to compare in the billing month that starts with `period`."""
    estimated = _estimated(session, found, period)
    logged = [Counted(*row) for row in session.execute(_tokens(found, period, ours=True))]
    counted = [Counted(*row) for row in session.execute(_tokens(found, period, ours=False))]
    # The vendors that the gateway may have called; of the others no bill is read.
    providers = {each.service_provider_name for each in (*logged, *counted)}
    providers |= {each.service_provider_name for each in estimated}
    named = sorted(provider for provider in providers if provider)
    charged = [Charged(*row) for row in session.execute(_charged(session, found, period, named))]
    return GatewayFacts(estimated, logged, charged, counted)


def estimated_by_owner(session: Session, found: Gateways, period: date) -> list[Estimated]:
    """What gateways spent in a billing month by team and API key, as they name them."""
    owners = [driver_dimension("team"), driver_dimension("api_key")]
    found_rows = session.execute(_spend(found, period, *owners))
    return [
        Estimated(provider, model, period, unit, amount, team, api_key)
        for provider, model, unit, team, api_key, amount in found_rows
    ]


def _estimated(session: Session, found: Gateways, period: date) -> list[Estimated]:
    days = session.execute(_spend(found, period, _column(Driver.day)))
    return [Estimated(provider, model, day, unit, amount) for provider, model, unit, day, amount in days]


def _spend(found: Gateways, period: date, *by: ColumnElement[Any]) -> Select[Any]:
    groups = [_column(Driver.service_provider_name), driver_dimension("model"), _column(Driver.unit), *by]
    statement = _drivers(period, select(*groups, _sum(Driver.quantity)))
    return statement.where(Driver.name == SPEND, Load.source_id.in_(found.ids)).group_by(*groups)


def _tokens(found: Gateways, period: date, *, ours: bool) -> Select[Any]:
    """Tokens that gateways logged (`ours`), or that vendors counted of the accounts that gateways use."""
    groups = [
        _column(Driver.service_provider_name),
        driver_dimension("model"),
        _column(Driver.day),
        driver_dimension("token_class"),
    ]
    statement = _drivers(period, select(*groups, _sum(Driver.quantity))).where(Driver.name == TOKENS)
    if ours:
        # What a gateway answered from its own cache never reached a vendor.
        sent = driver_dimension("cache_hit").is_distinct_from("true")
        return statement.where(Load.source_id.in_(found.ids), sent).group_by(*groups)
    used = _through(found, driver_dimension("sub_account_id"), driver_dimension("api_key_id"))
    return statement.where(Load.source_id.not_in(found.ids), used).group_by(*groups)


def _charged(session: Session, found: Gateways, period: date, providers: Sequence[str]) -> Select[Any]:
    charge, key = Charge.__table__.c, ChargeKey.__table__.c
    live = select(Load.id).where(Load.state == "live", Load.billing_period_start == period)
    model = func.nullif(key.extras.op("->>")(_MODEL), "")
    telling = or_(model.is_not(None), key.sku_meter.op("~*")(_OF_TOKENS))
    rows = (
        select(
            key.service_provider_name,
            key.billing_currency,
            charge.charge_day,
            case((telling, key.sku_meter), else_=null()).label("sku_meter"),
            model.label("model"),
            _through(found, key.sub_account_id, key.extras.op("->>")("x_ApiKeyId")).label("through"),
            key.charge_period_days,
            charge.billed_cost,
        )
        .join(ChargeKey, key.id == charge.charge_key_id)
        .where(
            # By value, so that Postgres opens only the partitions of these loads.
            charge.load_id.in_(list(session.scalars(live))),
            charge.billing_period_start == period,
            key.service_provider_name.in_(providers),
        )
        .subquery("rows")
    ).c
    days = func.coalesce(func.max(rows.charge_period_days), 1)
    place = (rows.service_provider_name, rows.billing_currency, rows.charge_day)
    said = (rows.sku_meter, rows.model, rows.through)
    return select(*place, days, *said, func.coalesce(_sum(rows.billed_cost), 0)).group_by(*place, *said)


def _drivers(period: date, statement: Select[Any]) -> Select[Any]:
    live = statement.join(Load, Load.id == Driver.load_id)
    return live.where(Load.state == "live", Load.billing_period_start == period)


def _through(found: Gateways, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether one of `columns` is an account that the gateways use; true where they do not say which they use."""
    if found.accounts is None:
        return true()
    accounts = sorted(found.accounts)
    return func.coalesce(or_(*(column.in_(accounts) for column in columns)), false())


def _column(attribute: Any) -> ColumnElement[Any]:
    column: ColumnElement[Any] = attribute.expression
    return column


def _sum(column: Any) -> ColumnElement[Decimal]:
    return func.trim_scale(func.sum(column), type_=Numeric)
