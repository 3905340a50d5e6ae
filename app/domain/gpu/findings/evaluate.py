"""All findings of a window."""

from app.domain.gpu.findings.jobs import job_findings
from app.domain.gpu.findings.nodes import node_findings
from app.domain.gpu.findings.rule import Found, Window
from app.domain.gpu.findings.workloads import workload_findings


def findings(window: Window) -> tuple[Found, ...]:
    """What the rules find, one for each rule and subject: of several, the one with the most to recover."""
    best: dict[tuple[str, str], Found] = {}
    for found in (*workload_findings(window), *node_findings(window), *job_findings(window)):
        key = found.rule, found.subject
        if key not in best or (found.capacity or 0) > (best[key].capacity or 0):
            best[key] = found
    return tuple(best[key] for key in sorted(best))
