# SPDX-License-Identifier: Apache-2.0
"""The list of failed tests that `./dev retest` reads, written at the end of each whole run."""

import json
from pathlib import Path
from typing import Final

import pytest

from devtool.retesting import FAILED_TESTS
from tests.one_seed import seed_of_run

NEVER_RETRIED: Final = ("tests/security/", "tests/attacks/", "tests/secrecy/", "tests/boundaries/")
"""Folders whose failure counts at once: a security rule that holds only at the second try does not hold."""

_failed: dict[str, bool] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        # The report of a crashed worker has no keywords; its test is never tried again either.
        may_be_retried = bool(report.keywords) and "no_retry" not in report.keywords
        _failed[report.nodeid] = may_be_retried and not report.nodeid.startswith(NEVER_RETRIED)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if hasattr(session.config, "workerinput"):
        return
    path = Path(session.config.rootpath) / FAILED_TESTS
    path.unlink(missing_ok=True)
    if exitstatus == pytest.ExitCode.TESTS_FAILED:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"seed": seed_of_run(), "tests": _failed}, indent=1) + "\n")
