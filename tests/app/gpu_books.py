"""GPU facts and waste that tests stand on, written straight into the tables that reports read."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db.tables.bills import Delivery, Source
from app.db.tables.gpu import GpuBoard, GpuHourFact, GpuNode, GpuOwner, GpuPrice, GpuWaste
from app.domain.gpu.minutes import WHOLE_HOUR
from app.domain.gpu.sample import WHOLE_BOARD
from app.domain.gpu.states import WasteState


class GpuBooks:
    """Writes boards, their hours and what became of them as booking and posting would."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._delivery: tuple[int, int] | None = None

    def node(self, name: str, **fields: Any) -> int:
        return self._found_or_made(GpuNode, {"name": name}, fields)

    def board(self, gpu_uuid: str, *, node: str | None = "node-a", model: str = "H100", memory: float = 81920) -> int:
        node_id = self.node(node) if node else None
        fields = {"accelerator": model, "model": f"NVIDIA {model}", "fb_total_mib": memory, "node_id": node_id}
        return self._found_or_made(GpuBoard, {"gpu_uuid": gpu_uuid}, fields)

    def owner(self, **fields: str) -> int:
        return self._found_or_made(GpuOwner, fields, {})

    def hour(
        self,
        at: str,
        board: str,
        *,
        node: str | None = "node-a",
        owner: dict[str, str] | None = None,
        instance: int = WHOLE_BOARD,
        observed: int = WHOLE_HOUR,
        active: int = 0,
        **measures: Any,
    ) -> None:
        """A fact of the hour that begins at `at`, such as 2026-03-05T08."""
        source, delivery = self._telemetry()
        self.session.execute(
            insert(GpuHourFact).values(
                source_id=source, delivery_id=delivery, hour=datetime.fromisoformat(at).replace(tzinfo=UTC),
                board_id=self.board(board, node=node), gpu_instance_id=instance, sample_count=observed.bit_count(),
                node_id=self.node(node) if node else None, owner_id=self.owner(**owner) if owner else None,
                observed=observed, active=active, suspect=0, unavailable=0,
                activity_source=measures.pop("activity_source", "sm_active"), **measures,
            )
        )  # fmt: skip

    def waste(
        self,
        day: date,
        state: WasteState,
        minutes: str,
        cost: str,
        *,
        team: str | None = None,
        board: str | None = "GPU-1",
        node: str | None = "node-a",
        owner: dict[str, str] | None = None,
        option: str = "on_demand",
        currency: str = "USD",
        capacity: str = "0",
        bill: str = "0",
        confidence: str | None = None,
        period: date | None = None,
        pool: str | None = None,
        model: str = "H100",
        resource: str | None = None,
    ) -> None:
        self.session.add(
            GpuWaste(
                billing_period_start=period or day.replace(day=1), day=day, state=state, team_id=team, pool_id=pool,
                node_id=self.node(node) if node else None, board_id=self.board(board, node=node) if board else None,
                owner_id=self.owner(**owner) if owner else None, accelerator=model, purchase_option=option,
                billing_currency=currency, board_minutes=Decimal(minutes), effective_cost=Decimal(cost),
                recoverable_capacity_cost=Decimal(capacity), recoverable_bill_cost=Decimal(bill),
                confidence=confidence, resource_id=resource,
            )
        )  # fmt: skip
        self.session.flush()

    def price(self, load: int, key: int, hour: datetime, cost: str) -> None:
        """What a charge key of a load came to in an hour."""
        self.session.add(
            GpuPrice(load_id=load, charge_key_id=key, hour=hour, is_daily=False, effective_cost=Decimal(cost))
        )
        self.session.flush()

    def _found_or_made(self, table: type[Any], key: dict[str, Any], fields: dict[str, Any]) -> int:
        wanted = [getattr(table, name).is_not_distinct_from(key.get(name)) for name in key]
        if table is GpuOwner:
            names = ("namespace", "pod", "container", "job_id", "user_name", "account", "team")
            wanted = [getattr(table, name).is_not_distinct_from(key.get(name)) for name in names]
        if (found := self.session.scalar(select(table.id).where(*wanted))) is not None:
            return int(found)
        made = table(**key, **fields)
        self.session.add(made)
        self.session.flush()
        return int(made.id)

    def _telemetry(self) -> tuple[int, int]:
        if self._delivery is None:
            source = Source(name="telemetry", kind="samples", config={})
            self.session.add(source)
            self.session.flush()
            delivery = Delivery(source_id=source.id, sha256="", format="samples", files=[], state="loaded")
            self.session.add(delivery)
            self.session.flush()
            self._delivery = (source.id, delivery.id)
        return self._delivery
