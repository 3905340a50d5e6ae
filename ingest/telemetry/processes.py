"""Whose a process of this machine is: the job of a scheduler that it belongs to, and the user it runs as."""

import pwd
from pathlib import Path

_PROC = Path("/proc")
# Slurm sets its own for every process of a job; Kubernetes does where the pod's template asks for it (downward API).
_VARIABLES = {
    "SLURM_JOB_ID": "job_id",
    "SLURM_JOB_ACCOUNT": "account",
    "POD_NAMESPACE": "namespace",
    "POD_NAME": "pod",
}


def owner_of(process_id: int, proc: Path = _PROC) -> dict[str, str]:
    """The owner of a process, in columns of samples; what this user may not look at is left out."""
    folder = proc / str(process_id)
    found: dict[str, str] = {}
    try:
        found["user_name"] = _user(folder.stat().st_uid)
        variables = dict(
            each.split("=", 1) for each in (folder / "environ").read_text(errors="replace").split("\0") if "=" in each
        )
    except OSError:  # it has ended, or is another user's
        return found
    return found | {column: variables[name] for name, column in _VARIABLES.items() if variables.get(name)}


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
