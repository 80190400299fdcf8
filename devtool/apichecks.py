# SPDX-License-Identifier: Apache-2.0
"""Own checks for schemathesis: the operation must list each problem that it returns, for that status."""

import json
from typing import Any

import schemathesis


@schemathesis.check
def problem_is_listed(ctx: Any, response: Any, case: Any) -> bool | None:
    """Fail for a type of problem that the description does not name at this answer."""
    described = case.operation.definition.raw["responses"].get(str(response.status_code), {})
    listed = described.get("x-problem-types")
    if listed is not None:
        try:
            found = json.loads(response.content)["type"]
        except (ValueError, KeyError, TypeError):
            # The media-type check finds any other body than a problem.
            return None
        assert found in listed, f"{found} is not among the problems of {response.status_code}: {listed}"
    return None
