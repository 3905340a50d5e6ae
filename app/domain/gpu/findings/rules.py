"""The rules of GPU findings, with their thresholds and when they are wrong.

Sources of thresholds: notebooks and idle limits as Run:ai, Alibaba PAI DSW and Princeton's job_defense_shield set them;
late failures after the Acme and Philly traces, in which most jobs that fail do so early and cost little.
"""

from app.domain.gpu.findings.rule import FindingRule

WINDOW_DAYS = 14  # that rules look back
QUIET_DAYS = 3  # days without it after which a finding is gone

IDLE_NOTEBOOK = FindingRule(
    "idle_notebook",
    "Idle notebook",
    "An interactive session holds GPUs and does nothing with them.",
    "Cull the session after the idle threshold, or move it to a MIG instance or a shared board.",
    {"idle_hours": 12, "idle_share": 0.5},
    ("Somebody works in it in bursts, with long pauses.", "It waits for data that arrives on a schedule."),
)
HELD_MODEL = FindingRule(
    "held_model",
    "Held model or idle workload",
    "A workload keeps its GPUs, often with a model in memory, through hours without a request.",
    "Scale to zero or to fewer replicas when there is no traffic, or share a board between models.",
    {"idle_hours": 24, "idle_share": 0.5},
    ("A hot standby that must answer at once.", "Traffic that comes on few days of the month."),
)
FORGOTTEN_NODE = FindingRule(
    "forgotten_node",
    "Forgotten node",
    "A node runs, and nobody has had a GPU of it for days.",
    "Remove the node, or let the autoscaler do so; release the reservation if nothing else uses it.",
    {"share": 0.95, "days": 3},
    ("A spare that is kept for failures.", "A node that is being set up.", "Capacity that is held for a launch."),
)
OVERSIZED_GPU = FindingRule(
    "oversized_gpu",
    "Larger GPU than the work needs",
    "A workload never uses more than part of the memory and speed of its GPUs.",
    "Move it to the smaller GPU that is named, or to a MIG instance of this one.",
    {"observed_hours": 24, "memory_share": 0.4, "activity": 0.5, "memory_headroom": 1.2, "saving_share": 0.2},
    ("Peaks that come less often than the window is long.", "Latency that only the larger GPU reaches."),
)
STARVED_TRAINING = FindingRule(
    "starved_training",
    "Training that waits for its input",
    "GPUs work in bursts and wait in between: the processor, the data loader or the storage is too slow.",
    "Use more loader workers, prefetch and cache the data, move decoding to the GPU, raise the batch size.",
    {"inefficient_hours": 8, "activity_avg": 0.3, "activity_max": 0.7, "dram_avg": 0.3},
    ("Interactive work, whose pauses are a person's.", "Reinforcement learning, whose environments run on processors."),
)
LATE_FAILURE = FindingRule(
    "late_failure",
    "Jobs that fail late",
    "Jobs run for hours, fail, and lose what they have done.",
    "Write checkpoints more often, resume from them, and check inputs, memory and limits before the long part.",
    {"ran_hours": 2, "lost_gpu_hours": 16},
    ("The job keeps its results outside of checkpoints that we know of.", "It is ended by its time limit on purpose."),
)
SUSPECTED_HANG = FindingRule(
    "suspected_hang",
    "Suspected hang",
    "GPUs say that they are busy, draw hardly more than idle power, and do no matrix work: a deadlock, or polling.",
    "Look at the processes (stack traces, NCCL logs), end the job, and set a watchdog on collective operations.",
    {"busy_hours": 3, "watts_over_idle": 1.6},
    ("Work that uses few units at a time, such as some simulations.",),
)
FRAGMENTATION = FindingRule(
    "fragmentation",
    "Free GPUs scattered over nodes",
    "Boards lie free on nodes that are partly used, so that together they would make whole nodes.",
    "Pack workloads on fewer nodes, or let the scheduler defragment: then larger jobs fit, and nodes can go.",
    {"nodes": 2, "free_hours": 48},
    ("MIG layouts that leave a rest.", "Workloads that are kept apart on purpose."),
)
TELEMETRY_GAP = FindingRule(
    "telemetry_gap",
    "GPUs that nobody can see",
    "Paid GPU-hours have no telemetry, or telemetry that cannot be believed, so nothing can be said of them.",
    "Install or restart the exporter on the node, and end what takes its profiling counters.",
    {"share": 0.2, "hours": 24},
    ("A node that was just started.", "Telemetry that is delivered later than the bill."),
)
RULES = (
    *(IDLE_NOTEBOOK, HELD_MODEL, FORGOTTEN_NODE, OVERSIZED_GPU, STARVED_TRAINING),
    *(LATE_FAILURE, SUSPECTED_HANG, FRAGMENTATION, TELEMETRY_GAP),
)
RULE_OF = {rule.name: rule for rule in RULES}
