"""Points MLflow's own test suites, unmodified, at a running daemon.

Those suites start a server in their own process for every test. Here each such start empties the daemon's store instead
and hands out its address. `expectations.yaml` says which suites are run, which of their tests are about what the daemon
does not do, and which see it differ from MLflow's server for a reason. The latter must fail: one that passes fails the
run, as does an entry that names no test.
"""

import contextlib
import fnmatch
import os
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

URL = os.environ["MODELTHAT_URL"]
ARTIFACTS = Path(os.environ["MODELTHAT_ARTIFACTS"])
"""The folder in which the daemon keeps artifacts."""

EXPECTATIONS = yaml.safe_load((Path(__file__).parent / "expectations.yaml").read_text())


def reset() -> None:
    """Empties the daemon's store."""
    request = urllib.request.Request(
        f"{URL}/test/reset",
        data=b"{}",
        headers={
            "authorization": f"Bearer {os.environ['MODELTHAT_OWNER_TOKEN']}",
            "content-type": "application/json",
        },
    )
    urllib.request.urlopen(request).close()


class DaemonThread:
    """Stands for the thread in which the suites run their server."""

    def __init__(self, app: object, port: int) -> None:
        pass

    def __enter__(self) -> str:
        reset()
        return URL

    def __exit__(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def launch_server(
    host: str, port: int, backend_store_uri: str, default_artifact_root: str, artifacts_destination: str
) -> Iterator[None]:
    """Stands for the server process of the suite about artifacts, which looks at the server's files."""
    reset()
    os.symlink(ARTIFACTS, artifacts_destination)
    yield None


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before any suite is imported: they take the names from these modules."""
    import tests.tracking.integration_test_utils as utils
    from mlflow.server import handlers

    utils.ServerThread = DaemonThread
    handlers.initialize_backend_stores = lambda *_, **__: None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if artifacts := sys.modules.get("tests.tracking.test_mlflow_artifacts"):
        artifacts._launch_server = launch_server
        artifacts.get_safe_port = lambda: urlsplit(URL).port

    outside = Matcher(EXPECTATIONS["out_of_scope"])
    differing = Matcher(EXPECTATIONS["expected_differences"])
    selected = []
    for item in items:
        if outside.reason_for(item) is not None:
            continue
        if reason := differing.reason_for(item):
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
        selected.append(item)
    config.hook.pytest_deselected(items=[item for item in items if item not in selected])
    config.stash[OUTSIDE] = outside
    items[:] = selected
    if not config.option.keyword and (unused := outside.unused() + differing.unused()):
        raise pytest.UsageError(f"expectations.yaml names tests that there are not: {', '.join(unused)}")


class Matcher:
    """Which tests a list of `{reason, tests: [pattern, ...]}` is about. A pattern is a test's name, without parameters."""

    def __init__(self, entries: list[dict]) -> None:
        self._entries = entries
        self.counts = {entry["reason"]: 0 for entry in entries}
        self._used: set[str] = set()

    def reason_for(self, item: pytest.Item) -> str | None:
        name = getattr(item, "originalname", item.name)
        for entry in self._entries:
            for pattern in entry["tests"]:
                if fnmatch.fnmatchcase(name, pattern) or item.name == pattern:
                    self._used.add(pattern)
                    self.counts[entry["reason"]] += 1
                    return entry["reason"]
        return None

    def unused(self) -> list[str]:
        return [pattern for entry in self._entries for pattern in entry["tests"] if pattern not in self._used]


OUTSIDE = pytest.StashKey[Matcher]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    stats = terminalreporter.stats
    write = terminalreporter.write_line
    reasons = {entry["reason"] for entry in EXPECTATIONS["expected_differences"]}
    expected = [report for report in stats.get("xfailed", []) if report.wasxfail in reasons]
    outside = config.stash[OUTSIDE].counts
    failed = len(stats.get("failed", [])) + len(stats.get("error", []))
    terminalreporter.section("MLflow's own suites against the daemon")
    for report in expected:
        write(f"expected difference: {report.nodeid.split('::')[-1]}: {report.wasxfail}")
    for reason, count in outside.items():
        write(f"out of scope: {count} tests: {reason}")
    write(f"skipped by the suites themselves: {len(stats.get('skipped', []))}")
    write(
        f"passed {len(stats.get('passed', []))}, failed {failed}, expected differences {len(expected)}, "
        f"out of scope {sum(outside.values())}"
    )
