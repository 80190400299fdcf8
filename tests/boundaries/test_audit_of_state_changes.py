# SPDX-License-Identifier: Apache-2.0
"""Each state change has its event in the audit, in its transaction, and only one; this file names the exceptions.

`tests.boundaries.audited_writes` says how the code is read.
"""

from typing import Final

from tests.boundaries.audited_writes import Audit
from tests.boundaries.rooms import APPS, ROOT
from tests.boundaries.written_rows import Rooms

REMEDY: Final = """\
These write rows without an event of the audit in the same transaction. Record one there: `record_event("noun.verb", ...)`, \
the act in `hub/act_rights.py` and its words in `desk/agency/audit/words.py`. Only if nobody's state changes, name the \
model in NO_STATE or the function in NO_CHANGE, with the reason:
"""
ONE_ONLY: Final = "more than one event in one transaction; keep one, or name both changes in TWO_CHANGES: "

NO_STATE: Final[dict[str, str]] = {
    # Attempts, rates and answers that are repeated.
    "agencies.Challenge": "a question that an answer must sign, for minutes",
    "agencies.FirstApiKey": "the text of an API key, sealed, for minutes; `apikey.issued` tells of the key",
    "callers.IdempotentRequest": "the outcome of a request that may be repeated",
    "officers.LoginAttempts": "a count of attempts within a window",
    # Derived from other rows, and made anew from them.
    "alerts.CardToken": "derived of an alert, deleted with its card",
    "alerts.Reply": "derived of an envelope that is a reply, and of its draft",
    "alerts.SampleProfile": "derived of an alert, deleted with its card",
    "reciprocity.Contribution": "derived of an alert that was sent or came in",
    "science.AgencyRules": "derived of the hub's and the adopted rules, whose adoption is audited",
    "science.CaughtStructure": "derived of structures and rules",
    "science.StoredStructure": "derived of an alert, deleted with its card",
    # Copies of what the exchange says or holds, verified or bound.
    "alerts.AgreementText": "a copy of an envelope's content, as `agreement.proposed` tells of an own one",
    "alerts.AwaitedEnvelope": "a copy of what the feed named, until it is there",
    "alerts.HeldBlob": "a copy of an envelope's file",
    "alerts.HeldEnvelope": "a copy of an envelope",
    "peers.HeldStatement": "a copy of a signed statement",
    "peers.KnownCredential": "a copy of the exchange's list",
    "peers.LastVerdicts": "a copy of the exchange's answer",
    "peers.PeerAgreement": "a copy of the exchange's list",
    "peers.PeerCircle": "a copy of the exchange's list",
    "peers.PeerKeyset": "a copy of a signed keyset",
    "peers.PeerRevocation": "a copy of a signed revocation",
    "peers.SeenAgreements": "a digest of copies",
    "peers.SeenLedger": "a copy of the ledger's newest checkpoint",
    "peers.SentDelivery": "a copy of what the exchange says of a delivery",
    "peers.SentEnvelope": "a copy of what was released",
    "peers.UnsentEnvelope": "a copy of the exchange's list",
    "vault.HandedEntry": "a copy of what the earlier desk handed over, as `agency.history_taken` tells",
    # Places up to which something was read, and leases.
    "peers.DeliveriesPlace": "a place in the exchange's list",
    "peers.FeedCursor": "a place in a feed",
    "peers.SubmissionsPlace": "a place in the exchange's list",
    "sharing.FeedHead": "the last number given in a feed",
    "sharing.FeedMark": "a place in the ledger",
    "sharing.FeedRead": "a place in a feed",
    # Queues: what is to be sent, and what became of that. The act that queued it is audited.
    "ledger.PendingEntry": "the queue of the sequencer",
    "sharing.ContactMail": "the queue of mails",
    "sharing.FeedHeld": "a delivery that waits for its lane",
    "sharing.FeedItem": "a number in a feed, given to what was audited as it came",
    "sharing.FeedPending": "the queue of numbering",
    "sharing.FeedReminder": "an item of a feed",
    "sharing.FeedRepudiated": "an item of a feed",
    "sharing.FeedRequeue": "the queue of numbering",
    # The log itself.
    "ledger.Entry": "a digest handed in with the object that it proves",
    "ledger.Leaf": "the log, which proves itself",
    "ledger.Node": "derived of leaves",
    "ledger.AuditEvent": "the audit itself",
    "ledger.Checkpoint": "the log, signed",
    "ledger.Wanted": "an entry that a restore has lost",
}
"""Models whose rows are no state that somebody changes, each with what they are."""

NO_CHANGE: Final[dict[str, tuple[str, ...]]] = {
    "it notes when or how often something was used, tried, seen or told": (
        "agencies/instances.py:announce_instance: agencies.Instance",
        "alerts/receiving/opening.py:_mark_opened: alerts.ReceivedAlert",
        "alerts/receiving/reporting.py:report_openings: alerts.ReceivedAlert",
        "alerts/receiving/reporting.py:report_told: alerts.ReceivedAlert",
        "alerts/replies/reminding.py:_look_at_asked: alerts.Alert",
        "alerts/replies/reminding.py:_look_at_owed: alerts.ReceivedAlert",
        "callers/systemkeys.py:Keyring.mark_use: callers.SystemKey",
        "ledger/halting.py:mark_beat: ledger.SequencerLease",
        "ledger/leadership.py:_raise_epoch: ledger.SequencerLease",
        "ledger/set_aside.py:Round.go_on: ledger.LoopState",
        "ledger/set_aside.py:Round._try: ledger.SetAside",
        "officers/accountlinks.py:mail_link: officers.AccountLink",
        "officers/login/passkeys.py:_note_use: allauth.Authenticator",
        "officers/login/sessions.py:touch_session: officers.OfficerSession",
        "operators/sessions.py:session_of: operators.OperatorSession",
        "peers/entries.py:note_first_release: peers.Agency",
        "sharing/deliveries.py:report_facts: sharing.Delivery",
        "vault/outgoing.py:_begin_try: vault.KeyStatement",
        "vault/outgoing.py:_note_trouble: vault.KeyStatement",
        "vault/suspending.py:_tell: vault.SuspendedKey",
    ),
    "it derives columns of what came in or was sent": (
        "alerts/history/taking_in.py:_take: alerts.ReceivedAlert",
        "alerts/projections/sent_tokens.py:tokenise_sent: alerts.Alert",
        "alerts/receiving/filing.py:_file_card: alerts.ReceivedAlert",
        "alerts/receiving/filing.py:_file_names: alerts.ReceivedAlert",
        "alerts/receiving/retractions.py:_keep_judgements: alerts.ReceivedAlert, notices.Notification",
        "alerts/receiving/taking.py:FeedOfAgency._note_unopenable: alerts.ReceivedAlert, peers.Outgoing",
        "alerts/receiving/taking.py:FeedOfAgency._open_filed: alerts.ReceivedAlert",
        "alerts/receiving/taking.py:FeedOfAgency._settle: alerts.ReceivedAlert",
        "alerts/receiving/taking.py:FeedOfAgency._visit_awaited: alerts.ReceivedAlert",
        "alerts/receiving/versions.py:_replace: alerts.ReceivedAlert",
        "alerts/replies/answers.py:settle_question: alerts.ReceivedAlert",
        "alerts/replies/due_times.py:settle_due_times: alerts.Alert, alerts.ReceivedAlert",
        "alerts/replies/projection.py:_note_question: alerts.ReceivedAlert",
        "alerts/sending/amendment.py:mark_replaced: alerts.Alert",
        "science/spectra/received.py:_count_try: science.LibrarySpectrum",
        "science/spectra/received.py:_replace: science.LibrarySpectrum",
        "science/spectra/received.py:forget_spectra: science.LibrarySpectrum",
        "science/spectra/received.py:keep_received_files: science.LibrarySpectrum",
    ),
    "it copies what the exchange says; the exchange's audit has the act": (
        "alerts/peers/pin_updates.py:keep_seen: alerts.PinBook",
        "alerts/sending/submissions.py:OwnSubmissions._keep: callers.BoundRow",
        "alerts/receiving/filing.py:file_rows: alerts.ReceivedAlert",
        "alerts/sending/hand_in.py:_note_sent: alerts.Alert, alerts.DraftAttachment, alerts.WithheldAlert",
        "alerts/sending/ledger_places.py:_place_alert: alerts.Alert",
        "peers/entries.py:_keep: peers.Agency",
        "vault/exchangekeys.py:HeldExchangeKeys.refuse: vault.ExchangeKey",
        "vault/exchangekeys.py:note_lacking: vault.ExchangeKey",
        "vault/exchangekeys.py:note_scopes: vault.ExchangeKey",
        "vault/instances.py:_note_holder: vault.Announcement",
        "vault/instances.py:_note_taken: vault.Announcement",
        "vault/instances.py:_note_versions: vault.Announcement",
    ),
    "each save is a row that says who wrote it and when, and is never changed": (
        "alerts/drafting/drafts.py:_save_content: alerts.Alert, alerts.AlertRevision",
        "alerts/drafting/drafts.py:add_file: alerts.DraftAttachment",
        "alerts/drafting/drafts.py:remove_attachment: alerts.DraftAttachment",
    ),
    "another function of the same act records the event, which is found by a table, an argument or a `with`": (
        "agencies/own_statements.py:_keep: agencies.OwnStatement",
        "casework/cases.py:_store: casework.Case",
        "alerts/sending/hand_in.py:Handing.release: peers.Outgoing",
        "alerts/sending/hand_in.py:Handing.send: peers.Outgoing, peers.OutgoingBlob",
        "alerts/sending/hand_in.py:Handing.state: peers.Outgoing",
        "sharing/agreement_statements.py:answer_agreement: sharing.AgreementParty, sharing.AgreementVersion, sharing.Delivery",
        "sharing/agreement_statements.py:leave_agreement: sharing.AgreementParty",
        "sharing/agreement_statements.py:propose_agreement: sharing.Agreement, sharing.AgreementLane, sharing.AgreementParty, sharing.AgreementVersion",
        "sharing/releases.py:_store: sharing.Delivery, sharing.Release",
        "sharing/releases.py:unrelease: sharing.Delivery",
        "sharing/statements.py:_acknowledge: sharing.Delivery",
        "sharing/statements.py:_confirm: sharing.Delivery",
        "sharing/statements.py:_retract: sharing.Delivery",
        "sharing/suspensions.py:resume_lanes: sharing.Delivery, sharing.LaneSuspension",
        "sharing/suspensions.py:suspend_lanes: sharing.LaneSuspension",
    ),
    "it is a part of a change whose event stands beside it, under an act of its own": (
        "agencies/entrykeys.py:end_entry: agencies.ApiKey",
        "officers/login/sessions.py:carry_session_over: officers.OfficerSession",
        "officers/login/sessions.py:open_session: officers.OfficerSession",
        "sharing/agreements.py:requeue_held: sharing.Delivery",
        "vault/kekrotation.py:begin_epochs: vault.VaultSecret",
    ),
    "nothing counts yet: what is kept waits for the exchange or a confirmation, which have events": (
        "science/spectra/library.py:begin_import: science.LibrarySpectrum, science.SpectraImport",
        "vault/making.py:keep_keyset: vault.KeyStatement, vault.VaultKey, vault.VaultSecret",
        "vault/making.py:keep_revoke: vault.KeyStatement",
        "vault/making.py:keep_roots: vault.VaultKey, vault.VaultSecret",
    ),
    "nothing counts any more: it is too old, settled, or was never confirmed": (
        "casework/notes.py:forget_notes: casework.Note",
        "officers/login/sessions.py:forget_sessions: officers.OfficerSession",
        "science/board/harm_reviews.py:forget_reviews: science.HarmReview",
        "science/spectra/library.py:_drop: science.LibrarySpectrum, science.SpectraImport",
        "science/spectra/library.py:delete_import: science.LibrarySpectrum, science.SpectraImport",
        "sharing/deliveries.py:expire_held: sharing.Delivery",
        "vault/outgoing.py:_forget: vault.KeyStatement, vault.VaultKey",
        "vault/outgoing.py:_let_go: vault.KeyStatement",
        "vault/proposing.py:_accept: vault.DrawnKey, vault.Proposal",
        "vault/proposing.py:forget_proposals: vault.DrawnKey, vault.Proposal",
    ),
    "the same content in another form: a newer hash, another key, another code": (
        "officers/login/factorrows.py:_swap: allauth.Authenticator",
        "officers/models.py:Officer.check_password: officers.Officer",
        "vault/kekrotation.py:_rewrap_row: vault.VaultSecret",
    ),
    "it is drawn with the first thing that needs it": (
        "vault/hubsecret.py:_draw: vault.VaultSecret",
        "vault/instances.py:own_instance: vault.DeskInstance",
    ),
    "it is a step of a queue; the act that put something into it has the event": (
        "notices/answers_waiting.py:settle_waiting_answer: notices.Notification",
        "notices/leasing.py:Lease.give_back: notices.Notification",
        "notices/leasing.py:Lease.keep: notices.Notification",
        "notices/leasing.py:Lease.record: notices.Notification",
        "notices/leasing.py:lease_batch: notices.Notification",
        "notices/leasing.py:return_leases: notices.Notification",
        "notices/queueing.py:save_notices: notices.Notification",
        "notices/sending.py:_queue_again: notices.Notification",
        "notices/telling.py:tell_of_withdrawal: notices.Notification",
        "peers/outgoing.py:_begin: peers.Outgoing",
        "peers/outgoing.py:_put_off: peers.Outgoing",
        "peers/outgoing.py:forget_settled: peers.Outgoing",
        "peers/outgoing.py:make_due: peers.Outgoing",
        "peers/outgoing.py:note_told: peers.Outgoing",
        "peers/outgoing.py:postpone_after: peers.Outgoing",
        "peers/outgoing.py:settle: peers.Outgoing, peers.OutgoingBlob",
    ),
    "the log writes nothing while its clock is wrong; `sequencer.resumed` has the reason": (
        "ledger/halting.py:halt_sequencer: ledger.SequencerLease",
    ),
    "it is progress of a round whose outcome has an event": (
        "ledger/restores.py:note_deleted: ledger.Restore",
        "science/law/reevaluating.py:_begin: science.Reevaluation",
        "science/law/reevaluating.py:_finish: science.Reevaluation",
        "science/law/reevaluating.py:_write: science.Reevaluation",
        "sharing/repudiation.py:_put_off: sharing.KeyWord",
        "sharing/repudiation.py:find_repudiated: sharing.KeyWord",
        "sharing/repudiation.py:mark_doubts: sharing.Doubt",
    ),
    "it records an event for each of many, in a loop that runs at least once": (
        "alerts/peers/comparing.py:compare_fingerprints: alerts.PinBook",
    ),
    "it numbers what was audited as it came in": (
        "sharing/feed.py:begin_epoch: sharing.Delivery",
        "sharing/numbering.py:number_covered: sharing.Delivery, sharing.KeyWord, sharing.StatementDelivery",
    ),
}
"""Functions that write rows of these models without an event, by the reason."""

TWO_CHANGES: Final[dict[str, str]] = {
    "agencies/registry.py:register_keyset": "the keyset, and each suspended key that it lets serve again",
    "agencies/registry.py:settle_recovery": "the recovered root, and each suspended key that it lets serve again",
    "alerts/receiving/forgetting.py:forget_cards": "alerts that are tried again, and those that are due",
    "alerts/receiving/retractions.py:judge_again": "alerts that are tried again, and those that are due",
    "desk/account/api.py:AccountView.patch": "the profile and the mail settings, in one request",
    "ledger/set_aside.py:Round._set_aside": "the item, and the loop that stops after ten of them",
    "officers/deciding.py:agree_to_change": "the second person's word, and the change of power that it brings about",
    "officers/deciding.py:apply_due_change": "the end of the delay, and the change of power that it brings about",
    "officers/moving_in.py:_record": "the agency, and the identity that another desk held",
    "sharing/intake.py:_log_and_audit": "the envelope, and the warning that it is kept for less than a year",
    "sharing/tombstones.py:delete_contents": "envelopes that are tried again, and those that are due",
}
"""Functions that record several events in one transaction, since they change several things."""


def _audit_of_the_rooms() -> Audit:
    paths = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}
    rooms = Rooms({name.removesuffix(".__init__"): path.read_text("utf-8") for name, path in names.items()})
    return Audit(rooms, no_state=NO_STATE, exempt={line for some in NO_CHANGE.values() for line in some})


def test_each_change_has_its_event_and_only_one() -> None:
    audit = _audit_of_the_rooms()
    unaudited, several = audit.report(), {function.short for function in audit.twice}
    assert {"alerts.Alert", "agencies.Keyset", "peers.Agency", "vault.VaultKey"} <= audit.written
    assert unaudited == [], REMEDY + "\n".join(unaudited)
    assert several - TWO_CHANGES.keys() == set(), ONE_ONLY

    waiting = {model for origin in audit.unaudited() for model in origin.write.models}
    named = [line for some in NO_CHANGE.values() for line in some]
    excused = {f"{name}: {', '.join(sorted(models))}" for name, models in audit.excused.items()}
    assert NO_STATE.keys() - waiting == set(), "a model that is written with an event, or not at all"
    assert set(named) - excused == set(), "a function that writes none of these, or not all, without an event"
    assert TWO_CHANGES.keys() - several == set(), "a function that records one event"
    assert len(named) == len(audit.excused)
