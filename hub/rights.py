# SPDX-License-Identifier: Apache-2.0
"""Rights of each role's database login, table by table and column by column.

`migrate` grants in the database of each half what is listed here for its roles and revokes everything else. A table
without an entry is closed to every login; `tests/boundaries/test_database_rights.py` names it. Whoever adds a table
adds its entry: the roles whose views, tasks and commands use it, and for each only the columns that it writes.
"""

from dataclasses import dataclass
from typing import Final

EVERY: Final = frozenset({"*"})
NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True)
class Right:
    """Rights of one login on one table. `EVERY` stands for all columns, in `update` for all but the primary key.

    `lock` allows SELECT ... FOR UPDATE without a change: it grants UPDATE on the primary key, which a trigger on every
    table keeps unchanged.
    """

    select: frozenset[str] = NONE
    insert: bool = False
    update: frozenset[str] = NONE
    delete: bool = False
    lock: bool = False

    def __or__(self, other: "Right") -> "Right":
        return Right(
            self.select | other.select,
            self.insert or other.insert,
            self.update | other.update,
            self.delete or other.delete,
            self.lock or other.lock,
        )


READ: Final = Right(select=EVERY)
ADD: Final = READ | Right(insert=True)
REMOVE: Final = READ | Right(delete=True)
LOCK: Final = READ | Right(lock=True)
CHANGE: Final = READ | Right(update=EVERY)
KEEP: Final = ADD | CHANGE | REMOVE


def read(*columns: str) -> Right:
    """Return the right to read only these columns."""
    return Right(select=frozenset(columns))


def change(*columns: str) -> Right:
    """Return the right to read a table and to write these columns of it."""
    return READ | Right(update=frozenset(columns))


DESK: Final = "desk"
DESK_WORKER: Final = "desk-worker"
MAILER: Final = "mailer"
EXCHANGE: Final = "exchange"
EXCHANGE_WORKER: Final = "exchange-worker"
OPERATOR: Final = "operator"
SEQUENCER: Final = "sequencer"
DESK_SEQUENCER: Final = "desk-sequencer"

_OF_THE_EXCHANGE: Final = (EXCHANGE, EXCHANGE_WORKER, SEQUENCER)
_OF_BOTH: Final = (DESK, DESK_WORKER, MAILER, DESK_SEQUENCER, *_OF_THE_EXCHANGE)
_SEQUENCERS: Final = ("sequencer", "desk_sequencer")
"""One for each half, with the same rights on its own log."""
_UNUSED: Final[dict[str, Right]] = {}
"""Rights on tables that a library brings and nothing here uses."""


def _both(right: Right, **more: Right) -> dict[str, Right]:
    """Give every role of both halves one right, and more to those named; what `sequencer` has, both sequencers have."""
    more |= {role: more["sequencer"] for role in _SEQUENCERS if "sequencer" in more}
    return {role: right | more.get(role.replace("-", "_"), right) for role in _OF_BOTH}


def _exchange(right: Right, **more: Right) -> dict[str, Right]:
    """Give every role of the exchange one right, and more to those named."""
    return {role: right | more.get(role.replace("-", "_"), right) for role in _OF_THE_EXCHANGE}


_POLICY: Final = (
    *("four_eyes", "flash_single_releaser", "bare_code_single_releaser", "mfa_required_roles"),
    "role_ceilings",
    *("case_number_required", "audit_keep_days", "mac"),
)
_POWERS: Final = (
    *("roles", "is_active", "duty_rank", "admin_until", "powers_withheld_at", "deputy_id"),
    *("session_salt", "mac"),
)

# The mailer tells people and signs nobody in: it reads no password, session salt, second factor or row code.
_TOLD: Final = (
    *("id", "public_id", "email", "invited_email", "full_name", "unit", "agency_id", "roles", "is_active"),
    *("timezone", "language", "duty_rank", "deputy_id", "routine_mail", "quiet_from", "quiet_until"),
    *("joined_at", "admin_until", "factors_reset_at", "password_mailed_at", "powers_withheld_at"),
)

_PEOPLE: Final[dict[str, dict[str, Right]]] = {
    # The exchange takes an agency's first keyset and its recoveries; its worker ends recoveries.
    "agencies_agency": _exchange(
        READ,
        exchange=change("status", "root_fingerprint", "duty_phone", "timezone", "custody", "custody_allowed"),
        exchange_worker=change("root_fingerprint"),
    ),
    # The desk's own table of agencies, which the desk-worker fills from the exchange's directory.
    "peers_agency": {DESK: ADD | CHANGE, DESK_WORKER: ADD | CHANGE, MAILER: READ},
    # The desk-worker applies changes of power that nobody stopped for a day, under a code that only the vault can make.
    "officers_agencypolicy": {DESK: ADD | CHANGE, DESK_WORKER: change(*_POLICY), MAILER: READ},
    "officers_agencycalendar": {DESK: ADD | CHANGE, DESK_WORKER: READ},
    "officers_officer": {DESK: ADD | CHANGE, DESK_WORKER: change(*_POWERS), MAILER: read(*_TOLD)},
    "officers_accountlink": {
        DESK: ADD | change("used_at", "mailed_at", "mail_cause", "mac"),
        DESK_WORKER: change("used_at"),
    },
    "officers_powerchange": {DESK: ADD | CHANGE, DESK_WORKER: CHANGE, MAILER: READ},
    # Whoever adopts the ledger notes a restore; workers note what they have deleted since; an admin reviews it.
    "ledger_restore": {
        DESK: READ,
        DESK_WORKER: change("cards_deleted_at"),
        EXCHANGE_WORKER: change("contents_deleted_at"),
        SEQUENCER: ADD,
        DESK_SEQUENCER: ADD,
    },
    "officers_reopening": {
        DESK: ADD | REMOVE | change("used_at", "handed_in_by", "officer_id", "mac"),
        MAILER: read("od", "agency_id", "made_at", "used_at"),
    },
    "officers_restorereview": {DESK: ADD | change("mac"), DESK_WORKER: READ},
    "officers_transition": {
        DESK: ADD | change("looked_by_id", "first_by_id", "ended_at", "ended_by_id", "mac")
    },
    # Admins are told of keys that end or have rotated themselves.
    "officers_deskkey": {
        DESK: ADD | change("expires_at", "revoked_at", "last_used_at", "mac"),
        MAILER: read(
            *("prefix", "agency_id", "client", "created_at", "created_by", "expires_at", "revoked_at"),
            "follows_id",
        ),
    },
    "officers_loginattempts": {DESK: KEEP, DESK_WORKER: REMOVE},
    "mfa_authenticator": {DESK: KEEP},
    "django_session": {DESK: KEEP, DESK_WORKER: REMOVE},
    "officers_officersession": {DESK: KEEP, DESK_WORKER: REMOVE},
    "account_emailaddress": {DESK: KEEP},
    "account_emailconfirmation": _UNUSED,
    "auth_group": _UNUSED,
    "auth_group_permissions": _UNUSED,
    "auth_permission": {DESK: READ},
    "django_admin_log": {DESK: ADD},
    "django_content_type": _both(READ),
    "django_migrations": _both(READ),
}

_KEYS: Final[dict[str, dict[str, Right]]] = {
    "agencies_apikey": {
        # With its first keyset an agency gets its first working key, and its key for entering ends; a key that rotates
        # itself ends unused keys that it asked for before.
        EXCHANGE: ADD | change("expires_at", "revoked_at", "last_used_at"),
    },
    "agencies_firstapikey": {EXCHANGE: ADD, EXCHANGE_WORKER: REMOVE},
    "agencies_challenge": {EXCHANGE: ADD | change("used_at"), EXCHANGE_WORKER: REMOVE},
    "callers_idempotentrequest": {
        DESK: ADD | REMOVE | change("status", "resource", "created_at"),
        DESK_WORKER: REMOVE,
        EXCHANGE: ADD | REMOVE | change("status", "resource", "created_at"),
        EXCHANGE_WORKER: REMOVE,
    },
    "agencies_keyset": _exchange(READ, exchange=ADD),
    "agencies_key": _exchange(
        READ,
        exchange=ADD | change("exp", "st", "since", "suspended_at", "until_keyset"),
        exchange_worker=change("exp", "st", "since", "suspended_at", "until_keyset"),
    ),
    "agencies_revocation": _exchange(READ, exchange=ADD),
    "agencies_ownstatement": {EXCHANGE: ADD | REMOVE},
    "agencies_instance": {EXCHANGE: ADD | REMOVE | CHANGE},
    "agencies_contactpoint": {EXCHANGE: ADD | REMOVE, EXCHANGE_WORKER: READ},
    "vault_vaultsecret": {DESK: ADD | change("kek", "wrapped"), DESK_WORKER: READ},
    # Keys drawn for a keyset that was not accepted are deleted.
    "vault_vaultkey": {DESK: ADD | REMOVE, DESK_WORKER: REMOVE},
    "vault_keystatement": {DESK: KEEP, DESK_WORKER: KEEP},
    "vault_suspendedkey": {DESK: KEEP, DESK_WORKER: change("told_at", "refused_at")},
    # The first keyset may be taken when the desk-worker sends it again: then the first API key came with it.
    "vault_entrykey": {DESK: KEEP, DESK_WORKER: REMOVE},
    "vault_exchangekey": {DESK: KEEP, DESK_WORKER: ADD | CHANGE},
    # The worker announces that this desk holds an identity, and releases it; a key officer takes it over from another
    # holder.
    "vault_deskinstance": {DESK: ADD | change("mac"), DESK_WORKER: ADD},
    "vault_announcement": {DESK: KEEP, DESK_WORKER: KEEP},
    "vault_departure": {DESK: KEEP, DESK_WORKER: READ},
    "vault_arrival": {DESK: KEEP, DESK_WORKER: READ},
    "vault_handedentry": {DESK: ADD | change("mac"), DESK_WORKER: READ},
    "vault_proposal": {DESK: ADD | REMOVE, DESK_WORKER: REMOVE},
    "vault_drawnkey": {DESK: ADD | REMOVE, DESK_WORKER: REMOVE},
}

_LEDGER: Final[dict[str, dict[str, Right]]] = {
    # Every process that acts hands in the digest; only the sequencer gives it a place. It adds entries when a restored
    # ledger is replayed.
    "ledger_entry": _both(ADD),
    "ledger_pendingentry": _both(ADD, sequencer=REMOVE | LOCK),
    "ledger_auditevent": _both(ADD),
    "ledger_leaf": _both(READ, sequencer=ADD),
    # Whoever hands in what a restore has lost removes it from the list.
    "ledger_wanted": _both(REMOVE, sequencer=ADD | REMOVE),
    "ledger_node": _both(READ, sequencer=ADD),
    "ledger_checkpoint": _both(READ, sequencer=ADD),
    "ledger_keyhandover": _both(READ, sequencer=ADD),
    # Loops set items aside; the desk shows them and has them tried again.
    "ledger_setaside": _both(
        READ,
        desk=change("retry_asked_at"),
        desk_worker=KEEP,
        mailer=KEEP,
        exchange_worker=KEEP,
        sequencer=KEEP,
    ),
    "ledger_loopstate": _both(
        READ, desk=CHANGE | REMOVE, desk_worker=KEEP, mailer=KEEP, exchange_worker=KEEP, sequencer=KEEP
    ),
    "ledger_sequencerlease": _both(READ, sequencer=ADD | change("epoch", "halted", "looked_at", "beat")),
}

_INTAKE: Final = ADD | LOCK
_SAID: Final = ("answer", "state", "opened_at", "acknowledged_at", "recalled_at", "recall_confirmed_at")
"""Columns of a delivery that statements change."""

_SHARING: Final[dict[str, dict[str, Right]]] = {
    "sharing_agreement": _exchange(READ, exchange=ADD),
    "sharing_agreementversion": _exchange(READ, exchange=ADD | change("number", "in_force_at", "refused_at")),
    "sharing_agreementlane": _exchange(READ, exchange=ADD),
    "sharing_agreementparty": _exchange(READ, exchange=ADD | change("accepted_at", "left_at")),
    "sharing_circle": _exchange(READ),
    "sharing_circle_members": _exchange(READ),
    "sharing_lanesuspension": _exchange(READ, exchange=ADD | change("lifted_at")),
    "sharing_envelope": _exchange(
        READ,
        exchange=_INTAKE,
        exchange_worker=change("manifest", "jwe_head", "origin_entry", "leaf_hashes"),
    ),
    "sharing_blob": _exchange(READ, exchange=ADD, exchange_worker=change("content")),
    "sharing_delivery": _exchange(
        READ,
        exchange=ADD | change(*_SAID, "fetched_at", "told_at", "reminded_at"),
        exchange_worker=change("state", "entry"),
        sequencer=change("number", "state", "changed"),
    ),
    "sharing_release": _exchange(READ, exchange=ADD, exchange_worker=change("leaf_hashes")),
    "sharing_statement": _exchange(READ, exchange=ADD),
    "sharing_statementdelivery": _exchange(
        READ,
        exchange=ADD,
        sequencer=change("number"),
    ),
    "sharing_feedpending": _exchange(READ, exchange=ADD, sequencer=REMOVE),
    "sharing_feedheld": _exchange(READ, exchange=REMOVE | LOCK, exchange_worker=REMOVE | LOCK, sequencer=ADD),
    "sharing_feedrequeue": _exchange(READ, exchange=ADD, sequencer=REMOVE),
    "sharing_feedmark": _exchange(READ, sequencer=ADD | change("next_leaf", "beat", "epoch")),
    "sharing_feedhead": _exchange(READ, sequencer=ADD | change("last")),
    "sharing_feeditem": _exchange(READ, sequencer=ADD),
    "sharing_feedread": {EXCHANGE: ADD | CHANGE, EXCHANGE_WORKER: READ},
    # Web processes report when such mail is late.
    "sharing_contactmail": {
        EXCHANGE: read("state", "queued_at"),
        EXCHANGE_WORKER: ADD | CHANGE | REMOVE,
    },
    "sharing_feedreminder": {EXCHANGE: ADD, SEQUENCER: REMOVE},
    "sharing_feedrepudiated": {EXCHANGE_WORKER: ADD, SEQUENCER: REMOVE},
    "sharing_keyword": {EXCHANGE_WORKER: REMOVE | change("due_at"), SEQUENCER: ADD},
    "sharing_revokedkey": {EXCHANGE_WORKER: ADD | change("since", "found_at")},
    "sharing_doubt": {EXCHANGE_WORKER: ADD | change("expanded_at")},
    "notices_notification": {
        DESK: ADD | change("state", "cause", "attempts", "not_before", "withheld"),
        DESK_WORKER: ADD | change("withheld"),
        MAILER: ADD | CHANGE,
    },
}

_DESK: Final[dict[str, dict[str, Right]]] = {
    "alerts_alert": {DESK: ADD | CHANGE, DESK_WORKER: CHANGE},
    "alerts_alertrevision": {DESK: ADD, DESK_WORKER: READ},
    "alerts_draftattachment": {DESK: KEEP, DESK_WORKER: REMOVE},
    "alerts_drafttemplate": {DESK: KEEP},
    "alerts_savedview": {DESK: KEEP},
    "peers_knowncredential": {DESK_WORKER: ADD | REMOVE, MAILER: READ},
    # The mailer warns of keys that end.
    "peers_peerkeyset": {DESK: ADD | REMOVE | change("mac"), DESK_WORKER: ADD | REMOVE, MAILER: READ},
    "peers_peerrevocation": {DESK: ADD | REMOVE | change("mac"), DESK_WORKER: ADD | REMOVE, MAILER: READ},
    "peers_heldstatement": {
        DESK: ADD | REMOVE | change("mac"),
        DESK_WORKER: ADD | REMOVE | change("log_time", "log_index", "mac"),
    },
    "peers_feedcursor": {DESK: READ | change("mac"), DESK_WORKER: KEEP},
    "peers_peeragreement": {DESK: ADD | REMOVE | change("mac"), DESK_WORKER: ADD | REMOVE},
    "peers_peercircle": {DESK: ADD | REMOVE | change("mac"), DESK_WORKER: ADD | REMOVE},
    "peers_seenagreements": {DESK: KEEP, DESK_WORKER: KEEP},
    "peers_ownexchange": {DESK: ADD | REMOVE | change("mac"), DESK_WORKER: READ},
    "peers_seenledger": {DESK: KEEP, DESK_WORKER: ADD | CHANGE},
    "peers_lastverdicts": {DESK: KEEP},
    "peers_outgoing": {DESK: KEEP, DESK_WORKER: KEEP},
    "peers_outgoingblob": {DESK: ADD | REMOVE, DESK_WORKER: ADD | REMOVE},
    "peers_sentenvelope": {DESK: ADD | change("mac"), DESK_WORKER: ADD},
    "peers_sentdelivery": {DESK: KEEP, DESK_WORKER: ADD | CHANGE},
    "peers_deliveriesplace": {DESK: ADD | REMOVE | change("place", "mac"), DESK_WORKER: ADD | CHANGE},
    "peers_unsentenvelope": {DESK: READ | change("mac"), DESK_WORKER: ADD | REMOVE},
    "peers_submissionsplace": {DESK: READ | change("mac"), DESK_WORKER: KEEP},
    "alerts_pinbook": {DESK: ADD | CHANGE, DESK_WORKER: ADD | CHANGE},
    "alerts_heldenvelope": {
        DESK: ADD | REMOVE | change("is_whole"),
        DESK_WORKER: ADD | REMOVE | change("is_whole"),
    },
    "alerts_awaitedenvelope": {DESK: READ, DESK_WORKER: KEEP},
    "alerts_heldblob": {DESK: ADD | REMOVE, DESK_WORKER: ADD | REMOVE},
    "alerts_receivedalert": {DESK: CHANGE, DESK_WORKER: ADD | CHANGE},
    "alerts_cardtoken": {DESK: ADD, DESK_WORKER: ADD | REMOVE},
    # What an officer wrote in a case is the desk's; the worker forgets notes on alerts whose content is deleted.
    "casework_case": {DESK: ADD | CHANGE, DESK_WORKER: READ},
    "casework_case_named": {DESK: KEEP, DESK_WORKER: READ},
    "casework_caseitem": {DESK: ADD | change("removed_at"), DESK_WORKER: READ},
    "casework_note": {DESK: ADD | REMOVE | LOCK, DESK_WORKER: REMOVE},
    "casework_task": {DESK: ADD | CHANGE},
    "casework_unit": {DESK: ADD | CHANGE},
    "casework_unit_members": {DESK: KEEP},
    "reciprocity_contribution": {DESK: READ, DESK_WORKER: KEEP},
    "reciprocity_dailycount": {DESK: READ, DESK_WORKER: ADD | change("n")},
    "science_adoptedrules": {DESK: ADD | change("set_aside_at", "set_aside_by_id"), DESK_WORKER: READ},
    "science_agencyrules": {DESK: ADD, DESK_WORKER: ADD},
    "science_caughtstructure": {DESK: READ, DESK_WORKER: KEEP},
    "science_controlwatch": {DESK: ADD | REMOVE, DESK_WORKER: READ},
    "science_harmreview": {DESK: ADD, DESK_WORKER: REMOVE},
    "science_libraryspectrum": {DESK: KEEP, DESK_WORKER: KEEP},
    "science_spectraimport": {DESK: KEEP, DESK_WORKER: REMOVE | LOCK},
    "alerts_profilequestion": {DESK: ADD, DESK_WORKER: ADD},
    "science_reevaluation": {DESK: READ, DESK_WORKER: ADD | CHANGE},
    "alerts_agreementtext": {DESK: ADD | REMOVE, DESK_WORKER: ADD | REMOVE},
    "alerts_withheldalert": {DESK: ADD | CHANGE, DESK_WORKER: ADD | CHANGE},
    "alerts_callnote": {DESK: ADD, DESK_WORKER: REMOVE},
    "alerts_onwardrelease": {DESK: ADD | CHANGE | REMOVE, DESK_WORKER: CHANGE | REMOVE},
    "alerts_reply": {DESK: ADD | CHANGE, DESK_WORKER: ADD | CHANGE},
    "alerts_sampleprofile": {DESK: ADD, DESK_WORKER: ADD | REMOVE},
    "science_storedstructure": {DESK: READ, DESK_WORKER: KEEP},
    "substances_controlversion": {DESK: ADD, DESK_WORKER: READ},
}

# An operator sees who comes in and is suspended, what agencies agreed, and whether the exchange works; no envelope, no
# statement, nothing of a desk.
_OPERATES: Final[dict[str, Right]] = {
    "operators_operator": ADD | change("is_active", "ended_at"),
    "operators_passkey": KEEP,
    "operators_enrolment": ADD | change("used_at"),
    "operators_operatorsession": ADD | REMOVE | change("seen_at", "ended_at"),
    "agencies_agency": ADD | change("status", "suspended_at", "custody_allowed"),
    # Keys for entering only: a trigger refuses every other.
    "agencies_apikey": ADD | change("revoked_at"),
    "agencies_keyset": READ,
    "agencies_key": READ,
    "agencies_revocation": READ,
    "ledger_entry": ADD,
    "ledger_pendingentry": ADD,
    "ledger_auditevent": ADD,
    "ledger_leaf": READ,
    "ledger_wanted": REMOVE,
    "ledger_node": READ,
    "ledger_checkpoint": READ,
    "ledger_keyhandover": READ,
    "ledger_restore": READ,
    "ledger_setaside": READ,
    "ledger_loopstate": READ,
    "ledger_sequencerlease": READ,
    "sharing_agreement": ADD,
    "sharing_agreementversion": ADD,
    "sharing_agreementlane": ADD,
    "sharing_agreementparty": ADD,
    "sharing_circle": ADD | LOCK | change("recorded_at"),
    "sharing_circle_members": ADD | REMOVE,
    # Held deliveries are released when an agency is resumed.
    "sharing_delivery": read("id", "state") | Right(update=frozenset({"state"})),
    "sharing_feedheld": REMOVE | LOCK,
    "sharing_feedrequeue": ADD,
    "sharing_feedmark": READ,
    "django_content_type": READ,
    "django_migrations": READ,
}

_OF_PROCESSES: Final = _PEOPLE | _KEYS | _LEDGER | _SHARING | _DESK

RIGHTS: Final[dict[str, dict[str, Right]]] = {
    table: _OF_PROCESSES.get(table, {}) | ({OPERATOR: _OPERATES[table]} if table in _OPERATES else {})
    for table in [*_OF_PROCESSES, *(table for table in _OPERATES if table not in _OF_PROCESSES)]
}
"""Rights by table and role."""
