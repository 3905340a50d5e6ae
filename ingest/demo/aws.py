"""The demo company's AWS account: training, fine-tuning, most of serving, and the forgotten V100s.

The company has a private price of 6 % under list on everything.
"""

from collections.abc import Callable
from decimal import Decimal
from hashlib import blake2b

from ingest.demo.aws_offers import (
    BUCKET,
    CONTROL_PLANE,
    EGRESS,
    EKS_NODE,
    EMR_NODE,
    G4,
    G4_SMALL,
    G5,
    G6E,
    LOGS,
    LUSTRE,
    M6I,
    NAT,
    P3,
    P3_SMALL,
    P4DE,
    P5,
    P5EN,
    P6,
    SEARCH_NODE,
    SUPPORT,
    SUPPORT_PLAN,
)
from ingest.demo.commitment import Commitment
from ingest.demo.curves import on_workdays, per_month, steady, stepping
from ingest.demo.estate import Credit, Estate, Refund, Tax, Workload
from ingest.demo.fleet import fleet, single, tags
from ingest.demo.issuer import Issuer
from ingest.demo.offer import Account, Offer, Place, Resource
from ingest.demo.story import RUN_FIRST, RUN_LAST, lora_adopted, office_hours, serving, training_run

ISSUER = Issuer(
    provider="AWS",
    company="Amazon Web Services, Inc.",
    account_id="400100200300",
    account_name="Acme AI",
    account_type="Management account",
    currency="USD",
    contracted=Decimal("0.94"),
    invoice_prefix="AWS",
)

VIRGINIA = Place("us-east-1", "US East (N. Virginia)", "us-east-1a")
OREGON = Place("us-west-2", "US West (Oregon)", "us-west-2b")
EVERYWHERE = Place("us-east-1", "US East (N. Virginia)")

ACCOUNTS = {
    name: Account(str(400100200301 + number), f"acme-{name}", "Member account")
    for number, name in enumerate(
        ("pretraining", "finetuning", "inference", "search", "speech", "data", "sandbox", "shared", "legacy")
    )
}


def estate() -> Estate:
    """All of it, in the order in which savings plans cover it."""
    return Estate(
        issuer=ISSUER,
        workloads=(*_training(), *_serving(), *_products(), *_sandbox(), *_shared()),
        quantum=Decimal("0.000001"),
        commitments=(PRETRAINING_PLAN, *_serving_plans()),
        fees=(Resource(None, None, SUPPORT_PLAN, ACCOUNTS["shared"]),),
        credits=(
            Credit(9, Decimal(25000), "AWS Activate credit"),
            Credit(1, Decimal("18400.37"), "Service credit for a capacity interruption in us-west-2"),
        ),
        refunds=(
            Refund(
                used=RUN_FIRST,
                invoiced=RUN_LAST,
                resource_name="atlas-h100-20",
                share=Decimal("0.35"),
                description="Refund: node with failing NVLink",
            ),
        ),
        tax=Tax(Decimal("0.08875"), "Sales tax on support", frozenset({SUPPORT.name})),
    )


def _node(offer: Offer, team: str, project: str, name: str, env: str = "prod") -> Callable[[int], Resource]:
    """How to make the nodes of a tagged fleet, each in its team's account."""
    account = ACCOUNTS[team]
    return lambda number: _instance(offer, account, f"{name}-{number:02}", tagged=dict(tags(team, project, env)))


def _instance(offer: Offer, account: Account, name: str, tagged: dict[str, str] | None) -> Resource:
    place = OREGON if offer in (P5, P6) else VIRGINIA
    hexadecimal = blake2b(f"{account.id}/{name}".encode(), digest_size=9).hexdigest()[:17]
    arn = f"arn:aws:ec2:{place.region_id}:{account.id}:instance/i-{hexadecimal}"
    return Resource(arn, name, offer, account, place, tagged)


def _thing(offer: Offer, team: str, kind: str, name: str, project: str | None) -> Resource:
    account = ACCOUNTS[team]
    tagged = tags(team, project) if project else None
    service = kind.split("/", maxsplit=1)[0]
    prefix = f"arn:aws:{service}:{EVERYWHERE.region_id}:{account.id}:{kind.removeprefix(service + '/')}"
    return Resource(f"{prefix}/{name}", name, offer, account, EVERYWHERE, tagged)


PRETRAINING_PLAN = Commitment(
    id="arn:aws:savingsplans::400100200301:savingsplan/sp-pretraining-h100",
    name="sp-pretraining-h100",
    type="Savings Plan",
    category="Spend",
    covers=P5,
    nodes=12,
    hourly_rate=Decimal("36.3264"),
    bought=RUN_FIRST,
    upfront=False,
    account=ACCOUNTS["pretraining"],
    place=OREGON,
    currency="USD",
)


def _serving_plans() -> tuple[Commitment, ...]:
    """A plan paid upfront thirteen months ago, and the larger one that followed when its year was over."""
    return tuple(
        Commitment(
            id=f"arn:aws:savingsplans::400100200303:savingsplan/{name}",
            name=name,
            type="Savings Plan",
            category="Spend",
            covers=G6E,
            nodes=nodes,
            hourly_rate=Decimal("6.610363"),
            bought=bought,
            upfront=True,
            account=ACCOUNTS["inference"],
            place=VIRGINIA,
            currency="USD",
        )
        for name, nodes, bought in (("sp-inference-first", 10, 13), ("sp-inference-second", 12, 1))
    )


def _training() -> tuple[Workload, ...]:
    ablations = _node(P5, "pretraining", "ablations", "ablation-h100", "dev")
    tuning = _node(P4DE, "finetuning", "assistant", "tuning-a100")
    sweeps = _node(G5, "finetuning", "sweeps", "sweep-a10g", "dev")
    return (
        *fleet(_node(P5, "pretraining", "atlas", "atlas-h100"), training_run(26, otherwise=4), most=26),
        *fleet(_node(P6, "pretraining", "atlas-next", "atlas-b200", "dev"), stepping(0, 2, months_ago=1), most=2),
        *fleet(ablations, training_run(3), most=3, slack="0.3", spot=True),
        *fleet(tuning, lora_adopted(10), most=10, slack="0.04"),
        *fleet(sweeps, lora_adopted(5), most=5, slack="0.3", spot=True),
        single(
            _thing(LUSTRE, "pretraining", "fsx/file-system", "fs-atlas", "atlas"),
            per_month(training_run(240000, otherwise=60000)),
            slack="0",
        ),
        single(
            _thing(BUCKET, "pretraining", "s3/bucket", "acme-checkpoints", "atlas"),
            per_month(steady(820000)),
            slack="0.01",
        ),
        single(
            _thing(BUCKET, "finetuning", "s3/bucket", "acme-adapters", "assistant"),
            per_month(lora_adopted(150000)),
            slack="0.01",
        ),
    )


def _serving() -> tuple[Workload, ...]:
    return (
        *fleet(_node(G6E, "inference", "gateway", "serve-l40s"), serving(14), most=25, slack="0.01"),
        *fleet(_node(P5EN, "inference", "large-models", "serve-h200"), serving(2), most=4, slack="0.01"),
        single(
            _thing(BUCKET, "inference", "s3/bucket", "acme-weights", "gateway"), per_month(steady(90000)), slack="0.01"
        ),
    )


def _products() -> tuple[Workload, ...]:
    return (
        *fleet(_node(G4, "search", "embeddings", "embed-t4"), steady(5), most=5),
        *fleet(
            lambda number: _thing(SEARCH_NODE, "search", "es/domain", f"catalog-{number}", "catalog"),
            steady(4),
            most=4,
            slack="0",
        ),
        *fleet(_node(G5, "speech", "voices", "voice-a10g"), steady(3), most=3),
        *fleet(
            lambda number: _thing(EMR_NODE, "data", "elasticmapreduce/cluster", f"crawl-{number:02}", "crawl"),
            on_workdays(14, weekend=9),
            most=14,
            slack="0.05",
        ),
        *(
            single(_thing(BUCKET, "data", "s3/bucket", name, "corpus"), per_month(steady(size)), slack="0.01")
            for name, size in (
                ("acme-corpus-raw", 2600000),
                ("acme-corpus-clean", 1100000),
                ("acme-corpus-audio", 700000),
            )
        ),
    )


def _sandbox() -> tuple[Workload, ...]:
    """The research sandbox's tagged machines, and the V100s in an old account that nobody tagged or remembers."""
    legacy = ACCOUNTS["legacy"]
    return (
        *fleet(_node(G4_SMALL, "sandbox", "notebooks", "notebook-t4", "dev"), office_hours(7), most=7, slack="0.4"),
        *fleet(_node(P4DE, "sandbox", "explore", "explore-a100", "dev"), steady(1), most=1, slack="0.2"),
        *fleet(lambda number: _instance(P3, legacy, f"old-v100-{number}", tagged=None), steady(3), most=3, slack="0"),
        *fleet(lambda number: _instance(P3_SMALL, legacy, f"test-{number}", tagged=None), steady(4), most=4, slack="0"),
        single(
            Resource(f"arn:aws:s3:::{legacy.name}-dump", f"{legacy.name}-dump", BUCKET, legacy, EVERYWHERE),
            per_month(steady(310000)),
            slack="0",
        ),
    )


def _shared() -> tuple[Workload, ...]:
    clusters = ("shared-prod", "shared-dev")
    return (
        *(
            single(_thing(CONTROL_PLANE, "shared", "eks/cluster", name, None), steady(24), slack="0")
            for name in clusters
        ),
        *(
            single(_thing(EKS_NODE, "shared", "eks/cluster", name, None), steady(nodes * 24), slack="0.08")
            for name, nodes in zip(clusters, (22, 6), strict=True)
        ),
        *fleet(
            lambda number: _instance(M6I, ACCOUNTS["shared"], f"bastion-{number}", {"env": "prod"}),
            steady(2),
            most=2,
            slack="0",
        ),
        *(
            single(_thing(NAT, "shared", "ec2/natgateway", name, None), steady(size), slack="0.3")
            for name, size in (("nat-prod", 14000), ("nat-dev", 3800))
        ),
        single(_thing(EGRESS, "shared", "ec2/internet-gateway", "igw-prod", None), serving(9000), slack="0.2"),
        *(
            single(_thing(LOGS, "shared", "logs/log-group", name, None), steady(size), slack="0.2")
            for name, size in (("prod", 1500), ("dev", 300))
        ),
    )
