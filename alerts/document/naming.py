# SPDX-License-Identifier: Apache-2.0
"""Officers whom a draft names: of recipients in lines, the agency's id, a blank, the officer's id; of the own agency by id."""

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


def naming_of(agency: str, officer: str) -> str:
    """Return the line that names this officer."""
    return f"{agency} {officer}"


def are_officers(field: Field, value: object) -> bool:
    """Tell whether every item is an officer's id."""
    if not isinstance(value, list) or len(value) > field.max_length:
        return False
    try:
        return all(officer_id(item) for item in value)
    except MalformedError:
        return False


def are_namings(field: Field, value: object) -> bool:
    """Tell whether every line names an officer; an officer may be named twice."""
    return isinstance(value, list) and len(value) <= field.max_length and all(map(read_naming, value))
