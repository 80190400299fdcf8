# SPDX-License-Identifier: Apache-2.0
"""Call every operation of a running hub's API description with generated input, alone and in sequences."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PHASES = "examples,coverage,fuzzing,stateful"
CONFIG = """
[phases.coverage]
generate-duplicate-query-parameters = true
unexpected-methods = ["TRACE", "PUT"]

[phases.stateful.generation]
max-examples = %(sequences)d

[checks.positive_data_acceptance]
# What fits the description may still not fit what stands: another revision, key, cursor or rule of an alert.
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "410", "412", "422", "428"]

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428]

[checks.missing_required_header]
expected-statuses = [400, 401, 403, 404, 406, 415, 422, 428]

# They may end the session that calls: the rest of the run would be refused.
[[operations]]
include-path-regex = "/officers/[{]public_id[}]/(sign-out|reset-factors)$|/account/sessions/[{]session_id[}]$"
enabled = false

# A header with a control character is refused by the server itself, without a body, before the hub sees it.
[[operations]]
include-path-regex = "/ledger/handovers$"
checks.content_type_conformance.enabled = false
checks.response_schema_conformance.enabled = false

# Signed objects are octets to the description; that they are none is said by 400 or 413.
[[operations]]
include-path-regex = "/(envelopes|statements|keysets|challenges)$"
include-method = "POST"
checks.positive_data_acceptance.expected-statuses = ["2xx", "4xx"]
"""
NARROW = """
[[operations]]
include-path-regex = "/alerts(/bulk|/check|/check-recipients|/[{]alert_id[}])?$"
include-method = ["POST", "PATCH"]
phases.coverage.enabled = false

# Closed to the callers of the narrow run, but for reading: those who may call come with the wide one.
[[operations]]
include-path-regex = "/api/v1/(hub|api-keys|audit|duty|doubts|exchange-keys|keys|officers)"
phases.coverage.enabled = false
"""


@dataclass(frozen=True)
class Credential:
    """A caller: the scheme's name in the description, its credential, and headers that go with it."""

    scheme: str
    value: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class CasesRun:
    """The result of a run: the number of requests, and a report for people."""

    cases: int
    found_nothing: bool
    report: str


def call_every_operation(
    url: str, caller: Credential, folder: Path, *, examples: int, sequences: int, wide: bool, seconds: int
) -> CasesRun:
    """Run schemathesis against `url` as this caller. `examples` per operation, `seconds` at most.

    `wide`: also try every limit of every field of a draft, which is some thousand requests.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "schemathesis.toml"
    own = f"[auth.openapi.{caller.scheme}]\napi_key = {json.dumps(caller.value)}\n"
    config.write_text(CONFIG % {"sequences": sequences} + ("" if wide else NARROW) + own, encoding="utf-8")
    given = [part for name, value in caller.headers.items() for part in ("--header", f"{name}: {value}")]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
            *(f"{url}/api/schema/?format=json", *given, "--phases", PHASES),
            *("--max-examples", str(examples), "--generation-deterministic", "--continue-on-failure"),
            *("--no-color", "--workers", "2", "--suppress-health-check", "all"),
        ],
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "devtool.apichecks", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    report = done.stdout + done.stderr
    counted = re.search(r"([0-9,]+) generated", report)
    cases = int(counted[1].replace(",", "")) if counted else 0
    return CasesRun(cases, done.returncode == 0, report)
