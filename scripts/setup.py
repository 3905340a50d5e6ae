"""Builds `.venv`: the locked dependencies, each checked against its hash, and Trueup itself.

Usage: python3 scripts/setup.py [--dev]

Runs on a bare Python. What it did is remembered in `.venv/.trueup`, so that it returns at once until a lock,
`pyproject.toml` or the place of this folder changes. A virtual environment that has the tests' tools keeps them.
"""

import argparse
import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".trueup"
PYTHON = VENV / "bin" / "python"


def fingerprint(lock: str) -> str:
    """What an up-to-date environment made from `lock` is recognised by."""
    digest = hashlib.sha256(f"{ROOT}\n{sys.version_info[:2]}\n".encode())
    for path in ("pyproject.toml", "requirements/build.txt", f"requirements/{lock}.txt", "scripts/setup.py"):
        digest.update((ROOT / path).read_bytes())
    return f"{lock} {digest.hexdigest()}"


def usable() -> bool:
    """Whether `.venv` works, and was made in this very place: its scripts hold its path."""
    about = VENV / "pyvenv.cfg"
    if not PYTHON.exists() or not about.exists() or f"venv {VENV}\n" not in about.read_text().replace("--clear ", ""):
        return False
    return subprocess.run((PYTHON, "-m", "pip", "--version"), stdout=subprocess.DEVNULL, check=False).returncode == 0


def step(says: str, *command: str | Path) -> None:
    """Runs one command, quiet unless it fails."""
    print(f"setup: {says}", flush=True)
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        sys.exit(f"setup: this failed: {' '.join(map(str, command))}")


def build(lock: str) -> None:
    """Makes or mends `.venv` from `requirements/<lock>.txt`."""
    STAMP.unlink(missing_ok=True)
    if not usable():
        step(f"a new .venv with Python {sys.version.split()[0]}", sys.executable, "-m", "venv", "--clear", VENV)
    pip = (PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--require-hashes")
    step("uv and the build tools", *pip, "-r", "requirements/build.txt")
    uv = (VENV / "bin" / "uv", "pip")
    locks = (f"requirements/{lock}.txt", "requirements/build.txt")
    step(f"dependencies from {locks[0]}", *uv, "sync", "--quiet", "--python", PYTHON, "--require-hashes", *locks)
    own = ("--no-deps", "--no-build-isolation", "--editable", ".")
    step("trueup itself", *uv, "install", "--quiet", "--python", PYTHON, *own)
    STAMP.write_text(fingerprint(lock))


def main() -> None:
    """Brings `.venv` up to date, if it is not."""
    parser = argparse.ArgumentParser(description="Build .venv from the locks.")
    parser.add_argument("--dev", action="store_true", help="with what the tests and the linters need")
    wants_dev = parser.parse_args().dev

    has_dev = (VENV / "bin" / "pytest").exists()
    done = STAMP.read_text() if STAMP.exists() and PYTHON.exists() else ""
    if done == fingerprint("dev") or (not wants_dev and done == fingerprint("base")):
        return
    build("dev" if wants_dev or has_dev else "base")
    print("setup: done; .venv/bin/trueup --help says what it can do", flush=True)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  (this is where a person with an older Python finds out)
        sys.exit(f"Trueup needs Python 3.11 or newer, not {sys.version.split()[0]}. Try: make setup PYTHON=python3.11")
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        sys.exit("This Python cannot make virtual environments. On Debian: apt install python3-venv")
    main()
