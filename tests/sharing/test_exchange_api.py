# SPDX-License-Identifier: Apache-2.0
"""The exchange over REST: shapes, headers, scopes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accord.envelope.content import Attachment
from agencies.models import ApiKey, Revocation
from callers.capabilities import Capability
from callers.directory import AgencyStatus
from callers.limits import limits_of_calls
from devtool.processes import wait_until
from sharing.feed import begin_epoch
from sharing.models import Delivery, Envelope
from sharing.repudiation import find_repudiated, mark_doubts
from tests.builders import about, seconds
from tests.entries import change_entry
from tests.sharing.callers import Caller, slug
from tests.sharing.conftest import Callers

FILE = Attachment("spectrum.msp", "text/plain", b"peaks" * 100)


def test_an_envelope_goes_all_the_way(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.alert_to(four.bravo, sender=four.alpha, attachments=[FILE])
    answer = callers.alpha.post_envelope(sealed)
    assert answer.status_code == 202
    assert answer.json() == {"iss": "xa-alpha", "jti": sealed.jti, "md": sealed.md, "receipt": None}
    assert answer["Retry-After"] == "1"
    hub.sequence()
    inbox = callers.bravo.get("inbox?after=0").json()
    reference = Delivery.objects.get().reference
    item = {"number": 1, "what": "envelope", "digest": sealed.md, "iss": "xa-alpha", "id": sealed.jti}
    assert inbox == {"items": [item | {"ref": reference}], "head": 1, "next": "0.1"}
    assert callers.bravo.get(f"inbox?ref={reference}").json()["items"] == inbox["items"]
    octets = callers.bravo.get(f"envelopes/{sealed.md}")
    assert (octets["Content-Type"], sealed.manifest in octets.content) == ("application/json", True)
    blob = callers.bravo.get(f"envelopes/{sealed.md}/blobs/0")
    assert (blob["Content-Type"], blob.getvalue()) == ("application/octet-stream", sealed.blobs[0])
    assert blob["Content-Disposition"].startswith("attachment")
    assert (blob["Content-Length"], blob["Accept-Ranges"]) == (str(len(sealed.blobs[0])), "bytes")
    again = callers.bravo.get(f"envelopes/{sealed.md}/blobs/0", HTTP_IF_NONE_MATCH=blob["ETag"])
    assert (again.status_code, again.getvalue()) == (304, b"")


def test_asking_for_the_head_alone_fetches_nothing(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.deliver(four.alpha, four.bravo, attachments=[FILE])
    for path in (f"envelopes/{sealed.md}", f"envelopes/{sealed.md}/blobs/0"):
        assert callers.bravo.head(path).status_code == 405, path
    assert Delivery.objects.get().fetched_at is None
    callers.bravo.get(f"envelopes/{sealed.md}")
    assert Delivery.objects.get().fetched_at is not None


def test_a_statement_goes_all_the_way(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.deliver(four.alpha, four.bravo)
    callers.bravo.get(f"envelopes/{sealed.md}")
    jws = hub.acknowledgement(four.bravo, sealed)
    answer = callers.bravo.post_statement(jws)
    assert (answer.status_code, answer["Retry-After"]) == (202, "1")
    body = answer.json()
    assert (body["iss"], body["receipt"], body.keys()) == ("xb-bravo", None, {"iss", "id", "od", "receipt"})
    hub.sequence()
    got = callers.alpha.get(f"statements/{body['od']}")
    assert got.content.startswith(b'{"statement":' + jws + b',"receipt":{')
    about = callers.alpha.get(f"envelopes/{sealed.md}/statements").json()["items"]
    assert [item["receipt"]["leaf"]["d"] for item in about] == [body["od"]]
    assert callers.alpha.get("inbox").json()["items"][0]["ref"] is None
    again = callers.bravo.post_statement(jws, content_type="application/json")
    assert (again.status_code, again.json()["od"], "Retry-After" in again) == (202, body["od"], False)


def test_parts_without_a_file_name_are_the_same_octets(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    answer = callers.alpha.post_fields({"manifest": sealed.manifest.decode(), "jwe": sealed.jwe.decode()})
    assert (answer.status_code, answer.json()["md"]) == (202, sealed.md)


def test_a_revocation_goes_to_the_directory(callers: Callers) -> None:
    hub, alpha = callers.hub, callers.four.alpha
    kid = alpha.decryption["EC1"].public.kid
    body = {"kid": kid, "since": seconds(hub.now), "code": "lost"}
    jws = hub.statement(alpha, "revoke", body=body, signer=alpha.root.signer, suite="PQ1")
    answer = callers.alpha.post_statement(jws)
    assert (answer.status_code, answer.json()["iss"]) == (202, "xa-alpha")
    revocation = Revocation.objects.get()
    assert (revocation.key_id, revocation.od) == (kid, answer.json()["od"])
    hub.sequence()
    again = callers.alpha.post_statement(jws)
    assert again.json()["receipt"]["leaf"]["k"] == "revoke"
    other = hub.statement(
        alpha, "revoke", body=body, signer=alpha.root.signer, suite="PQ1", id=answer.json()["id"]
    )
    clash = callers.alpha.post_statement(other)
    assert (clash.status_code, slug(clash)) == (409, "id-taken")
    assert Revocation.objects.count() == 1


def test_a_reaffirm_is_taken_and_a_mark_of_doubt_stands_in_the_feed(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.deliver(four.alpha, four.bravo)
    hub.revoke(four.alpha, since=hub.now)
    hub.later(seconds=1)
    hub.sequence()
    for step in (find_repudiated, mark_doubts):
        step(now=hub.now)
    hub.sequence()
    mark = callers.bravo.get("inbox?after=1").json()["items"][0]
    reference = callers.bravo.get("inbox?after=0").json()["items"][0]["ref"]
    assert mark == {
        "number": 2,
        "what": "repudiated",
        "digest": sealed.md,
        "iss": "xa-alpha",
        "id": sealed.jti,
        "ref": reference,
    }
    hub.renew_signing_keys(four.alpha)
    # The exchange checks by the real clock that a key is already valid.
    wait_until(lambda: timezone.now() > hub.now, "the new key is valid", timeout_seconds=90)
    answer = callers.alpha.post_statement(hub.reaffirmation(four.alpha, about(sealed)))
    assert answer.status_code == 202
    hub.sequence()
    (said,) = callers.bravo.get(f"envelopes/{sealed.md}/statements").json()["items"]
    assert said["receipt"]["leaf"]["d"] == answer.json()["od"]


def test_submissions_show_receipts_and_what_became_of_them(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.deliver(four.alpha, four.bravo)
    page = callers.alpha.get("submissions?limit=1").json()
    assert (page["next"], len(page["items"])) == (None, 1)
    (item,) = page["items"]
    assert (item["what"], item["digest"], item["id"]) == ("envelope", sealed.md, sealed.jti)
    assert item["receipt"]["leaf"]["d"] == sealed.md
    assert item["signers"] == [key.kid for key in four.alpha.signing["PQ1"].signers]
    (delivery,) = item["deliveries"]
    assert (delivery["recipient"], delivery["state"], delivery["told_at"]) == ("xb-bravo", "available", None)
    assert callers.alpha.get(f"submissions/{sealed.md}").json() == item


def test_the_same_envelope_again_answers_with_its_receipt(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    callers.alpha.post_envelope(sealed)
    hub.sequence()
    again = callers.alpha.post_envelope(sealed)
    assert (again.status_code, "Retry-After" in again) == (202, False)
    assert again.json()["receipt"]["leaf"]["d"] == sealed.md
    assert Envelope.objects.count() == 1


def test_a_poll_without_news_is_answered_304_and_reads_no_item(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    hub.deliver(four.alpha, four.bravo)
    for after, shown in ((0, 1), (1, 0)):
        page = callers.bravo.get(f"inbox?after={after}")
        assert (len(page.json()["items"]), page["Cache-Control"]) == (shown, "private, no-cache")
        with CaptureQueriesContext(connection) as asked:
            unchanged = callers.bravo.get(f"inbox?after={after}", HTTP_IF_NONE_MATCH=page["ETag"])
        assert (unchanged.status_code, unchanged.content, unchanged["ETag"]) == (304, b"", page["ETag"])
        assert not [row["sql"] for row in asked.captured_queries if "sharing_feeditem" in row["sql"]]
        for other in (f"after={after}&limit=7", "after=0.0&limit=9"):
            assert callers.bravo.get(f"inbox?{other}", HTTP_IF_NONE_MATCH=page["ETag"]).status_code == 200


def test_the_tag_of_a_page_ends_with_news_and_with_the_epoch(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    hub.deliver(four.alpha, four.bravo)
    whole, end = (callers.bravo.get(f"inbox?after={after}")["ETag"] for after in (0, 1))
    hub.deliver(four.alpha, four.bravo)
    for after, etag in ((0, whole), (1, end)):
        news = callers.bravo.get(f"inbox?after={after}", HTTP_IF_NONE_MATCH=etag)
        assert (news.status_code, news.json()["head"]) == (200, 2)
    begin_epoch("7x", now=hub.now)
    again = callers.bravo.get("inbox?after=0", HTTP_IF_NONE_MATCH=news["ETag"])
    assert (again.status_code, again.json()["next"]) == (200, "7x.2")


def test_a_system_is_told_its_agencys_status_its_limits_and_the_versions_spoken(callers: Callers) -> None:
    told = callers.bravo.get("caller").json()
    assert told["status"] == "active"
    assert told["limits"] == limits_of_calls()
    assert (told["limits"]["feed_items"], told["limits"]["request_bytes"]) == (500, 260 * 1024 * 1024)
    assert told["versions"] == {"api": {"oldest": 1, "newest": 1}, "profile": {"oldest": 1, "newest": 1}}
    change_entry("xb-bravo", status=AgencyStatus.SUSPENDED)
    assert callers.bravo.get("caller").json()["status"] == "suspended"


def test_a_system_that_asks_who_it_is_again_is_told_when_that_changed(callers: Callers) -> None:
    first = callers.bravo.get("caller")
    again = callers.bravo.get("caller", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert first["Cache-Control"] == "private, no-cache"
    ApiKey.objects.filter(agency="xb-bravo").update(client="another system")
    changed = callers.bravo.get("caller", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (changed.status_code, changed.json()["name"]) == (200, "another system")


def test_a_number_that_is_none_is_refused_by_its_field(callers: Callers, subtests: pytest.Subtests) -> None:
    for query in ["after=x", "after=-1", "limit=1.5", "after=1e3"]:
        with subtests.test(str(query)[:60]):
            answer = callers.bravo.get(f"inbox?{query}")
            assert (answer.status_code, slug(answer)) == (422, "input-refused")
            assert answer.json()["field"] == query.split("=", maxsplit=1)[0]


def test_a_key_opens_the_routes_of_its_scopes_only(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.deliver(four.alpha, four.bravo)
    reader = Caller(hub.api_key(four.bravo, Capability.FEED_READ))
    assert reader.get("inbox").status_code == 200
    refused = [
        reader.get(f"envelopes/{sealed.md}"),
        reader.get(f"envelopes/{sealed.md}/blobs/0"),
        reader.get(f"envelopes/{sealed.md}/statements"),
        reader.get(f"statements/{sealed.md}"),
        reader.get("submissions"),
        reader.get(f"submissions/{sealed.md}"),
        reader.post_statement(b"{}"),
        reader.post_envelope(sealed),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    nobody = Caller("Api-Key nobody.nothing")
    assert nobody.get("inbox").status_code == 401


def test_another_media_type_is_refused(callers: Callers) -> None:
    answer = callers.alpha.post_statement(b"{}", content_type="text/plain")
    assert (answer.status_code, slug(answer)) == (415, "unsupported-media-type")
