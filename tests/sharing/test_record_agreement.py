# SPDX-License-Identifier: Apache-2.0
"""Agreements and circles as the operator records them, and the agencies that see them."""

from datetime import timedelta
from typing import Any

import pytest

from callers.capabilities import Role
from callers.directory import AgencyStatus
from callers.errors import NotPermittedError
from ledger.models import AuditEvent
from sharing.agreements import current_version, record_agreement, record_circle
from sharing.errors import AgreementError
from sharing.models import Agreement, AgreementVersion
from tests.builders import OPERATOR, Hub, client_with
from tests.entries import change_entry
from tests.sharing.conftest import Four


def test_a_recorded_agreement_says_what_was_agreed(hub: Hub, four: Four) -> None:
    version = hub.make_agreement(
        "G9", four.alpha, four.delta, lanes=["trade", "science"], ceiling="RED", purposes=["prevent"]
    )
    assert (version.number, version.ceiling, version.purposes) == (1, "RED", ["prevent"])
    assert {row.lane for row in version.lanes.all()} == {"trade", "science"}
    assert {row.agency_id for row in version.parties.all()} == {"xa-alpha", "xd-delta"}
    event = AuditEvent.objects.get(act="agreement.recorded", subject="agreement:G9")
    assert (event.agency, event.detail) == ("", {"number": 1})


def test_a_known_reference_gets_its_next_version(hub: Hub, four: Four) -> None:
    hub.make_agreement("G1", four.alpha, four.bravo)
    assert list(AgreementVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert Agreement.objects.count() == 1


def test_the_newest_version_that_has_begun_counts(hub: Hub, four: Four) -> None:
    agreement = hub.agreement("G1")
    coming = hub.make_agreement("G1", four.alpha, four.bravo, nbf=hub.now + timedelta(days=1))
    before, after = (current_version(agreement, now=hub.now + timedelta(days=days)) for days in (0, 1))
    assert (before and before.number, after) == (1, coming)
    assert current_version(agreement, now=hub.now - timedelta(days=2)) is None


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "one party only": ({"parties": ["xa-alpha"]}, "parties"),
    "an unknown party": ({"parties": ["xa-alpha", "xz-nobody"]}, "parties"),
    "no lane": ({"lanes": []}, "lanes"),
    "an unknown lane": ({"lanes": ["weather"]}, "lanes"),
    "an unknown ceiling": ({"ceiling": "PINK"}, "ceiling"),
    "an unknown purpose": ({"purposes": ["gossip"]}, "purposes"),
    "a surviving lane it does not have": ({"survive_lanes": ["trade"]}, "survive_lanes"),
    "an end before the beginning": ({"until": timedelta(days=-2)}, "until"),
}


def test_what_cannot_stand_is_refused_by_its_field(hub: Hub, four: Four, subtests: pytest.Subtests) -> None:
    for sentence, (change, field) in WRONG.items():
        with subtests.test(sentence):
            terms: dict[str, Any] = {
                "parties": ["xa-alpha", "xd-delta"],
                "lanes": ["science"],
                "ceiling": "GREEN",
                "nbf": hub.now,
            } | change
            if "until" in terms:
                terms["until"] = hub.now + terms["until"]
            with pytest.raises(AgreementError) as refused:
                record_agreement(OPERATOR, ref="G9", title="Nine", now=hub.now, **terms)
            assert refused.value.field == field
            assert not Agreement.objects.filter(ref="G9").exists()


def test_an_agency_that_is_still_entering_is_no_party(hub: Hub, four: Four) -> None:
    change_entry(four.delta.id, status=AgencyStatus.ENTERING)
    with pytest.raises(AgreementError) as refused:
        hub.make_agreement("G9", four.alpha, four.delta)
    assert refused.value.field == "parties"


def test_only_the_operator_records(hub: Hub, four: Four) -> None:
    admin = client_with(four.alpha.id, Role.AGENCY_ADMIN)
    with pytest.raises(NotPermittedError):
        record_agreement(
            admin,
            ref="G9",
            title="Nine",
            parties=["xa-alpha", "xd-delta"],
            lanes=["science"],
            ceiling="GREEN",
            nbf=hub.now,
            now=hub.now,
        )
    with pytest.raises(NotPermittedError):
        record_circle(admin, name="Mine", agreement="G1", members=["xa-alpha"], now=hub.now)


def test_its_parties_see_an_agreement_and_nobody_else(hub: Hub, four: Four) -> None:
    party, outsider = (client_with(agency.id, Role.READER) for agency in (four.bravo, four.delta))
    assert list(Agreement.objects.visible_to(party)) == [hub.agreement("G1")]
    assert not Agreement.objects.visible_to(outsider).exists()
    assert not Agreement.objects.visible_to(OPERATOR).exists()


def test_a_circle_names_parties_of_its_agreement(hub: Hub, four: Four) -> None:
    circle = record_circle(
        OPERATOR, name="Early Look", agreement="G1", members=["xa-alpha", "xb-bravo"], now=hub.now
    )
    assert {row.pk for row in circle.members.all()} == {"xa-alpha", "xb-bravo"}


def test_a_circle_with_outsiders_or_of_nobody_is_refused(
    hub: Hub, four: Four, subtests: pytest.Subtests
) -> None:
    outsiders = ["xa-alpha", "xd-delta"]
    for agreement, members, field in [
        ("G1", outsiders, "members"),
        ("G1", [], "members"),
        ("G7", [], "agreement"),
    ]:
        with subtests.test(f"{agreement} {members}"):
            with pytest.raises(AgreementError) as refused:
                record_circle(OPERATOR, name="Odd", agreement=agreement, members=members, now=hub.now)
            assert refused.value.field == field
