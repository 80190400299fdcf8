# SPDX-License-Identifier: Apache-2.0
"""Operators: the people who run the exchange, their passkeys, their enrolment links, and their sessions.

No secret is stored here: only public halves of passkeys, and keyed digests of links and sessions.
"""

import secrets
import uuid
from typing import ClassVar

from django.db import models

from callers.capabilities import OPERATES, Capability
from callers.names import check_name


def _new_public_id() -> str:
    return secrets.token_urlsafe(16)


class Operator(models.Model):
    """A person who admits and suspends agencies; an actor without an agency, who reads no content and has no desk.

    Active from the first passkey until another operator ends it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    public_id = models.CharField(max_length=22, unique=True, default=_new_public_id, editable=False)
    name = models.CharField(max_length=60, unique=True, validators=[check_name])
    is_active = models.BooleanField(default=False)
    invited_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    agency_id: ClassVar[None] = None
    tlp_ceiling: ClassVar[None] = None

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The operator's present capabilities; none before a passkey was made, and after the end."""
        return OPERATES if self.is_active else frozenset()

    @property
    def audit_name(self) -> str:
        return f"operator:{self.public_id}"


class Passkey(models.Model):
    """The public half of one passkey; found by a digest of the browser's name for it."""

    digest = models.CharField(primary_key=True, max_length=43)
    operator = models.ForeignKey(Operator, models.PROTECT, related_name="passkeys")
    credential = models.BinaryField()
    made_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["made_at"]

    def __str__(self) -> str:
        return f"passkey of {self.operator_id}"


class Enrolment(models.Model):
    """A link by which one operator makes the one passkey that counts from then on; found by a keyed digest of its token."""

    digest = models.CharField(primary_key=True, max_length=43)
    operator = models.ForeignKey(Operator, models.PROTECT, related_name="enrolments")
    issued_by = models.CharField(max_length=100)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-issued_at"]

    def __str__(self) -> str:
        return f"enrolment of {self.operator_id}"


class OperatorSession(models.Model):
    """One sign-in; found by a keyed digest of the cookie. `challenge` is the one that opened it, which is valid once."""

    digest = models.CharField(primary_key=True, max_length=43)
    operator = models.ForeignKey(Operator, models.PROTECT, related_name="sessions")
    challenge = models.CharField(max_length=43, unique=True)
    signed_in_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-signed_in_at"]

    def __str__(self) -> str:
        return f"session of {self.operator_id}"
