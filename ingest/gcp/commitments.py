"""Committed use discounts (CUDs): the fee, the usage it covers, and what of the fee no usage covers.

Resource-based and older spend-based commitments are billed as a fee beside usage whose credits take its cost away.
Newer spend-based ones bill usage at the committed price and credit the fee by as much (FEE_UTILIZATION_OFFSET), so that
what is left of the fee is the unused part of the commitment.
Source: Google Cloud, "Structure of detailed data export" (credits.type, consumption_model, subscription).
"""

from collections.abc import Mapping

import ibis
from ibis import Column, Table

from ingest.gcp.credits import COMMITMENT, Facts
from ingest.gcp.fields import NO, Fields

FEE = r"^Commitment\b"
MODEL = r"(?i)\b(cud|commit)"  # of a consumption model's description; usage without a commitment is "Default"
TYPE = "Committed Use Discount"


def with_commitments(rows: Table, known: Facts) -> Table:
    """Rows that have their credits with gcp_fee, gcp_unused (a fee that usage offsets) and gcp_covered (usage)."""
    fields = Fields(rows)
    offsets = fields.text("sku.id").isin(known.fee_skus).fill_null(NO) if known.fee_skus else NO
    one = rows.mutate(gcp_unused=rows.gcp_offset | offsets)
    two = one.mutate(gcp_fee=one.gcp_unused | fields.text("sku.description").fill_null("").re_search(FEE))
    model = fields.text("consumption_model.description").fill_null("").re_search(MODEL)
    return two.mutate(gcp_covered=~two.gcp_fee & (model | two.gcp_given.notnull()))


def columns(rows: Table) -> Mapping[str, Column]:
    """The CommitmentDiscount columns of FOCUS, of rows `with_commitments`."""
    fields, given = Fields(rows), rows.gcp_given
    paid, used = rows.gcp_fee, rows.gcp_covered
    model = fields.text("consumption_model.description")
    by_money = (
        rows.gcp_unused
        | fields.text("sku.description").fill_null("").re_search("(?i)dollar based")
        | (given["type"] == COMMITMENT[1]).fill_null(NO)
        | (used & given.isnull())
    )
    return {
        "CommitmentDiscountId": ibis.cases(
            (paid, ibis.coalesce(fields.text("subscription.instance_id"), fields.text("sku.id"))),
            (used, ibis.coalesce(given["id"].nullif(""), given["name"], fields.text("consumption_model.id"), model)),
        ),
        "CommitmentDiscountName": ibis.cases(
            (paid, fields.text("sku.description")),
            (used, ibis.coalesce(given["full_name"].nullif(""), given["name"], model)),
        ),
        "CommitmentDiscountCategory": ibis.cases(
            (paid | used, ibis.cases((by_money, ibis.literal("Spend")), else_=ibis.literal("Usage")))
        ),
        "CommitmentDiscountType": ibis.cases((paid | used, ibis.literal(TYPE))),
        "CommitmentDiscountStatus": ibis.cases((rows.gcp_unused, ibis.literal("Unused")), (used, ibis.literal("Used"))),
    }
