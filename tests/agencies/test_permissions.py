# SPDX-License-Identifier: Apache-2.0
"""Deny by default: each view declares its callers, an undeclared view is refused, and identity comes from the login."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from agencies.apikeys import KEYRING
from agencies.entrykeys import issue_entry_key
from agencies.expiring_rows import Challenge
from callers.actors import ApiClient, SystemActor
from callers.capabilities import Capability
from callers.errors import NotPermittedError
from callers.permissions import ACCESSION, PUBLIC, HasDeclaredCapability, declared_for
from officers.models import Officer
from peers.models import Agency
from tests.agencies.world import OPERATOR, OwnKeys, admit, api_key, enrol, own_agency
from tests.exchange_keys import ISSUER

READER = ApiClient("xa-lab", "case system", "0" * 12, frozenset({Capability.DIRECTORY_READ}))


class ProbeView(APIView):
    """A view that answers every caller whom its permissions let through."""

    def get(self, request: Request) -> Response:
        return Response({"reached": True})


def check(declaration: Any, *, method: str = "GET", user: Any = READER) -> bool:
    view = ProbeView()
    if declaration is not None:
        view.capability = declaration  # type: ignore[attr-defined]
    request = Request(getattr(APIRequestFactory(), method.lower())("/"))
    request.user = user
    return HasDeclaredCapability().has_permission(request, view)


DENIED = {
    "a view that declares nothing": None,
    "an empty set": frozenset(),
    "a word that is no capability": "directory:everything",
    "another kind of thing": True,
    "a method that the table leaves out": {"POST": Capability.DIRECTORY_READ},
    "a capability the caller lacks": Capability.ALERT_READ,
    "several that the caller lacks": ACCESSION,
}


@pytest.fixture
def here(db: None) -> Agency:
    """An agency of this desk."""
    return admit("xb-health")


@pytest.mark.parametrize("sentence", DENIED)
def test_denied(sentence: str) -> None:
    with pytest.raises(NotPermittedError):
        check(DENIED[sentence])


ALLOWED = {
    "a capability the caller has": Capability.DIRECTORY_READ,
    "its text, as the ledger writes it": "directory:read",
    "one of several": frozenset({Capability.DIRECTORY_READ, Capability.KEY_ENROL}),
    "a table that names the method": {"GET": Capability.DIRECTORY_READ},
    "public": PUBLIC,
}


@pytest.mark.parametrize("declaration", ALLOWED.values(), ids=ALLOWED.keys())
def test_allowed(declaration: Any) -> None:
    assert check(declaration) is True


def test_a_head_request_needs_what_get_needs() -> None:
    assert check({"GET": Capability.DIRECTORY_READ}, method="HEAD")


def test_nobody_is_asked_to_sign_in_before_anything_else() -> None:
    with pytest.raises(NotAuthenticated):
        check(Capability.DIRECTORY_READ, user=None)
    assert check(PUBLIC, user=None)


def test_an_undeclared_view_denies_even_the_strongest() -> None:
    everything = SystemActor("test", None, frozenset(Capability))
    with pytest.raises(NotPermittedError):
        check(None, user=everything)


def test_an_undeclared_view_answers_403_over_http() -> None:
    answer = ProbeView.as_view()(APIRequestFactory().get("/"))
    assert answer.status_code == 403
    assert answer.data["type"] == "urn:accord:problem:not-permitted"


class ReadOnlyView(APIView):
    capability = {"GET": Capability.DIRECTORY_READ}

    def get(self, request: Request) -> Response:
        return Response({})


class HalfDeclaredView(ReadOnlyView):
    def post(self, request: Request) -> Response:
        return Response({})


def called(view: type[APIView], method: str, agency: Agency | None) -> Any:
    request = APIRequestFactory().generic(method, "/")
    if agency is not None:
        request.META["HTTP_AUTHORIZATION"] = f"Api-Key {api_key(agency, now=timezone.now())[1]}"
    return view.as_view()(request)


def test_a_method_that_a_view_has_not_answers_405_and_says_which_it_has(agency: Agency) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
        answer = called(ReadOnlyView, method, agency)
        assert (answer.status_code, answer.data["type"]) == (405, "urn:accord:problem:method-not-allowed")
        assert set(answer["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
        assert called(ReadOnlyView, method, None).status_code == 401


def test_a_method_that_a_view_has_and_does_not_declare_is_refused(agency: Agency) -> None:
    assert called(HalfDeclaredView, "POST", agency).status_code == 403
    assert called(HalfDeclaredView, "OPTIONS", agency).status_code == 200


def test_every_view_of_this_app_declares_what_it_needs() -> None:
    from agencies.api import urlpatterns

    for pattern in urlpatterns:
        view = pattern.callback.view_class  # type: ignore[attr-defined]
        methods = [name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)]
        assert all(declared_for(view(), method) is not None for method in methods), view


@pytest.fixture
def agency(db: None) -> Agency:
    return own_agency("xa-lab", now=timezone.now())[0]


def test_without_credentials_the_answer_is_401_with_the_scheme(db: None) -> None:
    answer = Client().get("/api/v1/agencies")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Api-Key realm="accord"'
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:accord:problem:not-authenticated"


def test_an_api_key_signs_a_system_in(agency: Agency) -> None:
    _, text = api_key(agency, now=timezone.now())
    answer = Client().get("/api/v1/agencies", headers={"Authorization": f"Api-Key {text}"})
    assert answer.status_code == 200
    assert [item["id"] for item in answer.json()["items"]] == ["xa-lab"]


def test_neither_a_malformed_key_nor_another_header_names_an_actor(agency: Agency) -> None:
    malformed = ("Api-Key", "Api-Key ", "Api-Key x.y", "api-key \x00.x", "Api-Key a b c")
    named = [
        {"X-Agency": "xa-lab"},
        {"X-Remote-User": "admin@xa-lab.example"},
        {"X-Forwarded-User": "x"},
        *({"Authorization": header} for header in malformed),
    ]
    for headers in named:
        assert Client().get("/api/v1/agencies", headers=headers).status_code == 401, headers


def test_a_revoked_key_is_refused_within_one_request(agency: Agency) -> None:
    key, text = api_key(agency, now=timezone.now())
    client, headers = Client(), {"Authorization": f"Api-Key {text}"}
    assert client.get("/api/v1/agencies", headers=headers).status_code == 200
    KEYRING.end(ISSUER, [key], now=timezone.now())
    assert client.get("/api/v1/agencies", headers=headers).status_code == 401


def test_a_wrong_key_is_not_rescued_by_a_session(here: Agency) -> None:
    client = Client()
    client.force_login(enrol(here, "reader"))
    answer = client.get("/api/v1/directory", headers={"Authorization": f"Desk-Key {'0' * 12}.{'A' * 43}"})
    assert answer.status_code == 401


def test_no_header_query_or_body_moves_an_actor_to_another_agency(agency: Agency) -> None:
    admit("xb-health")
    _, text = api_key(agency, now=timezone.now())
    keys = OwnKeys.draw("xb-health").offered()
    asked: list[tuple[str, dict[str, str], int]] = [
        ("", {}, 404),
        ("?agency=xb-health", {}, 404),
        ("", {"agency_id": "xb-health"}, 422),
    ]
    for query, named, status in asked:
        answer = Client().post(
            f"/api/v1/agencies/xb-health/challenges{query}",
            {**named, "keys": keys},
            content_type="application/json",
            headers={"Authorization": f"Api-Key {text}", "X-Agency": "xb-health"},
        )
        assert answer.status_code == status
    assert not Challenge.objects.filter(agency="xb-health").exists()


def test_an_officer_in_session_reads_the_directory_and_finds_no_address_of_the_exchange(
    here: Agency,
) -> None:
    client = Client()
    client.force_login(enrol(here, "reader"))
    (item,) = client.get("/api/v1/directory").json()["items"]
    assert (item["id"], item["status"]) == (here.pk, here.status)
    assert client.get("/api/v1/agencies").status_code == 404


def test_a_write_under_a_session_needs_the_form_token(here: Agency) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(enrol(here, "key_officer"))
    path, body = "/api/v1/keys/changes", "{}"
    without = client.post(path, body, content_type="application/json")
    assert (without.status_code, without.json()["type"]) == (403, "urn:accord:problem:form-token-refused")
    client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    with_token = client.post(path, body, content_type="application/json", headers={"X-CSRFToken": "a" * 32})
    assert with_token.status_code == 422


def test_a_disabled_officers_session_is_refused(here: Agency) -> None:
    client, officer = Client(), enrol(here, "reader")
    client.force_login(officer)
    Officer.objects.filter(pk=officer.pk).update(is_active=False)
    assert client.get("/api/v1/directory").status_code == 401


def test_an_entering_agencys_key_serves_accession_and_nothing_else(db: None) -> None:
    entering = admit("xb-health", now=timezone.now())
    _, text = issue_entry_key(OPERATOR, entering.pk, client="case system", now=timezone.now())
    client, headers = Client(), {"Authorization": f"Api-Key {text}"}
    assert client.get("/api/v1/accession", headers=headers).status_code == 200
    assert client.get("/api/v1/agencies", headers=headers).status_code == 403
    assert client.get("/api/v1/agencies/xb-health/keyset", headers=headers).status_code == 403
    assert client.get("/api/v1/ledger/checkpoint", headers=headers).status_code == 403
