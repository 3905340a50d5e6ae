"""File names made from the ids of teams: safe on every file system, and no two alike."""

import hashlib
import re

UNALLOCATED = "_unallocated"  # no name below starts so
_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_UNSAFE = re.compile(r"[^a-z0-9_-]+")
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: names that Windows keeps for devices
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


def file_name(team_id: str | None) -> str:
    """What the files of a team are called, without ending; without a team, those of what nobody owes.

    It depends on the id alone, so a team's files are called the same every month. An id in lower case letters, digits
    and dashes is its own name. Any other loses what a file system may not take, or may take for the same, and gets a
    part of its SHA-256 instead.
    """
    if team_id is None:
        return UNALLOCATED
    if _SAFE.fullmatch(team_id) and team_id not in _DEVICES:
        return team_id
    readable = _UNSAFE.sub("-", team_id.lower())[:40].strip("-_") or "team"
    return f"{readable}~{hashlib.sha256(team_id.encode()).hexdigest()[:12]}"
