"""A generated FOCUS 1.2 month: hourly lines of many resources, as zstd Parquet.

Deterministic, and shaped like a real bill: a resource belongs to one sub-account, region and SKU, a SKU to one
service; costs have twelve fractional digits.
"""

from datetime import date
from pathlib import Path

import duckdb

RESOURCES = 20_000
SUB_ACCOUNTS = 200
SKUS = 300
SERVICES = 60
TEAMS = 40
FILES = 10


def write_month(folder: Path, month: date, *, rows: int, resources: int = RESOURCES) -> None:
    """Writes `rows` lines of `month` into `folder`, unless they are there."""
    done = folder / f".{rows}-{resources}"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    for part in range(FILES):
        lines = _lines(month, rows=rows, resources=resources, part=part)
        target = folder / f"part-{part:02d}.parquet"
        connection.execute(f"COPY ({lines}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    done.touch()


def _lines(month: date, *, rows: int, resources: int, part: int) -> str:
    start = f"TIMESTAMP '{month}'"
    return f"""
WITH line AS (
    SELECT i, i % {resources} AS r, (i // {resources}) * 720 // {max(rows // resources, 1)} AS hour,
           hash(i) % 1000003 AS noise
    FROM range({rows * part // FILES}, {rows * (part + 1) // FILES}) AS t(i)
), placed AS (
    SELECT *, r % {SUB_ACCOUNTS} AS account, hash(r) % {SKUS} AS sku, (hash(r) % {SKUS}) % {SERVICES} AS service,
           r % 12 AS region, r % {TEAMS + 4} AS team,
           {start} + to_hours(hour) AS used_at,
           CAST(0.000000000001 * (1 + noise * 7919 % 900000007) * (1 + r % 40) AS DECIMAL(28, 12)) AS cost
    FROM line
)
SELECT
    NULL::VARCHAR AS "AvailabilityZone",
    CASE WHEN r % 10 = 0 THEN 0 ELSE cost END::DECIMAL(28, 12) AS "BilledCost",
    '100000000001' AS "BillingAccountId", 'Bench payer' AS "BillingAccountName", 'Payer' AS "BillingAccountType",
    'USD' AS "BillingCurrency", {start} + INTERVAL 1 MONTH AS "BillingPeriodEnd", {start} AS "BillingPeriodStart",
    NULL::VARCHAR AS "CapacityReservationId", NULL::VARCHAR AS "CapacityReservationStatus",
    'Usage' AS "ChargeCategory", NULL::VARCHAR AS "ChargeClass",
    concat('per hour of SKU ', sku) AS "ChargeDescription", 'Usage-Based' AS "ChargeFrequency",
    used_at + INTERVAL 1 HOUR AS "ChargePeriodEnd", used_at AS "ChargePeriodStart",
    CASE WHEN r % 10 = 0 THEN 'Spend' END AS "CommitmentDiscountCategory",
    CASE WHEN r % 10 = 0 THEN concat('sp-', account) END AS "CommitmentDiscountId",
    CASE WHEN r % 10 = 0 THEN 'Used' END AS "CommitmentDiscountStatus",
    CAST(1 AS DECIMAL(28, 12)) AS "ConsumedQuantity", 'Hours' AS "ConsumedUnit",
    cost AS "ContractedCost", NULL::DECIMAL(28, 12) AS "ContractedUnitPrice",
    CASE WHEN r % 10 = 0 THEN CAST(cost * 0.7 AS DECIMAL(28, 12)) ELSE cost END AS "EffectiveCost",
    concat('INV-', strftime({start}, '%Y%m')) AS "InvoiceId", 'Bench Cloud, Inc.' AS "InvoiceIssuerName",
    CAST(cost * 1.2 AS DECIMAL(28, 12)) AS "ListCost", NULL::DECIMAL(28, 12) AS "ListUnitPrice",
    CASE WHEN r % 10 = 0 THEN 'Committed' WHEN r % 7 = 0 THEN 'Dynamic' ELSE 'Standard' END AS "PricingCategory",
    'USD' AS "PricingCurrency", CAST(1 AS DECIMAL(28, 12)) AS "PricingQuantity", 'Hours' AS "PricingUnit",
    'Bench Cloud' AS "ProviderName", 'Bench Cloud' AS "PublisherName",
    concat('region-', region) AS "RegionId", concat('Region ', region) AS "RegionName",
    concat('arn:bench:', account, ':instance/i-', lpad(r::VARCHAR, 17, '0')) AS "ResourceId",
    concat('node-', r) AS "ResourceName", 'Instance' AS "ResourceType",
    CASE service % 4 WHEN 0 THEN 'Compute' WHEN 1 THEN 'Storage' WHEN 2 THEN 'Networking' ELSE 'Databases' END
        AS "ServiceCategory",
    concat('Service ', service) AS "ServiceName", 'Virtual Machines' AS "ServiceSubcategory",
    concat('SKU-', sku) AS "SkuId", 'Compute' AS "SkuMeter", NULL::VARCHAR AS "SkuPriceDetails",
    concat('PRICE-', sku) AS "SkuPriceId",
    concat('acct-', account) AS "SubAccountId", concat('Account ', account) AS "SubAccountName",
    CASE WHEN team >= {TEAMS} THEN MAP {{'env': 'prod', 'shared': CASE team % 2 WHEN 0 THEN 'yes' ELSE 'no' END}}
         ELSE MAP {{'team': concat('team-', team), 'env': CASE r % 3 WHEN 0 THEN 'dev' ELSE 'prod' END,
                    'project': concat('p', r % 90)}} END AS "Tags"
FROM placed
"""


def policy() -> str:
    """A policy of 40 teams and some 200 rules for the generated bill."""
    teams = [f"  - {{id: team-{n}, name: Team {n}, cost_center: CC-{n}, valid_from: 2020-01-01}}" for n in range(TEAMS)]
    accounts = [
        f"  - {{name: Account {n}, when: {{all: [{{column: sub_account_id, equals: acct-{n}}},"
        f" {{column: service_name, glob: 'Service 5*'}}]}}, team: team-{n % TEAMS}}}"
        for n in range(160)
    ]
    return "\n".join(
        [
            "name: Bench",
            "teams:",
            *teams,
            "pools:",
            "  - {id: shared, name: Shared, split: proportional}",
            "rules:",
            "  - {name: Tagged, when: {tag: team, present: true}, team_from_tag: team}",
            "  - {name: Shared, when: {tag: shared, equals: 'yes'}, pool: shared}",
            *accounts,
            "",
        ]
    )


# What the bare group-by groups by and sums.
DIMENSIONS = (
    '"BillingAccountId", "BillingCurrency", "ChargeCategory", "ChargeClass", "CommitmentDiscountId",'
    ' "CommitmentDiscountStatus", "ConsumedUnit", "InvoiceId", "PricingCategory", "ProviderName", "RegionId",'
    ' "ResourceId", "ResourceName", "ServiceCategory", "ServiceName", "SkuId", "SkuPriceId", "SubAccountId", "Tags"'
)
SUMMED = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ConsumedQuantity")
SUMS = ", ".join(f'sum("{name}")' for name in SUMMED)


def bare_group_by(folder: Path) -> str:
    """The limit: DuckDB's own roll-up of the same files to day × dimensions, and nothing else."""
    return (
        f'SELECT CAST("ChargePeriodStart" AS DATE) AS day, {DIMENSIONS}, count(*), {SUMS}'
        f" FROM read_parquet('{folder}/*.parquet') GROUP BY ALL"
    )
