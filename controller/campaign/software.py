"""Which software this is: a campaign is continued, and shared with a cluster, only by the software it was begun with."""

import hashlib
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from controller.compiled.tree import runs_compiled, source_root

_GIT_S = 5.0


def software() -> dict[str, str | None]:
    """{"version", "commit"}; commit is None without git or outside of a checkout.

    Where files were changed since the commit, "+" and a digest of the changes follow (files that git does not know are left out).
    """
    try:
        release = version("ductoject")
    except PackageNotFoundError:
        release = "unknown"
    return {"version": release, "commit": _commit()}


def _commit() -> str | None:
    here = Path(__file__).resolve()
    if runs_compiled():
        here = source_root() / "controller" / "campaign" / here.name
    revision = _git("rev-parse", "--short=12", "HEAD", cwd=here.parent)
    if not revision or _git("ls-files", "--error-unmatch", here.name, cwd=here.parent) is None:
        return None
    changes = _git("diff", "HEAD", "--no-ext-diff", cwd=here.parent)
    return revision + (f"+{hashlib.sha256(changes.encode()).hexdigest()[:8]}" if changes else "")


def _git(*arguments: str, cwd: Path) -> str | None:
    """What git prints, None if there is no git or it objects."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=cwd, capture_output=True, text=True, errors="replace", timeout=_GIT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def sentence(of: dict[str, str | None]) -> str:
    """ "version 0.1.0 (commit 0123456789ab)"."""
    return f"version {of.get('version')}" + (f" (commit {of['commit']})" if of.get("commit") else "")
