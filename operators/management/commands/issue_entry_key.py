# SPDX-License-Identifier: Apache-2.0
"""Issue the key with which an agency's keys are brought in, and show it once."""

from agencies.entrykeys import issue_entry_key
from operators.management.keycommand import KeyCommand


class Command(KeyCommand):
    help = (
        "Issue the key for entering of an agency, for its own system or for the keeper of the desk that is to hold its "
        "keys. It serves accession and reads nothing else."
    )
    issue = staticmethod(issue_entry_key)
