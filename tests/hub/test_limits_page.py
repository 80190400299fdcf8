# SPDX-License-Identifier: Apache-2.0
"""The page of limits states the numbers that the code has."""

from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings

from accord import answer_times
from accord.client.sending import SENT_KEPT_SECS
from accord.envelope.encoding import MAX_VALUES
from accord.envelope.manifest import MAX_ATTACHMENTS, MAX_BLOB_BYTES, MAX_BLOBS_BYTES
from accord.envelope.vocabulary import MAX_RECIPIENTS, MAX_RED_AGENCIES
from agencies import accession, instances, newer_keysets
from alerts import query_audit as asking
from alerts.boxes import export as exporting
from alerts.boxes import paging, saved_views, search
from alerts.document import reading as document_reading
from alerts.drafting import templates as draft_templates
from alerts.receiving import bulk_acknowledgement
from callers import cursors, idempotency, rates, systemkeys
from casework import access as casework
from casework import cases
from desk.agency.audit import export_page as export
from desk.alerts import serializers
from desk.alerts.received import reading
from desk.science import reason as why
from hub import middleware
from officers import accountlinks, identity, powers
from officers.expiring_rows import AccountLink
from officers.login import attempts, devices, proof, signing
from operators import enrolling, sessions
from peers import freshness
from science.answers import spectra as answers_spectra
from science.board import harm_reviews as looking
from science.law import previewing
from science.screening import draft_audit as draft_screening
from science.spectra import library
from science.structures import analogues, store
from sharing import backpressure, changes, deliveries, feed, reminders, slices, submissions, waiting
from sharing import serializers as sharing_serializers
from substances.control import stressing
from substances.profiles import vectors
from substances.sandbox.jobs import JOBS
from substances.spectra import limits as spectra
from substances.structures import limits as molecule
from vault import unlocking

PAGE: Final = Path(__file__).parents[2] / "docs" / "limits.md"
MIB: Final = 1024 * 1024
ASKED: Final = (
    "read_structure",
    "screen",
    "find_resembling",
    "read_spectra",
    "read_library",
    "match_spectrum",
    "fit_spectrum",
)


def minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)


def hours(span: timedelta) -> int:
    return span // timedelta(hours=1)


def _often() -> dict[str, str]:
    window = f"{minutes(attempts.WINDOW)} minutes"
    codes = f"{attempts.LIMIT_PER_FACTOR} in {window}, {attempts.LIMIT_PER_FACTOR_A_DAY} a day"
    return {
        "passwords for one account, from one address": f"{attempts.LIMIT_PER_ADDRESS} in {window}",
        "passwords for one account, from all browsers that have not signed in to it before": (
            f"{attempts.LIMIT_PER_ACCOUNT_A_DAY} a day"
        ),
        "passwords from one address, whatever the accounts, from such browsers": (
            f"{attempts.LIMIT_PER_SENDER} in {window}"
        ),
        "passwords for one account, from one browser that has signed in to it before": (
            f"{attempts.LIMIT_PER_DEVICE} in {window}, {attempts.LIMIT_PER_DEVICE_A_DAY} a day"
        ),
        "one-time and recovery codes of one officer": codes,
        "the same, from one browser that has signed in before": codes,
        "passwords and codes of somebody signed in who is asked once more": (
            f"{attempts.LIMIT_PER_STEP_UP} in {window}, {attempts.LIMIT_PER_STEP_UP_A_DAY} a day, each session"
        ),
        "asking for a new password, one account": f"{attempts.LIMIT_OF_RESETS} in {window}",
        "asking for a new password, one address": f"{attempts.LIMIT_OF_RESETS_PER_ADDRESS} in {window}",
        "opening a desk that is locked at rest, by its page": (
            f"{unlocking.MOST_A_MINUTE} in a minute, {unlocking.MOST_AN_HOUR} in an hour, whoever tries"
        ),
        "requests of one API key or one officer to the API": (
            f"{settings.API_RATE_PER_SECOND:.0f} a second, ten times as many at once after a pause"
        ),
        "keysets of one agency": f"{accession.MOST_KEYSETS_A_DAY} a day",
        "questions to the science core that name no case, of one officer or API key": (
            f"{asking.WITHOUT_CASE_AN_HOUR} an hour"
        ),
        "structures, spectra and profiles that one officer or API key asks about, for a case too": (
            f"{asking.ASKED_AN_HOUR} an hour"
        ),
        "versions of drafts whose control status one officer is shown before they are submitted": (
            f"{draft_screening.DRAFTS_AN_HOUR} an hour"
        ),
    }


def _long() -> dict[str, str]:
    links = accountlinks.LIFETIMES
    return {
        "a session": f"{settings.SESSION_COOKIE_AGE // 3600} hours",
        "the second step after the password": f"{minutes(signing.SECOND_STEP_WITHIN)} minutes",
        "a browser known from an earlier sign-in": f"{devices.LIVES.days} days",
        "a proof that it is still you, for releasing, withdrawing, keys, people and policy": (
            f"{minutes(proof.FRESH_FOR)} minutes"
        ),
        "reading an alert under the reason that was given": f"{minutes(reading.OPEN_FOR)} minutes",
        "a link of an invitation": f"{hours(links[AccountLink.Purpose.INVITATION])} hours",
        "a link for a new password": f"{hours(links[AccountLink.Purpose.RESET])} hour",
        "a change of power that nobody agrees to, after the first delivered mail about it": (
            f"{powers.DELAY_HOURS} hours"
        ),
        "the same, after a keeper reset an admin's factors on the machine": (
            f"{powers.MACHINE_DELAY_HOURS} hours"
        ),
        "whoever was admin still counts as one who may agree or stop": f"{hours(powers.ADMIN_COUNTS_FOR)} hours",
        "between a reset of factors and a password by mail, to withhold an account's powers until somebody "
        "confirms the person": f"{identity.RESET_WITHIN.days} days",
        "an operator's session at the exchange": (
            f"{hours(sessions.SESSION_LIVES)} hours, {hours(sessions.IDLE_FOR)} hour without use"
        ),
        "a link by which an operator makes a passkey": f"{hours(enrolling.LINK_LIVES)} hours",
        "the newest entry of the exchange's log that an agency's desk has seen, before people are warned": (
            f"{hours(freshness.WARNED_AFTER)} hours"
        ),
        "the same, before nothing is sent": f"{freshness.STOPPED_AFTER.days} days",
        "a key of a system": f"{systemkeys.MAX_LIFETIME.days} days",
        "a cursor, but for `next` of the feed and of changed deliveries": f"{hours(cursors.LIVES)} hours",
        "an `Idempotency-Key`": f"{hours(idempotency.KEPT_FOR)} hours",
        "a desk or command that holds an agency's identity and says nothing": f"{instances.SILENT_FOR.days} days",
        "an import of spectra that nobody confirms": f"{hours(library.WAITS_FOR)} hours",
        "what was sent with `accord`, in its home, past the receipt": f"{SENT_KEPT_SECS // 86_400} days",
    }


def _much() -> dict[str, str]:
    assert changes.MOST_CHANGES == feed.MAX_LIMIT
    return {
        "one request": f"{middleware.LARGEST_REQUEST_BYTES // MIB} MiB",
        "one request of somebody not signed in": f"{middleware.LARGEST_FROM_STRANGERS_BYTES // MIB} MiB",
        "one request to the science core": f"{middleware.LARGEST_QUESTION_BYTES // MIB} MiB",
        "uploads that lie in one exchange process at once": f"{settings.SPOOL_MIB:,} MiB (`SPOOL_MIB`)",
        "one JSON body": (
            f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE // MIB} MiB, {MAX_VALUES:,} members and items"
        ),
        "one file, sealed": f"{MAX_BLOB_BYTES // MIB} MiB",
        "files of one alert": f"{MAX_ATTACHMENTS}, {MAX_BLOBS_BYTES // MIB} MiB together",
        "recipients of one alert": f"{MAX_RECIPIENTS}; {MAX_RED_AGENCIES} for RED",
        "alerts in one case": f"{cases.ITEMS_AT_MOST}",
        "text of a note on a case or an alert, of a task, of a summary": f"{casework.TEXT_AT_MOST:,} characters",
        "rows of a page, `limit`": (
            f"1 to {paging.ROWS_AT_MOST}; {feed.MAX_LIMIT} of the feed and of changed deliveries, "
            f"{submissions.MAX_LIMIT} of submissions"
        ),
        "digests of one question what is wanted after a restore": f"{sharing_serializers.MOST_ASKED}",
        "drafts put at once": f"{serializers.DRAFTS_AT_MOST}",
        "alerts acknowledged at once": f"{bulk_acknowledgement.AT_MOST}",
        "slices fetched at once": f"{slices.MOST_SLICES}",
        "agencies of one question for newer keysets": f"{newer_keysets.MOST_ASKED}",
        "recipients of one preview": f"{MAX_RECIPIENTS}",
        "facts about received envelopes reported at once": f"{deliveries.MOST_REPORTED}",
        "time of a reported fact": (
            f"from the envelope's log time to {minutes(deliveries.AHEAD)} minutes ahead of the hub's clock"
        ),
        "members of one received alert that are not understood and shown as text": (
            f"{document_reading.MOST_LISTED}, each {document_reading.TEXT_CHARS} characters"
        ),
        "hits of one search": f"{search.HITS_AT_MOST}, out of {search.CARDS_AT_MOST:,} cards looked at",
        "substances screened at once": f"{asking.AT_ONCE}, and more than one for a case only",
        "one structure": (
            f"{molecule.MAX_TEXT_CHARS // 1024} KiB of text, {molecule.MAX_ATOMS} heavy atoms, "
            f"{molecule.MAX_RINGS} rings, {molecule.MAX_COMPONENTS} components"
        ),
        "components of one structure that is screened without a case": f"{asking.PARTS_WITHOUT_CASE}",
        "one file of spectra": f"{spectra.MAX_BYTES // MIB} MiB, {spectra.MAX_SPECTRA:,} spectra",
        "similar substances of one structure": (
            f"{analogues.HITS_AT_MOST}, out of {store.OPENED_AT_MOST:,} of the agency's own looked at"
        ),
        "hits of one spectrum": f"{answers_spectra.HITS_AT_MOST}",
        "spectra in one agency's library": (
            f"{library.SPECTRA_AT_MOST:,}, {library.OCTETS_AT_MOST // MIB} MiB together"
        ),
        "spectra that came with alerts and are looked at in one question": (
            f"{library.SPECTRA_AT_MOST:,}, {answers_spectra.RECEIVED_AT_MOST // MIB} MiB together"
        ),
        "imports of spectra of one agency that wait to be confirmed": f"{library.PENDING_AT_MOST}",
        "values of one profile": f"2 to {vectors.MAX_TARGETS}",
        "processor time of one question to the science core": (
            f"{max(JOBS[name].cpu_secs for name in ASKED):.0f} seconds"
        ),
        "processor time of one rule, or of a file's groups, over hard structures": (
            f"{stressing.CPU_SECS_A_RULE} seconds"
        ),
        "note of a harm review": (
            f"{looking.NOTE_AT_MOST} characters; the next one within {looking.FARTHEST.days} days"
        ),
        "structures looked at before adopting a rule": f"{previewing.AT_ONCE}, the newest",
        "kept views of one officer": f"{saved_views.VIEWS_AT_MOST}",
        "templates of one agency": f"{draft_templates.TEMPLATES_AT_MOST}",
        "alerts of one export": f"{exporting.MOST_ALERTS:,} of a box, the hits of one page of a search",
        "rows of one audit export": f"{export.MOST_ROWS:,}",
    }


def rows() -> dict[str, str]:
    """Return the first two cells of each row of the page."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [line.strip("| ").split(" | ") for line in lines]
    return {what: limit for what, limit, *_ in cells if what != "what"}


@pytest.mark.parametrize("section", [_often, _long, _much], ids=["often", "long", "much"])
def test_each_number_is_the_codes(section: object) -> None:
    assert callable(section)
    expected: dict[str, str] = section()
    assert {what: rows().get(what) for what in expected} == expected


def test_no_row_is_left_unchecked() -> None:
    others = {
        "mails to the contact points of an agency whose feed nobody reads": (
            f"once for the first item that waits (a flash {waiting.FLASH_WAITS.seconds // 60} minutes, all else "
            f"{waiting.WAITS.seconds // 60} minutes), once more for a flash behind it"
        ),
        "mails that an answer waits": (
            "one to each officer before it is due, one when it is overdue (the duty list in its order, one officer a pause: "
            f"half of the time given, {answer_times.PAUSE_LEAST.seconds // 60} minutes to a day)"
        ),
        "mails to an agency that asked, about answers that are missing": "one a question",
        "reminders of one envelope": "one an hour",
        "envelopes, while the log is more than a second behind": "none but flash",
    }
    assert rows().keys() == {**_often(), **_long(), **_much(), **others}.keys()
    assert rates.SECONDS_OF_BURST == 10
    assert timedelta(hours=1) == reminders.REMINDED_EVERY
    assert why.FILE_AT_MOST == spectra.MAX_BYTES
    assert timedelta(seconds=1) == backpressure.LAG_LIMIT and backpressure.RETRY_AFTER_SECS == 1
