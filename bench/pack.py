"""Closing a month and writing its finance pack: 200 teams of about a hundred lines each, against a minute.

python -m bench.pack [--teams 200] [--services 90]
"""

import argparse
import csv
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from app.actions.chargeback import close_statement, issue_statement
from app.actions.ingest import ingest_paths
from app.actions.policy import apply_policy
from app.db.session import read_session, write_session
from app.domain.period import Period
from app.domain.viewer import operator
from app.exports.pack.folder import write_pack
from app.exports.pack.pack import files_to_keep, open_pack
from bench.measure import ForeignLoad, peak_memory_bytes
from bench.place import ROOT, Place

LIMIT_SECONDS = 60
MONTH = Period.month(2026, 10)
AFTER = datetime(2026, 11, 3, tzinfo=UTC)
POOLS = 10
REASON = "the bench has no invoices"


def main() -> None:
    """Prints the seconds of each stage against the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teams", type=int, default=200)
    parser.add_argument("--services", type=int, default=90)
    options = parser.parse_args()
    print(*pack_figures(options.teams, options.services), sep="\n", flush=True)


def pack_figures(teams: int, services: int) -> list[str]:
    """How long closing and the pack take, with what took it."""
    place = _issued(teams, services)
    folder = ROOT / "pack"
    shutil.rmtree(folder, ignore_errors=True)
    load, began, own = ForeignLoad(), time.perf_counter(), time.process_time()
    with write_session(place.engine) as session:
        close_statement(session, operator("bench"), MONTH, AFTER, REASON, pack=files_to_keep)
    closed = time.perf_counter()
    with read_session(place.engine) as session:
        files = write_pack(open_pack(session, operator("bench"), MONTH), folder, lambda _stage, _done: None)
    written = time.perf_counter()
    with (folder / "statement_lines.csv").open(newline="") as lines:
        count = sum(1 for _ in csv.reader(lines)) - 1
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    met = "met" if written - began < LIMIT_SECONDS else "MISSED"
    seconds = f"{written - began:.1f} s (limit {LIMIT_SECONDS} s: {met})"
    cpu = f"{time.process_time() - own:.1f} s of processor time in this process"
    stages = f"close and make {closed - began:.1f} s, write {files} files, FOCUS among them, {written - closed:.1f} s"
    memory = f"{size / 1024**2:.0f} MiB; peak memory {peak_memory_bytes() / 1024**2:.0f} MiB"
    return [
        f"close + finance pack of {teams} teams, {count:,} lines: {seconds}",
        f"    {stages}; {cpu}; {memory}; {load}",
    ]


def _issued(teams: int, services: int) -> Place:
    """A Trueup whose month is issued: each team uses each service, and pays for each pool."""
    place = Place("bench_pack").make()
    place.use()
    with write_session(place.engine) as session:
        apply_policy(session, operator("bench"), _policy(teams))
    bill = place.config.data_dir / "bill.csv"
    _write_bill(bill, teams, services)
    ingest_paths(place.engine, operator("bench"), place.config, [bill], source_name="bench")
    with write_session(place.engine) as session:
        issue_statement(session, operator("bench"), MONTH)
    return place


def _policy(teams: int) -> str:
    declared = [f"  - {{id: team-{n}, name: 'Team {n}', cost_center: CC-{n % 20}}}" for n in range(teams)]
    pools = [f"  - {{id: pool-{n}, name: 'Pool {n}', split: proportional}}" for n in range(POOLS)]
    rules = [
        f"  - {{name: pool-{n}, when: {{column: sub_account_id, equals: pool-{n}}}, pool: pool-{n}}}"
        for n in range(POOLS)
    ]
    tagged = "  - {name: tagged, when: {tag: team, present: true}, team_from_tag: team}"
    return "\n".join(["name: bench", "teams:", *declared, "pools:", *pools, "rules:", *rules, tagged, ""])


def _write_bill(path: Path, teams: int, services: int) -> None:
    header = (
        *("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingAccountId", "BillingAccountName"),
        *("BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"),
        *("ChargeCategory", "ChargeClass", "ChargeDescription", "ServiceCategory", "InvoiceIssuerName", "InvoiceId"),
        *("ProviderName", "PublisherName", "PricingUnit", "ConsumedUnit", "ServiceName", "PricingQuantity"),
        *("ConsumedQuantity", "SubAccountId", "Tags"),
    )
    period = (f"{MONTH.start}T00:00:00Z", f"{MONTH.end}T00:00:00Z", "2026-10-05T00:00:00Z", "2026-10-05T01:00:00Z")
    charge = ("Usage", None, "An hour", "Compute", "AWS", "INV-1", "AWS", "AWS", "Hours", "Hours")
    always = ("1000", "Acme", "USD", *period, *charge)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(header)
        for service in range(services):
            name = f"Service {service}"
            for team in range(teams):
                cost = f"{(team * 7919 + service * 104729) % 100_000}.{team:05d}{service:04d}"
                tags = f'{{"team": "team-{team}"}}'
                used = (name, f"{team + 1}.5", f"{team + 1}.5", f"account-{team}", tags)
                writer.writerow((cost, cost, cost, cost, *always, *used))
        for pool in range(POOLS):
            writer.writerow((*["1234.567"] * 4, *always, "Shared cluster", "744", "744", f"pool-{pool}", None))


if __name__ == "__main__":
    main()
