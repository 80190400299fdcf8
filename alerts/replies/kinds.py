# SPDX-License-Identifier: Apache-2.0
"""Names of replies: their kind of envelope, their types of document, their fixed titles."""

from collections.abc import Mapping
from typing import Final

REPLY: Final = "reply"
"""Kind of an envelope that answers another one, and type of a document that answers in words."""

ANSWER: Final = "answer"
"""Type of a document that answers a question, with a code."""
CLARIFICATION: Final = "clarification"
"""Type of a document by which who owes an answer asks back; it wants an answer of its own."""
PEER_REVIEW: Final = "peer_review"
PROFILE_QUERY: Final = "profile_query"
PROFILE_ANSWER: Final = "profile_answer"
PROFILE_DETAILS: Final = "profile_details"

TITLES: Final[Mapping[str, str]] = {
    PROFILE_QUERY: "Question about a sample profile",
    PROFILE_ANSWER: "Answer about a sample profile",
    PROFILE_DETAILS: "Sample profile: case details",
}
"""Fixed, signed titles, the same in every language: a message about a profile says nothing of a case."""
