# SPDX-License-Identifier: Apache-2.0
"""The preview of recipients over REST: codes and arguments that the asker puts into words."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from callers.capabilities import Capability
from callers.denials import CODES, denial_text
from callers.errors import NotPermittedError
from ledger.models import AuditEvent
from sharing import policy
from sharing.policy import Terms
from sharing.previews import preview_sending
from tests.builders import Hub
from tests.sharing.callers import Answer, Caller, slug
from tests.sharing.conftest import Callers, Four

TERMS: dict[str, Any] = {
    "lane": "science",
    "purpose": "prevent",
    "tlp": "GREEN",
    "suite": "PQ1",
    "pri": "routine",
    "status": "actual",
}


def ask(caller: Caller, **changes: Any) -> Answer:
    return caller.post_json("previews", {**TERMS, "recipients": ["xb-bravo"], **changes})


def test_each_recipient_is_answered_with_what_a_sentence_needs(hub: Hub, four: Four) -> None:
    hub.suspend(four.charlie, "G1")
    hub.make_agency("xf-border", suites=["EC1"], name="Border Police")
    hub.make_agreement("G5", four.alpha, *hub.make_agencies("xe-echo"))
    terms = Terms(**TERMS)
    found = {one.agency: one for one in preview_sending(four.alpha.client, None, terms, now=hub.now)}
    assert found.keys() == {"xb-bravo", "xc-charlie", "xd-delta", "xe-echo", "xf-border"}
    assert all(one.allowed or denial_text(one.code, one.args) for one in found.values())
    assert found["xb-bravo"].args == {"ref": "G1", "tlp": "AMBER+STRICT"}
    assert found["xc-charlie"].args == {
        "lane": "science",
        "name": "Agency xc-charlie",
        "open": ["enforcement", "public_health", "trade"],
        "by": ["theirs"],
        "since": hub.now.isoformat(),
    }


def test_every_code_has_a_sentence_in_the_language_of_the_reader() -> None:
    named = set(re.findall(r'Denied\("([a-z-]+)"', Path(policy.__file__).read_text(encoding="utf-8")))
    assert named | {"not-a-party"} == set(CODES), "intake alone denies that, of the text of an agreement"
    args = {"ref": "G2", "until": "2026-03-04T00:00:00+00:00"}
    assert denial_text("agreement-ended", args) == "G2 ended on 4 Mar 2026."
    with translation.override("fr"):
        assert denial_text("agreement-ended", args) != "G2 ended on 4 Mar 2026."


def test_the_number_of_queries_does_not_depend_on_the_number_of_recipients(hub: Hub, four: Four) -> None:
    def count(*recipients: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            preview_sending(four.alpha.client, recipients, Terms(**TERMS), now=hub.now)
        return len(queries)

    assert count("xb-bravo") == count("xb-bravo", "xc-charlie") < 12


def test_the_directory_as_a_whole_is_for_who_may_read_it(hub: Hub, four: Four) -> None:
    sender = replace(four.alpha.client, scopes=frozenset({Capability.ENVELOPE_SUBMIT}))
    assert preview_sending(sender, ["xb-bravo"], Terms(**TERMS), now=hub.now)
    with pytest.raises(NotPermittedError):
        preview_sending(sender, None, Terms(**TERMS), now=hub.now)


def test_a_system_asks_and_nothing_is_written(callers: Callers) -> None:
    answer = ask(callers.alpha, recipients=["xb-bravo", "xd-delta", "xe-nobody", "xb-bravo"])
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "items": [
            {
                "agency": "xb-bravo",
                "allowed": True,
                "code": "",
                "args": {"ref": "G1", "tlp": "AMBER+STRICT"},
            },
            {
                "agency": "xd-delta",
                "allowed": False,
                "code": "no-agreement",
                "args": {"name": "Agency xd-delta"},
            },
            {"agency": "xe-nobody", "allowed": False, "code": "agency-unknown", "args": {"id": "xe-nobody"}},
        ]
    }
    assert [row["agency"] for row in ask(callers.alpha, recipients=None).json()["items"]] == [
        "xb-bravo",
        "xc-charlie",
        "xd-delta",
    ]
    assert not AuditEvent.objects.filter(act__startswith="envelope.").exists()


def test_a_question_of_another_form_is_refused_by_its_field(
    callers: Callers, subtests: pytest.Subtests
) -> None:
    for field, value in [
        ("recipients", []),
        ("recipients", ["xb-bravo"] * 501),
        ("recipients", ["everybody"]),
        ("recipients", "xb-bravo"),
        ("lane", "gossip"),
        ("tlp", None),
        ("suite", "PQ2"),
        ("pri", 1),
        ("nonce", "A"),
    ]:
        with subtests.test(f"{field} {value}"):
            answer = ask(callers.alpha, **{field: value})
            assert (answer.status_code, slug(answer)) == (422, "input-refused")
            assert field in {answer.json().get("field"), *answer.json().get("errors", ())}


def test_it_takes_the_scope_that_sends(callers: Callers) -> None:
    reader = Caller(callers.hub.api_key(callers.four.alpha, Capability.DIRECTORY_READ))
    assert (ask(reader).status_code, slug(ask(reader))) == (403, "not-permitted")
