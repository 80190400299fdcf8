# SPDX-License-Identifier: Apache-2.0
"""Here are the names that replies go by: their kind of envelope, their types of document, their fixed titles."""

from collections.abc import Mapping
from typing import Final

REPLY: Final = "reply"
"""The kind of an envelope that answers another one, and the type of a document that answers in words."""

PEER_REVIEW: Final = "peer_review"
QUERY: Final = "profile_query"
ANSWER: Final = "profile_answer"
DETAILS: Final = "profile_details"

TITLES: Final[Mapping[str, str]] = {
    QUERY: "Question about a sample profile",
    ANSWER: "Answer about a sample profile",
    DETAILS: "Sample profile: case details",
}
"""Signed, the same in every language, and saying nothing: what is asked about a profile carries no case."""
