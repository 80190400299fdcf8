# SPDX-License-Identifier: Apache-2.0
"""The hub's answers about an agency's API keys and the holder of its identity, parsed as in `accord.calls.answers`."""

import re
from dataclasses import dataclass, field
from typing import Final

from accord.calls.answers import (
    optional_text,
    read_moment,
    require_array,
    require_object,
    require_text,
)
from accord.calls.errors import AnswerError

_PREFIX: Final = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class IssuedKey:
    """An API key's text, and its end in seconds."""

    key: str = field(repr=False)
    until: int


def read_issued(value: object) -> IssuedKey:
    """Parse an API key that the hub has just made."""
    answer = require_object(value, "API key")
    return IssuedKey(
        require_text(answer.get("key"), "API key"), read_moment(answer.get("expires_at"), "API key")
    )


@dataclass(frozen=True)
class InstanceAnswer:
    """The holder of the agency's identity at the hub, and since when (seconds)."""

    instance: str
    software: str
    since: int


def read_instance(value: object, instance: str) -> InstanceAnswer:
    """Parse the holder, which must be the announced instance."""
    answer = require_object(value, "instance")
    if answer.get("id") != instance:
        raise AnswerError("The hub answered about another instance than the one announced.")
    software = require_text(answer.get("software"), "software")
    return InstanceAnswer(instance, software, read_moment(answer.get("since"), "since"))


@dataclass(frozen=True)
class CredentialAnswer:
    """An API key of the agency as the hub lists it; times in seconds. `key` is its text where it was issued just now.

    Keys of one `line` replaced each other, and end together.
    """

    prefix: str
    line: str
    client: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    since: int
    until: int
    last_used: int | None
    revoked_at: int | None
    key: str | None = field(default=None, repr=False)


def read_credential(value: object) -> CredentialAnswer:
    """Parse one API key of the agency."""
    answer = require_object(value, "credential")
    scopes, networks = (
        tuple(require_text(one, name) for one in require_array(answer.get(name), name))
        for name in ("scopes", "networks")
    )
    return CredentialAnswer(
        prefix=_prefix(answer.get("prefix"), "prefix"),
        line=_prefix(answer.get("line"), "line"),
        client=require_text(answer.get("client"), "client"),
        scopes=scopes,
        networks=networks,
        since=read_moment(answer.get("created_at"), "created_at"),
        until=read_moment(answer.get("expires_at"), "expires_at"),
        last_used=_moment_or_none(answer.get("last_used_at"), "last_used_at"),
        revoked_at=_moment_or_none(answer.get("revoked_at"), "revoked_at"),
        key=optional_text(answer.get("key"), "key"),
    )


def _prefix(value: object, name: str) -> str:
    text = require_text(value, name)
    if _PREFIX.fullmatch(text) is None:
        raise AnswerError(f"The hub's answer is not what the protocol allows: {name}.")
    return text


def _moment_or_none(value: object, name: str) -> int | None:
    return None if value is None else read_moment(value, name)


def read_credentials(value: object) -> list[CredentialAnswer]:
    """Parse the API keys of the agency."""
    items = require_array(require_object(value, "credentials").get("items"), "credentials")
    return [read_credential(item) for item in items]
