"""The columns of `gpu_hours`, the table that hourly facts are booked from."""

TABLE = "gpu_hours"
OWNER_COLUMNS = ("namespace", "pod", "container", "job_id", "user_name", "account", "team")
# Averages and maxima that are kept, and the sample's column that each is taken from.
MEASURES = {
    "gpu_util": "gpu_util_percent",
    "tensor_active": "tensor_active_ratio",
    "dram_active": "dram_active_ratio",
    "fb_used_mib": "fb_used_mib",
    "power_watts": "power_watts",
}
FACT_COLUMNS = {
    "sample_count": "INTEGER",
    "observed": "BIGINT",
    "active": "BIGINT",
    "suspect": "BIGINT",
    "unavailable": "BIGINT",
    "activity_source": "VARCHAR",
    **{f"{name}_{part}": "DOUBLE" for name in ("activity", *MEASURES) for part in ("avg", "max")},
    "energy_mj": "DOUBLE",
}
HOUR_TYPES = {
    "hour": "TIMESTAMPTZ",
    "gpu_uuid": "VARCHAR",
    "gpu_instance_id": "SMALLINT",
    "mig_profile": "VARCHAR",
    "hostname": "VARCHAR",
    "model": "VARCHAR",
    "fb_total_mib": "DOUBLE",
    **dict.fromkeys(OWNER_COLUMNS, "VARCHAR"),
    **FACT_COLUMNS,
}
HOUR_COLUMNS = tuple(HOUR_TYPES)
