# SPDX-License-Identifier: Apache-2.0
"""What schemathesis checks beside its own: a problem is one of those that the operation lists for that status."""

import json
from typing import Any

import schemathesis


@schemathesis.check
def problem_is_listed(ctx: Any, response: Any, case: Any) -> bool | None:
    """Fails for a type of problem that the description does not name at this answer."""
    described = case.operation.definition.raw["responses"].get(str(response.status_code), {})
    listed = described.get("x-problem-types")
    if listed is not None:
        try:
            found = json.loads(response.content)["type"]
        except (ValueError, KeyError, TypeError):
            # Another body than a problem is what the check of media types finds.
            return None
        assert found in listed, f"{found} is not among the problems of {response.status_code}: {listed}"
    return None
