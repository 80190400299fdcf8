# SPDX-License-Identifier: Apache-2.0
"""Issue the key with which an agency that has no API key left asks for another, and show it once."""

from agencies.entrykeys import issue_return_key
from operators.management.keycommand import KeyCommand


class Command(KeyCommand):
    help = (
        "Issue a key for coming back: it carries what the agency's own keys have signed to ask for another API key, "
        "reads nothing, and ends with that."
    )
    issue = staticmethod(issue_return_key)
