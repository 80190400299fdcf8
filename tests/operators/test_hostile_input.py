# SPDX-License-Identifier: Apache-2.0
"""Hostile texts in every field and address of the operator's pages are refused or shown as text, never run."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from agencies.models import Agency
from operators.models import Operator
from tests.agencies.world import admit
from tests.operators.test_operators_pages import ADMIT, FACTS, HEARD_WELL
from tests.security.answer_parsing import wrong_in
from tests.security.hostile_texts import STRINGS

FORMS: dict[str, dict[str, str]] = {
    ADMIT: FACTS | HEARD_WELL,
    "/agencies/xd-reg/entry-key/": {"client": "case system"},
    "/operators/invite/": {"name": "Benno Lind"},
    "/sign-in/": {"proof_passkey": "{}"},
    "/enrol/": {"passkey": "{}"},
}
CHOSEN = frozenset({"kind", "timezone", "language", "custody"})
GROUPS = frozenset(name for name in HEARD_WELL if name.startswith("group_"))


@pytest.fixture(autouse=True)
def _agency(db: None) -> None:
    admit("xd-reg", fingerprint="ab" * 32, now=timezone.now())


def posts() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each form with each text in each field, and in all fields at once that are judged each by itself."""
    for address, fields in FORMS.items():
        alone = [(name,) for name in fields if name not in {*CHOSEN, *GROUPS}]
        for names in (*alone, *(names for names in (CHOSEN, GROUPS) if names <= fields.keys())):
            for text in STRINGS.values():
                yield address, fields | dict.fromkeys(names, text)


def test_no_field_breaks_a_page_or_out_of_it(operator: Client) -> None:
    faults = []
    for number, (address, fields) in enumerate(posts()):
        changed = dict(fields)
        if address == ADMIT and changed["agency_id"] == FACTS["agency_id"]:
            changed["agency_id"] = f"xe-n{number}"
        answer = operator.post(address, changed)
        if answer.status_code >= 500 or wrong_in(answer):
            faults.append((address, changed, answer.status_code, wrong_in(answer)))
    assert faults == []


def test_what_was_let_in_breaks_no_page_that_shows_it(operator: Client) -> None:
    for number, text in enumerate(STRINGS.values()):
        operator.post(
            ADMIT, FACTS | HEARD_WELL | {"agency_id": f"xe-n{number}", "name": text[:120], "resembles": "on"}
        )
        operator.post("/operators/invite/", {"name": text[:60]})
    assert Agency.objects.count() > 2
    assert Operator.objects.count() > 2
    pages = ["/", "/operators/", "/ledger/", *(f"/agencies/{agency.pk}/" for agency in Agency.objects.all())]
    pages += [f"/operators/{one.public_id}/end/" for one in Operator.objects.all()]
    pages += [
        f"{page}{act}/"
        for page in pages
        if "/agencies/" in page
        for act in ("suspend", "resume", "entry-key", "return-key")
    ]
    assert [(page, wrong_in(operator.get(page))) for page in pages if wrong_in(operator.get(page))] == []


@pytest.mark.parametrize("text", STRINGS.values(), ids=list(STRINGS))
def test_no_address_is_broken(operator: Client, text: str) -> None:
    for address in (
        "/agencies/{}/",
        "/operators/{}/end/",
        "/enrol/{}/",
        "/?state={}",
        "/operators/invite/?name={}",
    ):
        answer = operator.get(address.format(quote(text, safe="")))
        assert (answer.status_code < 500, wrong_in(answer)) == (True, [])
