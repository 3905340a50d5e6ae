"""A generated month of CUR 2.0 as AWS Data Exports write it: double costs, maps for tags and products, snappy Parquet.

Deterministic. A tenth of the usage is covered by a Savings Plan (with the row that negates it), a twentieth by reserved
instances; costs have ten fractional digits, the effective costs of reserved instances all that a double has.
"""

from datetime import date
from pathlib import Path

import duckdb

RESOURCES = 20_000
FILES = 10


def write_cur_month(folder: Path, month: date, *, rows: int, resources: int = RESOURCES) -> None:
    """Writes `rows` line items of `month` into `folder`, unless they are there."""
    done = folder / f".{rows}-{resources}"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    for part in range(FILES):
        lines = _lines(month, rows=rows, resources=resources, part=part)
        target = folder / f"bench-{part + 1:05d}.snappy.parquet"
        connection.execute(f"COPY ({lines}) TO '{target}' (FORMAT parquet, COMPRESSION snappy)")
    done.touch()


def _lines(month: date, *, rows: int, resources: int, part: int) -> str:
    start = f"TIMESTAMP '{month}'"
    return f"""
WITH line AS (
    SELECT i, i % {resources} AS r, (i // {resources}) * 720 // {max(rows // resources, 1)} AS hour
    FROM range({rows * part // FILES}, {rows * (part + 1) // FILES}) AS t(i)
), placed AS (
    -- A covered line and the one that negates it are two of twenty neighbours, with one account, price and usage.
    SELECT *, r // 20 % 200 AS account, CAST(hash(r - r % 20 + r % 2) % 300 AS BIGINT) AS sku, sku % 12 AS service,
           r % 8 AS region, {start} + to_hours(hour) AS used_at,
           CASE WHEN r % 20 IN (0, 1) THEN 'SavingsPlanCoveredUsage' WHEN r % 20 IN (2, 3) THEN 'SavingsPlanNegation'
                WHEN r % 20 = 4 THEN 'DiscountedUsage' ELSE 'Usage' END AS kind,
           round((1 + hash(sku) % 10007) * 0.00137, 10) AS rate,
           (1 + hash(i - r % 20 + r % 2) % 1009) / 1000 AS amount, round(rate * amount, 10) AS price
    FROM line
)
SELECT
    'bench-cur' AS bill_billing_entity, {start} + INTERVAL 1 MONTH AS bill_billing_period_end_date,
    {start} AS bill_billing_period_start_date, 'Anniversary' AS bill_bill_type, NULL::VARCHAR AS bill_invoice_id,
    'Amazon Web Services, Inc.' AS bill_invoicing_entity, '100000000001' AS bill_payer_account_id,
    'Bench payer' AS bill_payer_account_name,
    MAP {{'Team': 'x'}} AS cost_category, MAP {{'SpDiscount': 0.1}} AS discount,
    concat('id-', i) AS identity_line_item_id,
    concat(strftime(used_at, '%Y-%m-%dT%H:%M:%SZ'), '/',
           strftime(used_at + INTERVAL 1 HOUR, '%Y-%m-%dT%H:%M:%SZ'))
        AS identity_time_interval,
    CASE WHEN region < 6 THEN concat('us-east-', region, 'a') END AS line_item_availability_zone,
    price AS line_item_blended_cost, 'USD' AS line_item_currency_code, 'Amazon Web Services, Inc.'
        AS line_item_legal_entity,
    concat('USD ', rate, ' per hour of SKU ', sku) AS line_item_line_item_description,
    kind AS line_item_line_item_type, 'RunInstances' AS line_item_operation,
    ['AmazonEC2', 'AmazonS3', 'AmazonRDS', 'AmazonSageMaker', 'AmazonBedrock', 'AWSLambda', 'AmazonEKS',
     'AmazonCloudWatch', 'AmazonDynamoDB', 'AmazonVPC', 'AmazonECR', 'AWSDataTransfer'][service + 1]
        AS line_item_product_code,
    CASE WHEN kind <> 'SavingsPlanNegation'
         THEN concat('arn:aws:ec2:us-east-', region, ':', account, ':instance/i-', lpad(r::VARCHAR, 17, '0')) END
        AS line_item_resource_id,
    CASE WHEN kind = 'SavingsPlanNegation' THEN -price ELSE price END AS line_item_unblended_cost,
    rate::VARCHAR AS line_item_unblended_rate, concat('acct-', account) AS line_item_usage_account_id,
    concat('Account ', account) AS line_item_usage_account_name, amount AS line_item_usage_amount,
    used_at + INTERVAL 1 HOUR AS line_item_usage_end_date, used_at AS line_item_usage_start_date,
    concat('USE1-BoxUsage:type.', sku) AS line_item_usage_type,
    round(price * 1.2, 10) AS pricing_public_on_demand_cost,
    round(rate * 1.2, 10)::VARCHAR AS pricing_public_on_demand_rate,
    'OnDemand' AS pricing_term, 'Hrs' AS pricing_unit, 'USD' AS pricing_currency,
    concat('RATE-', sku) AS pricing_rate_code, concat('rate-', sku) AS pricing_rate_id,
    MAP {{'product_name': concat('Product ', service), 'location': 'US East', 'instance_type': concat('type.', sku),
          'vcpu': '8', 'memory': '32 GiB', 'operating_system': 'Linux', 'tenancy': 'Shared'}} AS product,
    concat('type.', sku) AS product_instance_type, 'Compute Instance' AS product_product_family,
    concat('us-east-', region) AS product_region_code,
    ['AmazonEC2', 'AmazonS3', 'AmazonRDS', 'AmazonSageMaker', 'AmazonBedrock', 'AWSLambda', 'AmazonEKS',
     'AmazonCloudWatch', 'AmazonDynamoDB', 'AmazonVPC', 'AmazonECR', 'AWSDataTransfer'][service + 1]
        AS product_servicecode,
    concat('SKU', sku) AS product_sku,
    CASE WHEN kind = 'DiscountedUsage' THEN price * 0.61803398875 END AS reservation_effective_cost,
    CASE WHEN kind = 'DiscountedUsage' THEN concat('arn:aws:ec2:us-east-1:', account, ':reserved-instances/r') END
        AS reservation_reservation_a_r_n,
    NULL::DOUBLE AS reservation_unused_amortized_upfront_fee_for_billing_period,
    NULL::DOUBLE AS reservation_unused_recurring_fee,
    CASE WHEN kind = 'SavingsPlanCoveredUsage' THEN round(price * 0.7142857, 10) END
        AS savings_plan_savings_plan_effective_cost,
    CASE WHEN kind LIKE 'SavingsPlan%' THEN concat('arn:aws:savingsplans::', account, ':savingsplan/sp') END
        AS savings_plan_savings_plan_a_r_n,
    NULL::DOUBLE AS savings_plan_total_commitment_to_date, NULL::DOUBLE AS savings_plan_used_commitment,
    MAP {{'user_team': concat('team-', r % 40), 'user_env': CASE r % 3 WHEN 0 THEN 'dev' ELSE 'prod' END,
          'user_project': concat('p', r % 90)}} AS resource_tags
FROM placed
"""


def bare_cur_group_by(folder: Path) -> str:
    """The limit: DuckDB's own roll-up of the same files to day × dimensions, and nothing else."""
    dimensions = (
        "bill_payer_account_id, line_item_currency_code, line_item_line_item_type, line_item_product_code,"
        " line_item_resource_id, line_item_usage_account_id, line_item_usage_type, pricing_rate_code, pricing_unit,"
        " product_region_code, product_sku, reservation_reservation_a_r_n, savings_plan_savings_plan_a_r_n,"
        " line_item_availability_zone, resource_tags"
    )
    return (
        f"SELECT CAST(line_item_usage_start_date AS DATE) AS day, {dimensions}, count(*),"
        " sum(line_item_unblended_cost), sum(savings_plan_savings_plan_effective_cost),"
        " sum(reservation_effective_cost),"
        " sum(pricing_public_on_demand_cost), sum(line_item_usage_amount)"
        f" FROM read_parquet('{folder}/*.parquet') GROUP BY ALL"
    )
