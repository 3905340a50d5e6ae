"""Node maps taken in: all or nothing, once, and with what became of the GPU time worked out anew."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.actions.gpu_nodes import ImportedNodes, import_node_map
from app.chargeback.gpu_waste import post_waste
from app.db.gpu_nodes import match_nodes
from app.db.queries.dataset import dataset_version
from app.db.queries.gpu_prices import gpu_cost
from app.db.session import read_session, write_session
from app.db.tables.access import AuditEntry
from app.db.tables.bills import Delivery, Source
from app.db.tables.gpu import GpuBoard, GpuHourFact, GpuNode, GpuNodeSpan, GpuWaste
from app.domain.gpu.minutes import WHOLE_HOUR
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, NotAllowed
from app.reports.gpu_nodes import gpu_nodes
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

MAP = "node,resource_id,from,to,boards,instance_type\ngpu01,i-1,,2026-03-05,8,p5.48xlarge\ngpu01,i-2,2026-03-05,,,\n"


def test_a_map_is_kept_once_and_again_changes_nothing(session: Session) -> None:
    session.add(GpuNode(name="gpu01"))
    session.flush()
    before = dataset_version(session)
    imported = import_node_map(session, operator(), f"{MAP}new,i-9,,,,\n", "n.csv")
    assert imported == ImportedNodes(2, ("new",), ("gpu01",))
    assert dataset_version(session) == before + 1
    again = import_node_map(session, operator(), f"{MAP}new,i-9,,,,\n", "n.csv")
    assert (again, again.unchanged) == (ImportedNodes(2, (), ()), 2)
    assert dataset_version(session) == before + 1
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "gpu.nodes.import"))
    assert (entry.target, entry.details["added"], entry.details["changed"]) == ("n.csv", ["new"], ["gpu01"])
    node, _ = gpu_nodes(session, operator())
    moment = datetime(2026, 3, 5, tzinfo=UTC)
    assert [(each.resource_id, each.starts_at, each.ends_at) for each in node.mapped] == [
        ("i-1", None, moment),
        ("i-2", moment, None),
    ]
    assert (node.boards, node.instance_type, node.is_billed) == (8, "p5.48xlarge", True)


def test_a_later_map_takes_the_place_of_what_an_earlier_one_said_of_its_nodes_alone(session: Session) -> None:
    import_node_map(session, operator(), f"{MAP}gpu02,i-3,,,,\n", "n.csv")
    imported = import_node_map(session, operator(), "node,resource_id\ngpu01,i-7\n", "n.csv")
    assert imported.changed == ("gpu01",)
    spans = session.execute(
        select(GpuNode.name, GpuNodeSpan.resource_id)
        .join(GpuNode, GpuNode.id == GpuNodeSpan.node_id)
        .order_by(GpuNode.name)
    ).all()
    assert [tuple(each) for each in spans] == [("gpu01", "i-7"), ("gpu02", "i-3")]


def test_what_an_inventory_says_of_a_node_stays(session: Session) -> None:
    node = GpuNode(name="gpu01")
    source = Source(name="slurm", kind="sinfo", config={})
    session.add_all([node, source])
    session.flush()
    session.add(GpuNodeSpan(node_id=node.id, source_id=source.id, kind="down", reason="drained"))
    session.flush()
    import_node_map(session, operator(), MAP, "n.csv")
    assert sorted(session.scalars(select(GpuNodeSpan.kind))) == ["down", "resource", "resource"]


def test_with_one_bad_row_nothing_is_taken_in(session: Session) -> None:
    with pytest.raises(BadInput, match="row 4"):
        import_node_map(session, operator(), f"{MAP}x,i-1,soon,,,\n", "n.csv")
    assert not session.scalars(select(GpuNode)).all()


@pytest.mark.parametrize(
    "viewer",
    [
        Viewer("reader", frozenset({Scope.READ_COSTS})),
        Viewer("team", frozenset({Scope.WRITE_INGEST}), frozenset({"t"})),
    ],
)
def test_a_map_is_taken_in_for_everybody_or_not_at_all(session: Session, viewer: Viewer) -> None:
    with pytest.raises(NotAllowed):
        import_node_map(session, viewer, MAP, "n.csv")
    with pytest.raises(NotAllowed):
        gpu_nodes(session, Viewer("team", frozenset({Scope.READ_COSTS}), frozenset({"t"})))


P5 = {"SkuMeter": "BoxUsage:p5.48xlarge", "ConsumedQuantity": "1", "ConsumedUnit": "Hours"}


def seen(session: Session, *nodes: GpuNode) -> None:
    """A board on each node that worked for the whole first hour of 2 March 2026."""
    source = Source(name="telemetry", kind="samples", config={})
    session.add(source)
    session.flush()
    delivery = Delivery(source_id=source.id, sha256="", format="samples", files=[], state="loaded")
    session.add_all([delivery, *nodes])
    session.flush()
    for node in nodes:
        board = GpuBoard(gpu_uuid=f"GPU-{node.name}", node_id=node.id)
        session.add(board)
        session.flush()
        session.add(
            GpuHourFact(
                source_id=source.id,
                delivery_id=delivery.id,
                hour=datetime(2026, 3, 2, tzinfo=UTC),
                board_id=board.id,
                gpu_instance_id=-1,
                node_id=node.id,
                sample_count=60,
                observed=WHOLE_HOUR,
                active=WHOLE_HOUR,
            )
        )
    session.flush()


def test_nodes_find_their_resources_and_a_map_moves_their_cost(trueup: Trueup, tmp_path: Path) -> None:
    rows = [focus_row("8", ResourceId="i-0123456789abcdef0", **P5), focus_row("80", ResourceId="i-2", **P5)]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    known = GpuNode(name="known", provider_id="aws:///us-east-1a/i-0123456789abcdef0")
    with write_session(trueup.engine) as session:
        seen(session, known, GpuNode(name="ip-10-0-0-1.ec2.internal"))
        assert match_nodes(session, [date(2026, 3, 1)]) == 1
        assert match_nodes(session, [date(2026, 3, 1)]) == 0
        assert match_nodes(session, [date(2026, 4, 1)]) == 0
    with read_session(trueup.engine) as session:
        (left,) = gpu_nodes(session, operator(), unbilled_only=True)
        assert left.name == "ip-10-0-0-1.ec2.internal"
    with write_session(trueup.engine) as session:
        import_node_map(session, operator(), "node,resource_id\nip-10-0-0-1.ec2.internal,i-2\n", "n.csv")
    with read_session(trueup.engine) as session:
        found = session.execute(
            select(GpuNode.name, GpuWaste.effective_cost)
            .join(GpuNode, GpuNode.id == GpuWaste.node_id)
            .where(GpuWaste.board_id.is_not(None))
            .order_by(GpuNode.name)
        )
        assert {row.name: row.effective_cost for row in found} == {
            "ip-10-0-0-1.ec2.internal": Decimal(10),  # of eight boards one was seen
            "known": Decimal(1),
        }
        assert session.scalar(text("SELECT sum(effective_cost) FROM gpu_waste")) == 88


def test_a_node_that_no_bill_has_costs_its_boards_by_list_price_and_is_marked_so(session: Session) -> None:
    seen(session, GpuNode(name="lab"))
    (board,) = session.scalars(select(GpuBoard))
    board.accelerator = "H100-SXM5-80GB"
    session.flush()
    post_waste(session, [date(2026, 3, 1)])
    (row,) = session.scalars(select(GpuWaste))
    assert (row.purchase_option, row.effective_cost, row.billing_currency) == ("catalogue", Decimal("6.88"), "USD")
    assert gpu_cost(session, date(2026, 3, 1)) == []
