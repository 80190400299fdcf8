# SPDX-License-Identifier: Apache-2.0
"""Names of replies: their kind of envelope, their types of document, their fixed titles."""

from collections.abc import Mapping
from typing import Final

REPLY: Final = "reply"
"""Kind of an envelope that answers another one, and type of a document that answers in words."""

PEER_REVIEW: Final = "peer_review"
QUERY: Final = "profile_query"
ANSWER: Final = "profile_answer"
DETAILS: Final = "profile_details"

TITLES: Final[Mapping[str, str]] = {
    QUERY: "Question about a sample profile",
    ANSWER: "Answer about a sample profile",
    DETAILS: "Sample profile: case details",
}
"""Fixed, signed titles, the same in every language: a message about a profile says nothing of a case."""
