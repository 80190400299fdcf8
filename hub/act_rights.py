# SPDX-License-Identifier: Apache-2.0
"""Audit acts that each role may write; the database refuses a login every other (`ORIGIN` of the ledger's first migration).

The owner of the tables may write any act, since it could remove the trigger. `audit.pruned` is the owner's alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from django.db.backends.utils import CursorWrapper
from psycopg import sql

DESK, DESK_WORKER, MAILER = "desk", "desk-worker", "mailer"
EXCHANGE, EXCHANGE_WORKER, OPERATOR, SEQUENCER = "exchange", "exchange-worker", "operator", "sequencer"
DESK_SEQUENCER: Final = "desk-sequencer"
OWNER: Final = "owner"
"""Owner of the tables of a half, who migrates them; no role's login."""


def _acts(noun: str, *verbs: str) -> tuple[str, ...]:
    return tuple(f"{noun}.{verb}" for verb in verbs)


# Acts about what the exchange has taken or refused of an agency's own keys, written by the process that got the answer.
_OF_OWN_KEYS: Final = (
    *_acts("agency", "change_refused", "key_retired", "keys_created", "keys_rotated", "keyset_renewed"),
    *_acts("agency", "proposal_accepted", "recovery_cancelled", "root_changed", "root_recovered"),
    "key.revoked",
)
# Acts about the exchange's answers when this desk announced or released an identity.
_OF_INSTANCES: Final = _acts("instance", "announced", "held_elsewhere", "released", "versions_apart")
# Acts of officers, keepers and their commands.
_OF_THE_DESK: Final = (
    *_OF_OWN_KEYS,
    *_OF_INSTANCES,
    *_acts(
        "agency", "bound", "calendar_stated", "change_given_up", "change_proposed", "comes", "entry_key_kept"
    ),
    *_acts(
        "agency",
        "history_handed_over",
        "history_taken",
        "keys_destroyed",
        "leave_agreed",
        "leave_asked",
        "move_signed",
        "stays",
    ),
    *_acts("agency", "moved_in", "proposal_discarded", "proposal_refused", "taken_in"),
    *_acts(
        "agency", "transition_begun", "transition_end_asked", "transition_ended", "transition_gone_through"
    ),
    *_acts("agreements", "altered"),
    *_acts(
        "alert",
        "acknowledged",
        "amended",
        "call_noted",
        "cancelled",
        "copied",
        "discarded",
        "drafted",
        "emergency_reviewed",
        "exported",
        "looked",
        "onward_discarded",
        "onward_prepared",
        "opened",
        "released_onward",
        "unreleased",
    ),
    *_acts("alert", "reaffirmed", "refused", "released", "resent", "returned", "searched", "submitted"),
    *_acts("alert", "unopenable", "validated", "withdrawn"),
    *_acts("alert", "withheld_cancelled", "withheld_chosen", "withheld_declined", "withheld_refused"),
    *_acts("audit", "exported"),
    *_acts("board", "read"),
    *_acts("circle", "member_confirmed"),
    *_acts("control", "imported", "previewed"),
    *_acts("credential", "ended", "issued", "replaced"),
    *_acts("deskkey", "issued", "revoked", "rotated"),
    *_acts("duty", "changed"),
    *_acts("entry", "stated"),
    *_acts("exchange", "told"),
    *_acts("harm", "looked"),
    *_acts("instance", "forgotten", "taken_over"),
    *_acts("item", "retried"),
    *_acts("key", "suspended"),
    *_acts("agreement", "accepted", "left", "proposed", "refused", "taken_back"),
    *_acts("lane", "resumed", "suspended"),
    *_acts("loop", "resumed"),
    *_acts("notice", "resent"),
    *_acts(
        "officer",
        "bound",
        "deputy_named",
        "disabled",
        "enabled",
        "enrolled",
        "factor_added",
        "factor_removed",
    ),
    *_acts("officer", "factors_reset", "invitation_accepted", "invited", "mail_changed"),
    *_acts("officer", "other_sessions_ended", "password_changed", "password_reset", "password_set"),
    *_acts("officer", "profile_changed", "proved_again", "recovery_code_used", "recovery_codes_renewed"),
    *_acts(
        "officer",
        "reset_issued",
        "roles_changed",
        "session_ended",
        "sessions_ended",
        "sign_in_reopened",
        "signed_in",
    ),
    *_acts("officer", "reset_asked", "signed_out", "unit_changed"),
    *_acts("officer", "work_handed_over"),
    *_acts(
        "case",
        "changed",
        "closed",
        "item_added",
        "item_removed",
        "noted",
        "opened",
        "reopened",
        "reviewed",
        "searched",
    ),
    *_acts("task", "assigned", "created", "done", "dropped"),
    *_acts("unit", "changed", "made"),
    "alert.noted",
    *_acts("deliveries", "dropped"),
    *_acts(
        "peer",
        "book_begun",
        "compared",
        "comparison_undone",
        "first_compared",
        "keys_dropped",
        "refused",
        "telephone_taken",
    ),
    *_acts("policy", "bound", "changed"),
    *_acts("power", "agreed", "applied", "asked", "dropped", "stopped"),
    *_acts("profile", "asked", "compared"),
    *_acts("reopening", "asked", "refused", "taken"),
    *_acts("reply", "drafted"),
    *_acts("restore", "reviewed"),
    *_acts("rule", "adopted", "set_aside"),
    *_acts("science", "refused"),
    *_acts("spectra", "deleted", "imported"),
    *_acts("spectrum", "matched"),
    *_acts("statement", "reaffirmed", "refused"),
    *_acts("substance", "compared", "screened"),
    *_acts("template", "created", "deleted"),
    *_acts("vault", "locked", "opened", "passphrase_changed", "recovery_key_changed", "ring_made"),
    *_acts("vault", "ring_rotated", "ring_rotation_begun"),
    *_acts("view", "chosen", "deleted", "renamed", "saved", "unchosen"),
    *_acts("watch", "begun", "ended"),
    *_acts("withdrawal", "confirmed", "reminded"),
)
# Acts of an agency's system at the exchange: its own, or its desk.
_OF_AN_AGENCY: Final = (
    *("agency.custody_changed", "delivery.reminded"),
    *_acts("entry", "refused", "stated"),
    *_acts("envelope", "carried", "kept_short", "refused"),
    *_acts("instance", "announced", "released"),
    *_acts("key", "resumed", "revoke_refused", "revoked", "suspended"),
    *_acts("keyset", "accepted", "recovered", "refused"),
    *_acts("ledger", "disputed"),
    *_acts("statement", "accepted", "refused"),
)
_OF_FETCHING: Final = (*_acts("blob", "refused", "served"), *_acts("slice", "refused", "served"))
_OF_SEQUENCERS: Final = ("database.restored", "ledger.key_replaced", "sequencer.resumed")
_OF_LOOPS: Final = (*_acts("item", "set_aside", "taken_later"), *_acts("loop", "stopped"))

ACTS_OF: Final[Mapping[str, frozenset[str]]] = {
    DESK: frozenset({*_OF_THE_DESK, *_OF_LOOPS}),
    EXCHANGE: frozenset(
        {*_OF_AN_AGENCY, *_OF_FETCHING, *_acts("apikey", "issued", "refused", "revoked", "rotated")}
    ),
    OPERATOR: frozenset(
        {
            *_acts("operator", "ended", "enrolled", "invited", "signed_in", "signed_out"),
            *_acts("agency", "admitted", "move_allowed", "move_forbidden", "resumed", "suspended"),
            *_acts("agreement", "recorded"),
            *_acts("apikey", "issued", "revoked"),
            *_acts("circle", "changed", "ended", "recorded"),
        }
    ),
    MAILER: frozenset(_OF_LOOPS),
    EXCHANGE_WORKER: frozenset(
        {
            *_OF_LOOPS,
            *("content.deleted", "key.repudiated", "key.resumed", "keyset.recovered", "ledger.hour_logged"),
        }
    ),
    DESK_WORKER: frozenset(
        {
            *_OF_LOOPS,
            *_OF_INSTANCES,
            *_OF_OWN_KEYS,
            *_acts("alert", "refused", "screened", "unopenable"),
            "statement.refused",
            *_acts("power", "applied", "asked", "dropped"),
            *_acts("officer", "enabled", "enrolled", "invited", "roles_changed"),
            *(
                "agency.proposal_discarded",
                "agreements.altered",
                "card.deleted",
                "control.reevaluated",
                "credential.replaced",
            ),
            *("peer.refused", "peer.telephone_said", "policy.changed", "retract.doubted"),
        }
    ),
    SEQUENCER: frozenset({*_OF_LOOPS, *_OF_SEQUENCERS}),
    DESK_SEQUENCER: frozenset(_OF_SEQUENCERS),
    OWNER: frozenset({"audit.pruned"}),
}


def grant_acts(cursor: CursorWrapper, logins: Mapping[str, str]) -> None:
    """Let the login of each role write the acts of that role, and no login any other; for the owner of the tables."""
    acts_of_login: defaultdict[str, set[str]] = defaultdict(set)
    for role, login in logins.items():
        if login:
            acts_of_login[login] |= ACTS_OF.get(role, frozenset())
    cases = [_case(login, acts) for login, acts in sorted(acts_of_login.items())]
    body: sql.Composable = sql.SQL("SELECT false")
    if cases:
        body = sql.SQL("SELECT coalesce(act = ANY(CASE login {} END), false)").format(
            sql.SQL(" ").join(cases)
        )
    cursor.execute(
        sql.SQL(
            "CREATE OR REPLACE FUNCTION public.ledger_may_write_act(login text, act text) RETURNS boolean"
            " LANGUAGE sql IMMUTABLE AS {}"
        ).format(sql.Literal(body.as_string(None)))
    )


def _case(login: str, acts: Iterable[str]) -> sql.Composable:
    return sql.SQL("WHEN {} THEN {}::text[]").format(sql.Literal(login), sql.Literal(sorted(acts)))
