# SPDX-License-Identifier: Apache-2.0
"""What the hub answers of an agency's API keys, and of who holds its identity; as `accord.calls.answers`."""

from dataclasses import dataclass, field

from accord.calls.answers import (
    optional_text,
    read_moment,
    require_array,
    require_object,
    require_text,
)
from accord.calls.errors import AnswerError


@dataclass(frozen=True)
class IssuedKey:
    """An API key's text, and its end in seconds."""

    key: str = field(repr=False)
    until: int


def read_issued(value: object) -> IssuedKey:
    """An API key that the hub has just made."""
    answer = require_object(value, "API key")
    return IssuedKey(
        require_text(answer.get("key"), "API key"), read_moment(answer.get("expires_at"), "API key")
    )


@dataclass(frozen=True)
class InstanceAnswer:
    """Who holds the agency's identity at the hub, and since when (seconds)."""

    instance: str
    software: str
    since: int


def read_instance(value: object, instance: str) -> InstanceAnswer:
    """The holder, which is the one that has announced itself."""
    answer = require_object(value, "instance")
    if answer.get("id") != instance:
        raise AnswerError("The hub answered about another instance than the one announced.")
    software = require_text(answer.get("software"), "software")
    return InstanceAnswer(instance, software, read_moment(answer.get("since"), "since"))


@dataclass(frozen=True)
class CredentialAnswer:
    """An API key of the agency as the hub lists it; times in seconds. `key` is its text where it was issued just now."""

    prefix: str
    client: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    until: int
    revoked_at: int | None
    key: str | None = field(default=None, repr=False)


def read_credential(value: object) -> CredentialAnswer:
    """One API key of the agency."""
    answer = require_object(value, "credential")
    revoked = answer.get("revoked_at")
    scopes, networks = (
        tuple(require_text(one, name) for one in require_array(answer.get(name), name))
        for name in ("scopes", "networks")
    )
    return CredentialAnswer(
        prefix=require_text(answer.get("prefix"), "prefix"),
        client=require_text(answer.get("client"), "client"),
        scopes=scopes,
        networks=networks,
        until=read_moment(answer.get("expires_at"), "expires_at"),
        revoked_at=None if revoked is None else read_moment(revoked, "revoked_at"),
        key=optional_text(answer.get("key"), "key"),
    )


def read_credentials(value: object) -> list[CredentialAnswer]:
    """The API keys of the agency."""
    items = require_array(require_object(value, "credentials").get("items"), "credentials")
    return [read_credential(item) for item in items]
