"""Runs the tests, after seeing to what they need and pip cannot bring: a browser, an older PostgreSQL, a Prometheus.

Usage: .venv/bin/python scripts/test.py [PYTEST ARGUMENTS]

Root on Debian gets what is missing from apt. Anyone else tests with what is there, and reads which tests that leaves
out. The tests learn what was found from TRUEUP_CHROMIUM, TRUEUP_DEBIAN_POSTGRES and TRUEUP_PROMETHEUS; set any to
choose for yourself.
With CI set nothing may be left out: TRUEUP_NO_SKIPS=1 makes a skipped test fail the run.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")


@dataclass(frozen=True)
class Part:
    """Something of the system's that a group of tests needs."""

    name: str
    variable: str
    find: Callable[[], str | None]
    packages: tuple[str, ...]
    without: str

    def found(self) -> str | None:
        """Where it is, as chosen or as found."""
        return os.environ.get(self.variable) or self.find()


def chromium() -> str | None:
    """A Chromium to drive."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def prometheus() -> str | None:
    """A Prometheus, with promtool beside it."""
    found = shutil.which("prometheus")
    return found if found and Path(found).with_name("promtool").exists() else None


def debian_postgres() -> str | None:
    """The programs of Debian 12's PostgreSQL, the oldest version that Trueup supports."""
    return str(POSTGRES_15) if (POSTGRES_15 / "initdb").exists() else None


PARTS = (
    Part("chromium", "TRUEUP_CHROMIUM", chromium, ("chromium", "fonts-liberation"), "browser journeys"),
    Part("PostgreSQL 15", "TRUEUP_DEBIAN_POSTGRES", debian_postgres, ("postgresql-15",), "tests on PostgreSQL 15"),
    Part("Prometheus", "TRUEUP_PROMETHEUS", prometheus, ("prometheus",), "tests that pull from a Prometheus"),
)


def in_ci() -> bool:
    """Whether a CI service runs this, by the variable that they all set."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def install(packages: list[str]) -> None:
    """Installs Debian packages; a failure shows later, as a part still missing."""
    print(f"test: installing {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0")
    for command in ((*apt, "update"), (*apt, "install", "-y", "--no-install-recommends", *packages)):
        # apt's chatter goes to stderr, where it cannot be taken for a test's outcome.
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)


def main() -> None:
    """Finds or installs each part, then turns into pytest."""
    missing = [part for part in PARTS if not part.found()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        install([package for part in missing for package in part.packages])
    for part in PARTS:
        place = part.found()
        hint = f"apt install {part.packages[0]}"
        if place:
            os.environ[part.variable] = place
        elif in_ci():
            sys.exit(f"test: no {part.name}, and in CI no test may be skipped ({hint})")
        else:
            print(f"test: no {part.name}: {part.without} will be skipped ({hint})", flush=True)
    if in_ci():
        os.environ["TRUEUP_NO_SKIPS"] = "1"
        # Welcome where it can be had, and no fault where not: most machines have one Python.
        subprocess.run((sys.executable, ROOT / "scripts" / "focus_validator.py"), stdout=sys.stderr, check=False)

    # Recorded bills and telemetry kept beside the project, where there are any.
    samples = ROOT.parent / "shared"
    if samples.is_dir():
        os.environ.setdefault("TRUEUP_SHARED", str(samples))
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[1:]])


if __name__ == "__main__":
    main()
