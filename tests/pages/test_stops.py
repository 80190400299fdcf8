# SPDX-License-Identifier: Apache-2.0
"""Every refusal of the desk or the vault, and every failed check, is a page in the words of its row, never a breakdown."""

import html
import inspect
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from django.http import HttpRequest, HttpResponseBase
from django.test import RequestFactory
from django.utils import translation

from accord.envelope.errors import (
    BackendError,
    EnvelopeError,
    Failure,
    MalformedError,
    OpeningError,
    SealingError,
    SealRefusal,
    VerificationError,
)
from alerts.document.findings import Findings
from alerts.drafting.drafts import attach_file
from alerts.errors import AlertIncompleteError, AlertsError, MoveRefusedError, UnknownSchemaError
from alerts.models import Alert, HeldEnvelope, ReceivedAlert
from alerts.sending.withdrawal import withdraw_alert
from callers.errors import NotBoundError
from desk.web.urls import Page, guarded
from hub.problems import problem_for
from sharing.models import Blob, Envelope
from tests.alerts.test_open_alert import drop_held
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld
from vault.errors import NotNamedError, VaultError
from vault.models import VaultKey

FAILED = "Do not rely on this alert. A check failed; the content stays closed."
FITTING: dict[Any, Any] = {str: "what to do", int: 1}


def kinds_of(*families: type[Exception]) -> Iterator[type[Exception]]:
    for family in families:
        yield family
        yield from kinds_of(*family.__subclasses__())


def made(kind: type[Exception]) -> Exception:
    """Return an error of this class, with text wherever it takes text."""
    if kind is MoveRefusedError:
        return MoveRefusedError("release", "released")
    if kind is AlertIncompleteError:
        return AlertIncompleteError(cast(Findings, None))
    if "__init__" not in vars(kind):
        return kind()
    wanted = list(inspect.signature(kind).parameters.values())
    values = {each.name: FITTING.get(each.annotation, {}) for each in wanted}
    return kind(**values)


ROWLESS = {AlertsError, UnknownSchemaError, NotNamedError}
"""The base, which nothing raises, an error that never reaches a page, and one whose page is that of what is absent."""
ERRORS = [
    *(made(kind) for kind in kinds_of(AlertsError, VaultError) if kind not in ROWLESS),
    NotBoundError("alerts_alert", "1"),
    EnvelopeError(),
    MalformedError("ct"),
    OpeningError(Failure.BLOB),
    VerificationError(Failure.RECEIPT),
    SealingError(SealRefusal.NO_KEY),
    BackendError(),
]


def test_each_error_of_desk_vault_and_envelope_has_its_page(desk: DeskWorld) -> None:
    for error in ERRORS:
        request = RequestFactory().get("/")
        request.user = desk.benno
        row = problem_for(error)
        assert row is not None and row.remedy_for(error), error
        with translation.override("fr"):
            assert translation.gettext(row.sentence) != row.sentence, error
            answer: Any = guarded(Page("", _raiser(error), "index", None))(request)
            page = html.unescape(answer.content.decode())
            assert answer.status_code == row.status, error
            assert f"<h1>{translation.gettext(row.sentence)}</h1><p>{row.remedy_for(error)}</p>" in page, (
                error
            )


def _raiser(error: Exception) -> Callable[[HttpRequest], HttpResponseBase]:
    def stopped(request: HttpRequest) -> HttpResponseBase:
        raise error

    return stopped


def test_a_mistake_that_is_no_fields_is_the_heading(desk: DeskWorld, as_officer: SignIn) -> None:
    nothing_chosen = as_officer(desk.aroha).get("/inbox/acknowledge/")
    assert nothing_chosen.status_code == 422
    page = nothing_chosen.content.decode()
    assert "<h1>Choose 1 to 50 alerts.</h1><p>Nothing was changed. Go back and try again.</p>" in page
    nothing_to_list = as_officer(desk.benno).get("/peers/list/file/")
    assert nothing_to_list.status_code == 422
    assert "A field was not accepted" not in page + nothing_to_list.content.decode()


@pytest.fixture
def sent(desk: DeskWorld) -> Alert:
    """An alert with one file."""
    draft = desk.draft()
    attach_file(desk.ilka, draft, base=1, filename="report.txt", data=CONTENT.encode(), now=desk.tick())
    draft.refresh_from_db()
    return desk.send(draft)


@pytest.fixture
def received(desk: DeskWorld, sent: Alert) -> ReceivedAlert:
    return desk.received(desk.aroha)


def change_blob(sent: Alert) -> None:
    """Change an octet of the file at the exchange."""
    drop_held()
    blob = Blob.objects.get(envelope_id=sent.md)
    content = bytes(blob.content or b"")
    Blob.objects.filter(pk=blob.pk).update(content=content[:-1] + bytes([content[-1] ^ 1]))


def change_slice(sent: Alert) -> None:
    """Spoil the slice, both here and at the exchange."""
    HeldEnvelope.objects.filter(md=sent.md).update(slice=b"no slice")
    Envelope.objects.filter(pk=sent.md).update(manifest=b"no manifest")


@pytest.mark.parametrize("change", [change_blob, change_slice])
def test_a_changed_file_stays_closed_on_both_sides(
    desk: DeskWorld, as_officer: SignIn, sent: Alert, received: ReceivedAlert, change: Callable[[Alert], None]
) -> None:
    reader, sender = as_officer(desk.aroha), as_officer(desk.benno)
    reader.post(f"/inbox/{received.pk}/", {"reason": "on_duty"})
    assert sender.get(f"/outbox/{sent.pk}/files/0/").status_code == 200
    change(sent)
    answer = reader.get(f"/inbox/{received.pk}/files/0/")
    assert answer.status_code == 409
    assert f"{FAILED} Call Forensic Laboratory, Arvenia" in answer.content.decode()
    assert "Content-Disposition" not in answer.headers
    answer = sender.get(f"/outbox/{sent.pk}/files/0/")
    assert answer.status_code == 409
    assert FAILED in answer.content.decode()
    if change is change_blob:
        answer = as_officer(desk.ilka).post(f"/outbox/{sent.pk}/amend/")
        assert answer.status_code == 409, "nor is it amended"
        assert FAILED in answer.content.decode()
        assert not Alert.objects.filter(previous=sent).exists()


def test_a_file_whose_receipt_is_still_to_come_asks_to_try_again(desk: DeskWorld, as_officer: SignIn) -> None:
    draft = desk.draft()
    attach_file(desk.ilka, draft, base=1, filename="a.txt", data=b"a", now=desk.tick())
    draft.refresh_from_db()
    waiting = desk.validate(desk.submit(draft))
    sender = as_officer(desk.benno)
    sender.post(f"/queue/{waiting.pk}/release/", {"revision": waiting.current})
    answer = sender.get(f"/outbox/{waiting.pk}/files/0/")
    assert answer.status_code == 409
    assert "Not verified yet." in answer.content.decode()


def lose_signing_keys(agency: str) -> None:
    VaultKey.objects.filter(agency_id=agency, use="sign").delete()


def test_withdrawing_without_a_signing_key_says_whom_to_ask(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    lose_signing_keys("xa-lab")
    answer = as_officer(desk.benno).post(f"/outbox/{sent.pk}/withdraw/", {"code": "error"})
    assert answer.status_code == 409
    assert "Your agency has no valid signing key; nothing was signed." in answer.content.decode()
    sent.refresh_from_db()
    assert sent.state == "released"


def test_confirming_without_a_signing_key_says_whom_to_ask(
    desk: DeskWorld, as_officer: SignIn, sent: Alert, received: ReceivedAlert
) -> None:
    withdraw_alert(desk.benno, sent, code="error", now=desk.tick())
    desk.settle()
    lose_signing_keys("xb-health")
    answer = as_officer(desk.aroha).post(f"/inbox/{received.pk}/confirm/")
    assert answer.status_code == 409
    assert "Your agency has no valid signing key" in answer.content.decode()
