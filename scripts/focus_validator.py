"""Puts the official FOCUS validator where the tests look for it, in a virtual environment of its own.

Usage: .venv/bin/python scripts/focus_validator.py

It needs a Python 3.12 on this machine, beside the one that Trueup runs on; without one, nothing happens and the test
that asks the validator says why it was skipped.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv" / "focus-validator"
VALIDATOR = ENVIRONMENT / "bin" / "focus-validator"
LOCK = ROOT / "requirements" / "focus-validator.txt"


def _candidates() -> Iterator[Path]:
    on_path = shutil.which("python3.12")
    if on_path:
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob("versions/3.12*/bin/python"), reverse=True)
    yield from sorted((Path.home() / ".local/share/uv/python").glob("cpython-3.12*/bin/python3.12"), reverse=True)


def python() -> Path | None:
    """A Python 3.12 that works: the shim of a version manager may stand for none."""
    asked = ("-c", "import sys, venv; sys.exit(sys.version_info[:2] != (3, 12))")
    for each in _candidates():
        if subprocess.run((each, *asked), stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0:
            return each
    return None


def validator() -> Path | None:
    """The validator, installed if a Python for it is found; None where there is none, or its packages are not."""
    if VALIDATOR.exists():
        return VALIDATOR
    found = python()
    uv = ROOT / ".venv" / "bin" / "uv"
    if not found or not uv.exists():
        return None
    target = ("--python", str(ENVIRONMENT / "bin" / "python"))
    for words in (("venv", "--quiet", "--clear", "--python", str(found), str(ENVIRONMENT)),
                  ("pip", "install", "--quiet", *target, "--require-hashes", "-r", str(LOCK))):  # fmt: skip
        if subprocess.run((uv, *words), stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode:
            return None
    return VALIDATOR if VALIDATOR.exists() else None


if __name__ == "__main__":
    sys.exit(
        None if validator() else "No Python 3.12 here, or no way to its packages: the FOCUS validator is left out."
    )
