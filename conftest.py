"""What holds for all tests: real-time tests really share one worker, and what was played again is told."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuses a run whose groups do not take effect: real-time tests that compete with each other fail for no good reason."""
    in_a_worker = hasattr(session.config, "workerinput")
    if not in_a_worker:
        return
    alone = [item.nodeid for item in session.items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid]
    if alone:
        raise pytest.UsageError(
            f"{len(alone)} real-time tests are in no xdist group, {alone[0]} for one: "
            "run with --dist loadgroup and the pinned versions of pytest and pytest-xdist"
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tells which real-time tests were played again, and why."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    told = [value for report in reports for name, value in report.user_properties if name == "played_again"]
    if told:
        terminalreporter.section("played again in real time")
        for text in told:
            terminalreporter.line(str(text))
