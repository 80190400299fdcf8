# SPDX-License-Identifier: Apache-2.0
"""Kinds of acts that an auditor asks for together."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

POWER_ACTS: Final = frozenset(
    {"officer.disabled", "officer.enabled", "officer.enrolled", "officer.factors_reset", "officer.invited"}
    | {
        "officer.invitation_accepted",
        "officer.password_reset",
        "officer.roles_changed",
        "policy.bound",
        "policy.changed",
    }
    | {"power.agreed", "power.applied", "power.asked", "power.dropped", "power.stopped"}
    | {"reopening.taken", "reopening.asked", "reopening.refused"}
    | {"apikey.issued", "apikey.revoked", "apikey.rotated"}
    | {"credential.ended", "credential.issued", "credential.replaced"}
    | {"deskkey.issued", "deskkey.revoked", "deskkey.rotated", "database.restored", "restore.reviewed"}
)
"""Acts that change who may do what in an agency: the auditor's one list of changes of power."""

EXPORTS, REFUSALS, ROLES, SIGN_INS = "exports", "refusals", "roles", "sign_ins"

KINDS: Final[Mapping[str, frozenset[str]]] = {
    EXPORTS: frozenset({"alert.exported", "audit.exported"}),
    REFUSALS: frozenset(
        {"agency.change_refused", "agency.proposal_refused", "alert.refused", "alert.unopenable"}
        | {"peer.refused", "reopening.refused", "science.refused", "statement.refused"}
    ),
    ROLES: frozenset(
        {
            "officer.disabled",
            "officer.enabled",
            "officer.enrolled",
            "officer.invited",
            "officer.roles_changed",
        }
        | {"power.agreed", "power.applied", "power.asked", "power.dropped", "power.stopped"}
    ),
    SIGN_INS: frozenset(
        {"officer.other_sessions_ended", "officer.recovery_code_used", "officer.reset_asked"}
        | {"officer.session_ended", "officer.sessions_ended", "officer.sign_in_reopened"}
        | {"officer.signed_in", "officer.signed_out"}
    ),
}
"""Acts by kind. A guess at a password is no act: it is counted, and nothing is written of it (`officers.login.attempts`)."""

KIND_WORDS: Final[Mapping[str, Promise]] = {
    EXPORTS: gettext_lazy("Exports"),
    REFUSALS: gettext_lazy("Refusals"),
    ROLES: gettext_lazy("Changes of roles"),
    SIGN_INS: gettext_lazy("Signing in and out"),
}
