"""What rows about GPUs are grouped and filtered by, as SQL; tables are joined where they are asked for."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, func

from app.db.tables.gpu import GpuBoard, GpuHourFact, GpuNode, GpuOwner, GpuWaste


def workload() -> ColumnElement[str | None]:
    """Whose a workload is, in a few words: `namespace/pod`, else `job 123`, else user, account or team."""
    pod = GpuOwner.namespace + "/" + GpuOwner.pod
    job = "job " + GpuOwner.job_id
    return func.coalesce(pod, job, GpuOwner.namespace, GpuOwner.user_name, GpuOwner.account, GpuOwner.team)


def of_waste() -> Mapping[str, ColumnElement[Any]]:
    """The dimensions of paid board-minutes."""
    return {
        "state": GpuWaste.state.expression,
        "day": func.to_char(GpuWaste.day, "YYYY-MM-DD"),
        "billing_period": func.to_char(GpuWaste.billing_period_start, "YYYY-MM"),
        "team": GpuWaste.team_id.expression,
        "pool": GpuWaste.pool_id.expression,
        "purchase_option": GpuWaste.purchase_option.expression,
        "resource_id": GpuWaste.resource_id.expression,
        "model": func.coalesce(GpuWaste.accelerator, GpuBoard.accelerator, GpuBoard.model),
        **_joined(),
    }


def of_facts(team: ColumnElement[Any]) -> Mapping[str, ColumnElement[Any]]:
    """The dimensions of hourly facts; `team` is whose they are as posting found it."""
    return {
        "model": func.coalesce(GpuBoard.accelerator, GpuBoard.model),
        "team": team,
        "mig_profile": GpuHourFact.mig_profile.expression,
        "activity_source": GpuHourFact.activity_source.expression,
        **_joined(),
    }


def with_names(statement: Select[Any], table: type[GpuWaste | GpuHourFact], asked: Collection[str]) -> Select[Any]:
    """`statement` with the tables joined that the dimensions `asked` stand in."""
    if "node" in asked:
        statement = statement.outerjoin(GpuNode, GpuNode.id == table.node_id)
    if {"board", "model"} & set(asked):
        statement = statement.outerjoin(GpuBoard, GpuBoard.id == table.board_id)
    if {"owner", "namespace"} & set(asked):
        statement = statement.outerjoin(GpuOwner, GpuOwner.id == table.owner_id)
    return statement


def _joined() -> dict[str, ColumnElement[Any]]:
    return {
        "node": GpuNode.name.expression,
        "board": GpuBoard.gpu_uuid.expression,
        "owner": workload(),
        "namespace": GpuOwner.namespace.expression,
    }
