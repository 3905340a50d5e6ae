"""The credits of a row, added exactly: which belong to its price, and which are money given (promotions).

Sources: Google Cloud, "Structure of detailed data export", credits.type; "Export Cloud Billing data: example queries",
an invoice is Σ cost + Σ credits of its invoice month.
"""

from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from app.errors import BadInput
from ingest.engine.duckdb import PARTS, rows_of
from ingest.focus.numbers import MAX_DIGITS, significant_digits
from ingest.gcp.fields import Fields

NAMES = ("id", "name", "full_name", "type", "amount")
PROMOTION = "PROMOTION"
COMMITMENT = ("COMMITTED_USAGE_DISCOUNT", "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE")
OFFSET = "FEE_UTILIZATION_OFFSET"
MOST_PROMOTIONS = PARTS - 1


@dataclass(frozen=True)
class Facts:
    """What has to be known of a whole bill before one of its rows can be mapped."""

    scale: int  # fractional digits that every cost and credit fits in
    promotions: int  # the most that any row has, counted up to MOST_PROMOTIONS
    fee_skus: tuple[str, ...]  # SKUs that some row says are fees which usage offsets

    def exact(self, text: Column) -> Column:
        """A number's text as a decimal; null where it is none."""
        return text.try_cast(self._type)

    def total(self, amounts: Column) -> Column:
        """The sum of an array of decimals; 0 for none."""
        return ibis.coalesce(amounts.sums().cast(self._type), ibis.literal("0").cast(self._type))

    @property
    def _type(self) -> dt.Decimal:
        return dt.Decimal(MAX_DIGITS, self.scale)


def facts(bill: Table) -> Facts:
    """The facts of `bill`. Raises BadInput when its amounts take more digits than there are."""
    fields = Fields(bill)
    rows = bill.select(cost=fields.text("cost"), sku=fields.text("sku.id"), given=fields.entries("credits", NAMES))
    credited = rows.select(credit=rows.given.unnest())
    given = credited.select(amount=credited.credit["amount"])
    scale = _scale(rows.select(amount=rows.cost).union(given))
    (row,) = rows_of(rows.aggregate(most=_of_type(rows.given, PROMOTION).length().max()))
    skus = rows_of(rows.filter(_of_type(rows.given, OFFSET).length() > 0).select("sku").distinct())
    return Facts(
        scale,
        promotions=min(int(row["most"] or 0), MOST_PROMOTIONS),
        fee_skus=tuple(sorted(each["sku"] for each in skus if each["sku"])),
    )


def with_credits(bill: Table, known: Facts) -> Table:
    """`bill` with its amounts read.

    gcp_cost      `cost`, before credits
    gcp_net       with every credit that is no promotion
    gcp_granted   the promotions
    gcp_given     the credit that a commitment gives, or null
    gcp_offset    whether usage offsets the row, a fee
    gcp_broken    the native column that keeps the row from being booked: an amount that cannot be read
    """
    # In steps, so that no step's SQL holds that of another more than once.
    fields = Fields(bill)
    one = bill.mutate(gcp_cost=known.exact(fields.text("cost")), gcp_credits=fields.entries("credits", NAMES))
    two = one.mutate(
        gcp_kept=one.gcp_credits.filter(lambda each: each["type"].fill_null("") != PROMOTION),
        gcp_granted=_of_type(one.gcp_credits, PROMOTION),
        gcp_given=one.gcp_credits.filter(lambda each: each["type"].isin(COMMITMENT))[0],
        gcp_offset=_of_type(one.gcp_credits, OFFSET).length() > 0,
        gcp_odd=one.gcp_credits.filter(lambda each: known.exact(each["amount"]).isnull()).length() > 0,
    )
    return two.mutate(
        gcp_net=two.gcp_cost + known.total(two.gcp_kept.map(lambda each: known.exact(each["amount"]))),
        gcp_broken=ibis.cases(
            (two.gcp_cost.isnull(), ibis.literal(_written(bill, "cost"))),
            (fields.broken("credits") | two.gcp_odd, ibis.literal(_written(bill, "credits"))),
        ),
    )


def promotion(rows: Table, known: Facts) -> Column:
    """The amount of the promotion number `gcp_part` (from 1); the last place takes all that have none of their own."""
    last = known.total(rows.gcp_granted[MOST_PROMOTIONS - 1 :].map(lambda each: known.exact(each["amount"])))
    one = known.exact(rows.gcp_granted[rows.gcp_part - 1]["amount"])
    return one if known.promotions < MOST_PROMOTIONS else ibis.cases((rows.gcp_part < MOST_PROMOTIONS, one), else_=last)


def _of_type(entries: Column, kind: str) -> Column:
    return entries.filter(lambda each: each["type"] == kind)


def _written(bill: Table, name: str) -> str:
    return next(str(each) for each in bill.columns if each.casefold() == name)


def _scale(numbers: Table) -> int:
    numbers = numbers.filter(numbers.amount.try_cast("float64").notnull())
    written = numbers.amount
    # Most amounts are written plainly, and are measured without a look at every character.
    point = ibis.cases((written.contains("."), written.find(".")), else_=written.length())
    plain = ibis.cases((written.contains("."), written.length() - point - 1), else_=0)
    odd = written.lower().contains("e")
    whole, fraction = significant_digits(numbers, "amount")
    (row,) = rows_of(
        numbers.aggregate(
            whole=ibis.cases((odd, whole), else_=point).max(), fraction=ibis.cases((odd, fraction), else_=plain).max()
        )
    )
    scale = max(int(row["fraction"] or 0), 0)
    if scale + max(int(row["whole"] or 0), 1) > MAX_DIGITS:
        raise BadInput(
            f"cost or credits hold a value with more digits than can be kept exactly ({MAX_DIGITS} in all)."
            " Look for a broken number in those columns; Trueup never rounds one."
        )
    return scale
