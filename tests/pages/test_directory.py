# SPDX-License-Identifier: Apache-2.0
"""The directory, and the telephone number wherever a page says to call."""

import pytest
from pytest_django import DjangoAssertNumQueries

from alerts.models import Alert
from callers.binding import keep_bound
from desk.agency.directory import page as directory
from peers.models import Agency
from tests.bound_rows import rewrite
from tests.entries import store_entry
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

PHONE = "+000 1 5550 101"
COMING = "Border Police, Fenlund"
STATING = 'href="/directory/own/"'


@pytest.fixture
def entering(desk: DeskWorld) -> Agency:
    """An agency that is admitted and has not entered yet."""
    return store_entry(
        "xf-border", name=COMING, kind="police", country="XF", timezone="Atlantic/Azores", custody="agency",
        root_fingerprint="ab" * 32, status="entering", admitted_at=desk.hub.now,
    )  # fmt: skip


def test_everybody_finds_whom_to_call_and_what_time_it_is_there(
    desk: DeskWorld, entering: Agency, as_officer: SignIn
) -> None:
    for officer in (desk.casimir, desk.edda, desk.benno):
        page = as_officer(officer).get("/directory/").content.decode()
        assert page.count(PHONE) == 2 and "Precursor Office, Dellin" in page
        assert "Keys held by the agency" in page and "Fingerprint of its root" in page
        assert page.count("Your agency</span>") == 1 and COMING not in page
        assert STATING not in page, "stating the own entry is offered to an admin"
    assert STATING in as_officer(desk.sunniva).get("/directory/").content.decode()
    assert COMING in as_officer(desk.noor).get("/directory/").content.decode()


def test_it_is_narrowed_by_kind_and_goes_on_by_name(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.casimir)
    page = client.get("/directory/?kind=regulator").content.decode()
    assert "Precursor Office, Dellin" in page and "Forensic Laboratory" not in page
    assert "Nothing matches." in client.get("/directory/?kind=prosecutor").content.decode()
    page = client.get("/directory/", {"after": "Forensic Laboratory, Arvenia"}).content.decode()
    assert "Forensic Laboratory, Arvenia</bdi>" not in page and "Health Authority, Belmora" in page


def test_its_queries_do_not_grow_with_the_agencies(
    desk: DeskWorld, as_officer: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    facts = {"kind": "police", "country": "XF", "timezone": "UTC", "custody": "agency", "status": "active"}
    keep_bound(
        Agency(id=f"xf-n{n}", name=f"Office {n:03}", admitted_at=desk.hub.now, **facts) for n in range(150)
    )
    client = as_officer(desk.casimir)
    with django_assert_max_num_queries(10):
        page = client.get("/directory/").content.decode()
    assert page.count('<th scope="row">') == directory.PAGE_ROWS and len(page.encode()) < 120_000
    assert 'rel="next"' in page and "after=Office+097" in page


def test_where_a_page_says_to_call_the_number_stands(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    page = as_officer(desk.benno).get(f"/outbox/{sent.pk}/").content.decode()
    assert f'<bdi class="nowrap">{PHONE}</bdi></a>, <span class="nowrap"><time' in page
    closed = as_officer(desk.casimir).get(f"/inbox/{desk.received(desk.casimir).pk}/").content.decode()
    assert PHONE in closed and "Duty telephone" in closed


def test_a_body_of_no_country_is_shown_without_one_wherever_countries_stand(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    body = Agency.objects.filter(pk="xd-reg")
    rewrite(body, kind="international", country="XX")
    listed = as_officer(desk.ilka).get("/directory/").content.decode()
    assert 'data-label="Kind">International organisation</td>' in listed
    assert ", XX" not in listed
    draft = desk.draft()
    compose = as_officer(desk.ilka).get(f"/drafts/{draft.pk}/2/").content.decode()
    assert 'value="XB"' in compose, "the countries of agencies are offered"
    assert 'value="XX"' not in compose
    preview = as_officer(desk.ilka).get(f"/drafts/{draft.pk}/4/").content.decode()
    assert "International organisation" in preview
    assert ", XX" not in preview
    rewrite(body, kind="customs", country="BE")
    for address in ("/directory/", f"/drafts/{draft.pk}/4/"):
        assert "Customs, Belgium" in as_officer(desk.ilka).get(address).content.decode()
