# SPDX-License-Identifier: Apache-2.0
"""Capabilities of actors, `noun:verb`, granted by roles; what no role grants is denied."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from callers.errors import NotPermittedError

if TYPE_CHECKING:
    from callers.actors import Actor


class Capability(StrEnum):
    AGENCY_MANAGE = "agency:manage"
    AGREEMENT_READ = "agreement:read"
    ALERT_ACKNOWLEDGE = "alert:acknowledge"
    ALERT_READ = "alert:read"
    ALERT_RELEASE = "alert:release"
    ALERT_VALIDATE = "alert:validate"
    ALERT_WITHDRAW = "alert:withdraw"
    ALERT_WRITE = "alert:write"
    APIKEY_MANAGE = "apikey:manage"
    AUDIT_FOLLOW = "audit:follow"
    AUDIT_GIVE = "audit:give"
    AUDIT_READ = "audit:read"
    CASE_MANAGE = "case:manage"
    CASE_READ = "case:read"
    DESK_KEEP = "desk:keep"
    DIRECTORY_READ = "directory:read"
    DRAFT_WRITE = "draft:write"
    ENVELOPE_READ = "envelope:read"
    ENVELOPE_SUBMIT = "envelope:submit"
    FEED_READ = "feed:read"
    HUB_OPERATE = "hub:operate"
    KEY_ENROL = "key:enrol"
    KEY_MANAGE = "key:manage"
    KEY_READ = "key:read"
    KEY_SUSPEND = "key:suspend"
    LEDGER_READ = "ledger:read"
    NOTICE_READ = "notice:read"
    NOTICE_RESEND = "notice:resend"
    OFFICER_MANAGE = "officer:manage"
    OFFICER_READ = "officer:read"
    PEER_COMPARE = "peer:compare"
    POWER_DECIDE = "power:decide"
    QUEUE_READ = "queue:read"
    SCIENCE_MANAGE = "science:manage"
    SCIENCE_QUERY = "science:query"
    SCIENCE_READ = "science:read"
    STATEMENT_SUBMIT = "statement:submit"


class Role(TextChoices):
    """Roles of officers at a desk."""

    READER = "reader", _("Reader")
    AUTHOR = "author", _("Author")
    RELEASER = "releaser", _("Releaser")
    KEY_OFFICER = "key_officer", _("Key officer")
    AGENCY_ADMIN = "agency_admin", _("Agency admin")
    AUDITOR = "auditor", _("Auditor")
    KEEPER = "keeper", _("Keeper")


C = Capability
_MEMBER: Final = {
    C.DIRECTORY_READ,
    C.LEDGER_READ,
    C.OFFICER_READ,
    C.AGREEMENT_READ,
    C.KEY_READ,
    C.POWER_DECIDE,
}
_READS: Final = _MEMBER | {
    *(C.ALERT_READ, C.ALERT_ACKNOWLEDGE, C.CASE_READ, C.NOTICE_READ, C.SCIENCE_READ),
}

ROLE_CAPABILITIES: Final[dict[str, frozenset[Capability]]] = {
    Role.READER: frozenset(_READS),
    Role.AUTHOR: frozenset(_READS | {C.ALERT_WRITE, C.CASE_MANAGE, C.PEER_COMPARE}),
    Role.RELEASER: frozenset(
        _READS
        | {C.QUEUE_READ, C.ALERT_VALIDATE, C.ALERT_RELEASE, C.ALERT_WITHDRAW, C.NOTICE_RESEND}
        | {C.CASE_MANAGE, C.SCIENCE_MANAGE, C.PEER_COMPARE}
    ),
    Role.KEY_OFFICER: frozenset(_READS | {C.KEY_MANAGE, C.PEER_COMPARE}),
    Role.AGENCY_ADMIN: frozenset(
        _READS
        | {C.AGENCY_MANAGE, C.OFFICER_MANAGE, C.APIKEY_MANAGE, C.NOTICE_RESEND, C.SCIENCE_MANAGE}
        | {C.CASE_MANAGE, C.PEER_COMPARE}
    ),
    Role.AUDITOR: frozenset(_MEMBER | {C.AUDIT_READ, C.AUDIT_GIVE}),
    Role.KEEPER: frozenset({C.DESK_KEEP, C.DIRECTORY_READ, C.LEDGER_READ, C.AUDIT_READ}),
}
"""The keeper reads the audit of the desk itself; `AuditEvent.visible_to` leaves every agency's rows out of it."""

OPERATES: Final = frozenset({C.HUB_OPERATE, C.DIRECTORY_READ, C.LEDGER_READ, C.AUDIT_READ})
"""Capabilities of an operator of the exchange, who is no officer of any desk."""

POWERS: Final = frozenset({Role.AUTHOR, Role.RELEASER, Role.KEY_OFFICER, Role.AGENCY_ADMIN, Role.AUDITOR})
"""Roles that one admin alone cannot give (`officers.powers`)."""

WITHHELD: Final = frozenset(
    {C.ALERT_VALIDATE, C.ALERT_RELEASE, C.ALERT_WITHDRAW, C.AGENCY_MANAGE, C.OFFICER_MANAGE}
    | {C.APIKEY_MANAGE, C.AUDIT_GIVE, C.CASE_MANAGE, C.KEY_MANAGE, C.NOTICE_RESEND, C.PEER_COMPARE}
    | {C.POWER_DECIDE, C.SCIENCE_MANAGE}
)
"""Capabilities withheld from a person whose second factor and password both came from somebody else, until confirmed."""

SENSITIVE: Final = frozenset(
    {
        C.AGENCY_MANAGE,
        C.ALERT_RELEASE,
        C.ALERT_WITHDRAW,
        C.APIKEY_MANAGE,
        C.AUDIT_GIVE,
        C.DESK_KEEP,
        C.KEY_MANAGE,
        C.OFFICER_MANAGE,
        C.PEER_COMPARE,
        C.POWER_DECIDE,
    }
)
"""Release, withdrawal, keys, officers and roles, API keys, access to the audit, agency policy, the keeper's acts."""

EXCHANGE_SCOPES: Final = frozenset(
    {C.DIRECTORY_READ, C.LEDGER_READ, C.FEED_READ, C.ENVELOPE_READ, C.ENVELOPE_SUBMIT, C.STATEMENT_SUBMIT}
    | {C.KEY_SUSPEND}
)
"""All scopes that an API key at the exchange can have: it never opens, validates, releases or manages."""

DESK_SCOPES: Final = frozenset({C.AUDIT_FOLLOW, C.DRAFT_WRITE, C.SCIENCE_QUERY})
"""All scopes that a key for a desk can have; it does none of these either."""

BY_NAME_ONLY: Final = frozenset({C.KEY_SUSPEND})
"""The scope that a key is given only on request, since its act counts for the agency and nobody signs it."""

CALLS_OF_A_DESK: Final = frozenset(
    {C.DIRECTORY_READ, C.ENVELOPE_READ, C.ENVELOPE_SUBMIT, C.FEED_READ, C.KEY_SUSPEND}
    | {C.LEDGER_READ, C.STATEMENT_SUBMIT}
)
"""Scopes that a desk needs at the exchange, and so those of the first API key of an agency whose keys a desk holds."""

ACCESSION_SCOPES: Final = frozenset({C.KEY_ENROL})
"""Scopes of a key for entering (`agencies.entrykeys`), and of no other key."""


def usual_scopes() -> frozenset[Capability]:
    """Return the scopes that a system is given at the exchange by default."""
    return EXCHANGE_SCOPES - BY_NAME_ONLY


def capabilities_of_roles(roles: Iterable[str]) -> frozenset[Capability]:
    """Return the capabilities of all these roles; an unknown role grants nothing."""
    return frozenset().union(*(ROLE_CAPABILITIES.get(role, frozenset()) for role in roles))


def roles_with(capability: Capability) -> list[str]:
    """Return the names, for people, of the roles that have a capability."""
    return [str(role.label) for role in Role if capability in ROLE_CAPABILITIES[role]]


def require(actor: "Actor", *capabilities: Capability) -> None:
    """Raise `NotPermittedError` unless the actor has one of the capabilities now."""
    if not actor.capabilities & set(capabilities):
        who = dict.fromkeys(role for one in capabilities for role in roles_with(one))
        raise NotPermittedError(capabilities[0], ask=", ".join(who))
