"""What this software is called: another commit, or another change on top of it, is other software."""

import subprocess
from pathlib import Path

import pytest

from controller.campaign import software as module
from controller.campaign.software import sentence, software


def git(*words: str, cwd: Path) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=cwd, check=True, capture_output=True)


def test_commits_and_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "software.py"
    file.write_text("one\n")
    monkeypatch.setattr(module, "__file__", str(file))
    assert software()["commit"] is None, "no checkout"
    git("init", "-q", cwd=tmp_path)
    assert software()["commit"] is None, "no commit"
    git("add", ".", cwd=tmp_path)
    git("commit", "-qm", "one", cwd=tmp_path)
    clean = software()["commit"]
    assert clean is not None
    assert "+" not in clean
    told = {clean}
    for text in ("two\n", "three\n"):
        file.write_text(text)
        told.add(software()["commit"] or "")
    assert len(told) == 3
    assert all(commit.startswith(clean) for commit in told)
    assert sentence({"version": "1.2", "commit": clean}) == f"version 1.2 (commit {clean})"


def test_a_checkout_of_something_else_is_not_taken_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed copy may lie below somebody's own repository, as virtual environments do."""
    git("init", "-q", cwd=tmp_path)
    (tmp_path / "thesis.tex").touch()
    git("add", "thesis.tex", cwd=tmp_path)
    git("commit", "-qm", "thesis", cwd=tmp_path)
    (tmp_path / "software.py").touch()
    monkeypatch.setattr(module, "__file__", str(tmp_path / "software.py"))
    assert software()["commit"] is None


def test_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert software()["commit"] is None
    assert sentence({"version": "1.2", "commit": None}) == "version 1.2"
