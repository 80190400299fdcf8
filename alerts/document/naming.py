# SPDX-License-Identifier: Apache-2.0
"""Lines of a draft that name officers of recipients: the agency's id, a blank, the officer's id."""

from accord.envelope.encoding import agency_id, officer_id
from accord.envelope.errors import MalformedError
from alerts.document.kinds import Field


def read_naming(line: object) -> tuple[str, str] | None:
    """Return agency and officer; None for any other line."""
    parts = line.split() if isinstance(line, str) else []
    if len(parts) != 2:
        return None
    try:
        return agency_id(parts[0]), officer_id(parts[1])
    except MalformedError:
        return None


def are_namings(field: Field, value: object) -> bool:
    """Tell whether every line names an officer; an officer may be named twice."""
    return isinstance(value, list) and len(value) <= field.max_length and all(map(read_naming, value))
