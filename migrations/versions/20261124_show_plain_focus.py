"""show plain FOCUS: the view focus_cost_and_usage, and what it needs of a charge key"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "6c3e2a7d9f40"
down_revision = "5b2d1f6c8e30"
branch_labels = None
depends_on = None

KEY_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "billing_account_type": sa.Text(),
    "sub_account_type": sa.Text(),
    "charge_description": sa.Text(),
    "pricing_currency": sa.Text(),
    "commitment_discount_unit": sa.Text(),
    "charge_period_days": sa.Integer(),
    "list_unit_price": sa.Numeric(),
    "sku_price_details": postgresql.JSONB(),
}
CHARGE_COLUMNS = ("commitment_discount_quantity", "pricing_currency_effective_cost")

# A date as the instant it begins in UTC. Immutable, unlike a cast, so that constraints can use it: a load's table says
# between which instants its charges lie (app/db/load.py), and PostgreSQL leaves it out of a query about others.
UTC = """
CREATE FUNCTION utc(day date) RETURNS timestamptz IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN to_timestamp(((day - '1970-01-01'::date)::bigint * 86400)::double precision)
"""

# What the FOCUS use-case library calls; PostgreSQL has other names for them. `json_exists` is part of the language from
# PostgreSQL 17 on, which then never looks here.
FUNCTIONS = (
    """
CREATE FUNCTION month(instant timestamptz) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN extract(month FROM instant AT TIME ZONE 'UTC')::bigint
""",
    r"""
CREATE FUNCTION json_extract_string(pairs jsonb, path text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN pairs ->> regexp_replace(path, '^\$\.', '')
""",
    r"""
CREATE FUNCTION "json_exists"(pairs jsonb, path text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN pairs ? regexp_replace(path, '^\$\.', '')
""",
)

# Only live loads. The union with nothing makes PostgreSQL go from each of them to its own partition; as a plain join it
# would read every superseded one too, and sort their rows out afterwards. Conditions still reach the partitions.
VIEW = """
CREATE VIEW focus_cost_and_usage AS
SELECT
    charge_key.availability_zone AS availabilityzone,
    charge.billed_cost AS billedcost,
    charge_key.billing_account_id AS billingaccountid,
    charge_key.billing_account_name AS billingaccountname,
    charge_key.billing_account_type AS billingaccounttype,
    charge_key.billing_currency AS billingcurrency,
    utc((charge.billing_period_start + INTERVAL '1 month')::date) AS billingperiodend,
    utc(charge.billing_period_start) AS billingperiodstart,
    charge_key.capacity_reservation_id AS capacityreservationid,
    charge_key.capacity_reservation_status AS capacityreservationstatus,
    charge_key.charge_category AS chargecategory,
    charge_key.charge_class AS chargeclass,
    charge_key.charge_description AS chargedescription,
    charge_key.charge_frequency AS chargefrequency,
    utc(charge.charge_day + coalesce(charge_key.charge_period_days, 1)) AS chargeperiodend,
    utc(charge.charge_day) AS chargeperiodstart,
    charge_key.commitment_discount_category AS commitmentdiscountcategory,
    charge_key.commitment_discount_id AS commitmentdiscountid,
    charge_key.commitment_discount_name AS commitmentdiscountname,
    charge.commitment_discount_quantity AS commitmentdiscountquantity,
    charge_key.commitment_discount_status AS commitmentdiscountstatus,
    charge_key.commitment_discount_type AS commitmentdiscounttype,
    charge_key.commitment_discount_unit AS commitmentdiscountunit,
    charge.consumed_quantity AS consumedquantity,
    charge_key.consumed_unit AS consumedunit,
    charge.contracted_cost AS contractedcost,
    charge.contracted_cost / nullif(charge.pricing_quantity, 0) AS contractedunitprice,
    charge.effective_cost AS effectivecost,
    charge_key.invoice_id AS invoiceid,
    charge_key.invoice_issuer_name AS invoiceissuername,
    charge.list_cost AS listcost,
    charge_key.list_unit_price AS listunitprice,
    charge_key.pricing_category AS pricingcategory,
    charge_key.pricing_currency AS pricingcurrency,
    CASE WHEN charge_key.pricing_currency = charge_key.billing_currency
         THEN charge.contracted_cost / nullif(charge.pricing_quantity, 0) END AS pricingcurrencycontractedunitprice,
    charge.pricing_currency_effective_cost AS pricingcurrencyeffectivecost,
    CASE WHEN charge_key.pricing_currency = charge_key.billing_currency
         THEN charge_key.list_unit_price END AS pricingcurrencylistunitprice,
    charge.pricing_quantity AS pricingquantity,
    charge_key.pricing_unit AS pricingunit,
    charge_key.service_provider_name AS providername,
    charge_key.publisher_name AS publishername,
    charge_key.region_id AS regionid,
    charge_key.region_name AS regionname,
    charge_key.resource_id AS resourceid,
    charge_key.resource_name AS resourcename,
    charge_key.resource_type AS resourcetype,
    charge_key.service_category AS servicecategory,
    charge_key.service_name AS servicename,
    charge_key.service_subcategory AS servicesubcategory,
    charge_key.sku_id AS skuid,
    charge_key.sku_meter AS skumeter,
    charge_key.sku_price_details AS skupricedetails,
    charge_key.sku_price_id AS skupriceid,
    charge_key.sub_account_id AS subaccountid,
    charge_key.sub_account_name AS subaccountname,
    charge_key.sub_account_type AS subaccounttype,
    charge_key.tags AS tags,
    charge.billing_period_start AS x_billingmonth,
    charge.row_count AS x_rowcount
FROM load
CROSS JOIN LATERAL (
    SELECT * FROM charge AS of_load
    WHERE of_load.load_id = load.id AND of_load.billing_period_start = load.billing_period_start
    UNION ALL
    SELECT * FROM charge AS none WHERE none.load_id = load.id AND false
) AS charge
JOIN charge_key ON charge_key.id = charge.charge_key_id
WHERE load.state = 'live'
"""


def upgrade() -> None:
    for name, kind in KEY_COLUMNS.items():
        op.add_column("charge_key", sa.Column(name, kind, nullable=True))
    for name in CHARGE_COLUMNS:
        op.add_column("charge", sa.Column(name, sa.Numeric(), nullable=True))
    op.execute(UTC)
    for function in FUNCTIONS:
        op.execute(function)
    op.execute(VIEW)


def downgrade() -> None:
    op.execute("DROP VIEW focus_cost_and_usage")
    op.execute('DROP FUNCTION "json_exists"(jsonb, text)')
    op.execute("DROP FUNCTION json_extract_string(jsonb, text)")
    op.execute("DROP FUNCTION month(timestamptz)")
    op.execute("DROP FUNCTION utc(date) CASCADE")  # and with it what the tables of loads state by it
    for name in CHARGE_COLUMNS:
        op.drop_column("charge", name)
    for name in KEY_COLUMNS:
        op.drop_column("charge_key", name)
