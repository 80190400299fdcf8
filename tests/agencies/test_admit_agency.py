# SPDX-License-Identifier: Apache-2.0
"""The operator admits, suspends and resumes an agency by the fingerprint from paper; each act is audited."""

from typing import Any

import pytest

from agencies.accession import admit_agency, resume_agency, suspend_agency
from agencies.directory import find_agency, list_agencies
from agencies.errors import AgencyExistsError
from agencies.models import Agency, Key, KeyUse
from callers.actors import SystemActor
from callers.capabilities import Capability
from callers.directory import AgencyKind, AgencyStatus
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from tests.agencies.world import DAY, NOW, OPERATOR, admit, own_agency
from tests.builders import client_with

pytestmark = pytest.mark.django_db
FINGERPRINT = "ab" * 32


def admit_with(actor: Any = OPERATOR, **changed: Any) -> Agency:
    good = {
        "name": "Forensic Laboratory",
        "kind": "laboratory",
        "country": "XA",
        "timezone": "Europe/Vienna",
        "language": "en",
        "custody": "agency",
        "root_fingerprint": FINGERPRINT,
        "duty_phone": "",
    }
    return admit_agency(actor, changed.pop("agency_id", "xa-lab"), **(good | changed), now=NOW)


def test_an_admitted_agency_is_entering_and_audited() -> None:
    agency = admit_with()
    assert (agency.status, agency.root_fingerprint) == (AgencyStatus.ENTERING, FINGERPRINT)
    event = AuditEvent.objects.get(act="agency.admitted")
    assert (event.agency, event.actor, event.detail["root_fingerprint"]) == (
        "xa-lab",
        "system:install",
        FINGERPRINT,
    )


def test_a_fingerprint_may_be_typed_in_groups_and_capitals() -> None:
    assert admit_with(root_fingerprint=" ".join(["ABAB"] * 16) + "\n").root_fingerprint == FINGERPRINT


@pytest.mark.parametrize("kind", AgencyKind.values)
def test_a_body_of_no_country_is_admitted_with_an_id_that_says_so(kind: str) -> None:
    agency = admit_with(agency_id="xx-council", kind=kind, country="")
    assert agency.country == "XX"
    assert agency.kind_and_country == str(AgencyKind(kind).label), "XX is shown to nobody"
    assert admit_with(name="Another laboratory", kind=kind).kind_and_country.endswith(", XA")


REFUSED = {
    "an id without a country": ("id", {"agency_id": "lab"}),
    "an id in capitals": ("id", {"agency_id": "XA-lab"}),
    "an id too long": ("id", {"agency_id": "xa-" + "l" * 21}),
    "no name": ("name", {"name": " "}),
    "a name of another one's letters": ("name", {"name": "Forensic Labor\u0430tory"}),
    "a name with what nobody sees": ("name", {"name": "Forensic\u2060 Laboratory"}),
    "a name of two lines": ("name", {"name": "Lab\nInjected: yes"}),
    "an unknown kind": ("kind", {"kind": "embassy"}),
    "a country in words": ("country", {"country": "Arvenia"}),
    "no country": ("country", {"country": ""}),
    "the code of no country": ("country", {"country": "XX"}),
    "a country for an id of none": ("country", {"agency_id": "xx-council", "country": "XA"}),
    "an unknown time zone": ("timezone", {"timezone": "Mars/Olympus"}),
    "an unknown custody": ("custody", {"custody": "nobody"}),
    "no fingerprint": ("root_fingerprint", {"root_fingerprint": ""}),
    "a fingerprint cut short": ("root_fingerprint", {"root_fingerprint": "ab" * 31}),
    "a fingerprint with a wrong letter": ("root_fingerprint", {"root_fingerprint": "ag" * 32}),
}


def test_a_wrong_field_is_named(subtests: pytest.Subtests) -> None:
    for sentence, (field, changed) in REFUSED.items():
        with subtests.test(sentence):
            with pytest.raises(InputError) as refused:
                admit_with(**changed)
            assert refused.value.field == field
    assert not Agency.objects.exists()


def test_a_hosted_root_is_made_later() -> None:
    assert admit_with(custody="hub", root_fingerprint="").root_fingerprint == ""


def test_an_agency_enters_once() -> None:
    admit_with()
    for changed in ({"name": "Another"}, {"agency_id": "xb-lab"}):
        with pytest.raises(AgencyExistsError):
            admit_with(**changed)


def test_only_the_operator_admits_suspends_and_resumes() -> None:
    agency = admit("xb-health")
    for role in ("agency_admin", "key_officer"):
        officer = client_with(agency.pk, role)
        with pytest.raises(NotPermittedError):
            admit_with(officer)
        with pytest.raises(NotPermittedError):
            suspend_agency(officer, agency.pk, now=NOW)
        with pytest.raises(NotPermittedError):
            resume_agency(officer, agency.pk, now=NOW)


def test_an_agency_is_suspended_and_resumed_once_each() -> None:
    agency, _ = own_agency("xa-lab")
    suspend_agency(OPERATOR, agency.pk, now=NOW)
    suspended = suspend_agency(OPERATOR, agency.pk, now=NOW + DAY)
    assert (suspended.is_suspended, suspended.suspended_at) == (True, NOW)
    resume_agency(OPERATOR, agency.pk, now=NOW + DAY)
    resumed = resume_agency(OPERATOR, agency.pk, now=NOW + DAY)
    assert (resumed.status, resumed.suspended_at) == (AgencyStatus.ACTIVE, None)
    acts = AuditEvent.objects.filter(agency="xa-lab", act__startswith="agency.").order_by("seq")
    assert list(acts.values_list("act", flat=True)) == [
        "agency.admitted",
        "agency.suspended",
        "agency.resumed",
    ]


def test_an_agency_without_a_keyset_enters_again_when_resumed() -> None:
    agency = admit("xa-lab")
    suspend_agency(OPERATOR, agency.pk, now=NOW)
    assert resume_agency(OPERATOR, agency.pk, now=NOW).status == AgencyStatus.ENTERING


def test_the_directory_hides_agencies_that_are_still_entering() -> None:
    own_agency("xa-lab")
    admit("xb-health")
    reader = SystemActor("test", "xa-lab", frozenset({Capability.DIRECTORY_READ}))
    assert [agency.pk for agency in list_agencies(reader)] == ["xa-lab"]
    assert [agency.pk for agency in list_agencies(an_operator())] == ["xa-lab", "xb-health"]
    for unknown in ("xb-health", "xz-none", ""):
        with pytest.raises(AbsentError):
            find_agency(reader, unknown)


def test_the_directory_is_closed_to_who_may_not_read_it() -> None:
    with pytest.raises(NotPermittedError):
        list_agencies(SystemActor("test", "xa-lab"))


def test_keys_are_visible_to_their_own_agency_without_the_root() -> None:
    agency, keys = own_agency("xa-lab")
    own_agency("xb-health")
    seen = Key.objects.visible_to(client_with(agency.pk, "reader"))
    assert {key.kid for key in seen} == {row.kid for row in keys.rows}
    assert Key.objects.filter(agency_id=agency.pk, use=KeyUse.ROOT).count() == 2


def an_operator() -> SystemActor:
    return SystemActor("test", None, frozenset({Capability.HUB_OPERATE, Capability.DIRECTORY_READ}))
