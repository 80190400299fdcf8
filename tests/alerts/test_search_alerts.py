# SPDX-License-Identifier: Apache-2.0
"""Search: identifiers in everything, words in the newest first, sent and received; audited without the text; hostile input."""

import hashlib
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from alerts.boxes import search
from alerts.boxes.search import Query, SearchResult, search_alerts
from alerts.boxes.search_links import open_search, seal_search
from alerts.drafting.drafts import attach_file
from alerts.models import Alert, CardToken, ReceivedAlert
from alerts.projections.cards import Card, seal_received_card
from alerts.projections.sent_tokens import tokenise_sent
from alerts.projections.tokens import fold, keep_tokens
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from callers.capabilities import Role
from callers.errors import InputError, NotPermittedError
from ledger.models import AuditEvent
from tests.alerts.conftest import Desks

CHINESE, ARABIC = "蓝色药片两份", "ميتونيتازين"
CYRILLIC, HEBREW = "Синие таблетки", "כדורים כחולים"
FILE = b"##TITLE=a spectrum\n##END=\n"


def titles(result: SearchResult) -> tuple[list[str], list[str]]:
    return (
        [row.card.title for row in result.received if row.card],
        [row.card.title for row in result.sent if row.card],
    )


def find(
    desks: Desks, text: str = "", *, sender: bool = False, **query: object
) -> tuple[list[str], list[str]]:
    officer = desks.lab.reader if sender else desks.health.reader
    return titles(search_alerts(officer, Query(text, **query), now=desks.hub.now))  # type: ignore[arg-type]


def copies(
    first: ReceivedAlert, count: int, card: Card | None = None, *, start: int = 100
) -> list[ReceivedAlert]:
    """Store `count` copies of one row, each with a card of its own."""
    names = [field.attname for field in ReceivedAlert._meta.concrete_fields]
    facts = {
        name: getattr(first, name)
        for name in names
        if name not in {"id", "number", "jti", "reference", "card"}
    }
    rows = []
    for number in range(start, start + count):
        row = ReceivedAlert(**facts, number=number, jti=f"copy-{number}", reference=f"ref-{number}")
        row.card = seal_received_card(row, card) if card else None
        rows.append(row)
    return ReceivedAlert.objects.bulk_create(rows)


def test_exact_identifiers_of_received_and_of_sent(desks: Desks) -> None:
    draft = desks.draft(title="Blue tablets", exhibit_no="Ab-77/ß", cas_rn="29975-16-4", route=[
        {"country": "XC", "part": "transit", "basis": "proven"},
    ])  # fmt: skip
    revision = attach_file(
        desks.lab.author, draft, base=1, filename="a.jdx", data=FILE, now=desks.hub.now
    ).number
    submit_alert(desks.lab.author, draft, revision=revision, now=desks.hub.now)
    validate_alert(desks.lab.releaser, draft, revision=revision, now=desks.hub.now)
    sent = release_alert(desks.lab.releaser, draft, revision=revision, now=desks.hub.now)
    desks.settle()
    desks.received(title="Another", inchikey=None, preferred_name=ARABIC, place_country="XB")
    assert tokenise_sent(now=desks.hub.now) == 2 and tokenise_sent(now=desks.hub.now) == 0

    received = ReceivedAlert.objects.get(md=sent.md)
    for text in (
        "VMZUTJCNQWMAGF-UHFFFAOYSA-N",
        "vmzutjcnqwmagf-uhfffaoysa-n",
        " VMZUTJCNQWMAGF ",
        "29975-16-4",
        "Ab-77/ß",
        "AB-77/SS",
        hashlib.sha256(FILE).hexdigest(),
        hashlib.sha256(FILE).hexdigest().upper(),
        sent.md,
        str(received.log_index),
    ):
        assert find(desks, text) == (["Blue tablets"], []), text
        assert find(desks, text, sender=True) == ([], ["Blue tablets"]), text
    assert find(desks, received.reference.lower()) == (["Blue tablets"], [])
    assert find(desks, "VMZUTJCNQWMAGG") == ([], [])
    assert find(desks, ARABIC[:5]) == (["Another"], []), "a card has the name of its substance"
    assert find(desks, kind="new_substance") == (["Another", "Blue tablets"], [])
    assert find(desks, country="XC") == find(desks, country="XA") == (["Blue tablets"], [])
    assert find(desks, country="XC", sender=True) == ([], ["Blue tablets"])
    assert find(desks, "blue", kind="harm_cluster") == find(desks, country="XD") == ([], [])
    assert (
        find(desks, "tablets", box="sent") == ([], []) == find(desks, "tablets", box="received", sender=True)
    )


def test_words_in_any_script(desks: Desks) -> None:
    first = desks.received(title="Blue tablets at a festival")
    for number, (title, name) in enumerate(
        (
            (CHINESE, ARABIC),
            (CYRILLIC, HEBREW),
            ("ＦＵＬＬ ｗｉｄｔｈ \u202eevil\u202c “quoted”", "Straße"),
        )
    ):
        copies(first, 1, Card(title=title, substances=(name,)), start=200 + number)
    expected = {
        "FESTIVAL blue": "Blue tablets at a festival",
        CHINESE[:2]: CHINESE,
        CHINESE[0]: CHINESE,
        ARABIC[:5]: CHINESE,
        "\u200f" + ARABIC + "\u200f": CHINESE,
        CYRILLIC.upper(): CYRILLIC,
        HEBREW[:6]: CYRILLIC,
        "full WIDTH": "ＦＵＬＬ ｗｉｄｔｈ \u202eevil\u202c “quoted”",
        "strasse evil": "ＦＵＬＬ ｗｉｄｔｈ \u202eevil\u202c “quoted”",
        "“quoted": "ＦＵＬＬ ｗｉｄｔｈ \u202eevil\u202c “quoted”",
    }
    for text, title in expected.items():
        assert find(desks, text) == ([title], []), text
    for text in (
        "etizolam heroin",
        "title",
        "alert_type",
        "is_damaged",
        '{"',
        '"title"',
        "\\u84dd",
        "%%",
        "_.",
    ):
        assert find(desks, text) == ([], []), text
    assert fold("Ⅷ ﬁ \u00ad") == "viii fi "


def test_others_and_auditors(desks: Desks) -> None:
    desks.received(title="Blue tablets")
    found = search_alerts(desks.stranger.reader, Query("Blue tablets"), now=desks.hub.now)
    event = AuditEvent.objects.get(act="alert.searched")
    assert (found.hits, event.detail, event.agency) == (0, {"hits": 0}, desks.stranger.id)
    assert "Blue" not in repr(event.__dict__) and "Blue" not in repr(Query("Blue tablets"))
    with pytest.raises(NotPermittedError):
        auditor = desks.hub.make_officer(desks.health.agency, Role.AUDITOR)
        search_alerts(auditor, Query("Blue tablets"), now=desks.hub.now)
    assert AuditEvent.objects.filter(act="alert.searched").count() == 1


def test_what_cannot_be_searched_for(desks: Desks) -> None:
    for field, query in (
        ("text", Query("")),
        ("text", Query(" x ")),
        ("text", Query("y" * 201)),
        ("text", Query("\u200b\u200b")),
        ("text", Query("\ud800\ud800")),
        ("kind", Query("blue", kind="alert__author__password")),
        ("country", Query("blue", country="' OR 1=1")),
        ("box", Query("blue", box="drafts")),
    ):
        with pytest.raises(InputError) as refused:
            search_alerts(desks.health.reader, query, now=desks.hub.now)
        assert refused.value.field == field
        assert field != "text" or str(refused.value).startswith("text: Search: ")
    hostile = (
        "'; DROP TABLE alerts_alert; --",
        "\0\0",
        "{{ 7*7 }}",
        "<script>",
        "\u202e\u202d ab",
        "a\n\nb",
        "(((",
    )
    for text in hostile:
        assert find(desks, text) == ([], [])
    for cursor in (
        "x",
        "words~",
        "words~1",
        "words~x~",
        "exact~~x_y",
        "words~-1~",
        "no~1~2",
        "words~1~2~3",
        "~~",
    ):
        with pytest.raises(InputError):
            search_alerts(desks.health.reader, Query("blue"), before=cursor, now=desks.hub.now)


def test_fifty_hits_and_on_from_there(
    desks: Desks, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first = desks.received(title="Blue tablets")
    copies(first, 60, Card(title="Blue tablets again", alert_type="new_substance"))
    with django_assert_max_num_queries(20):
        page = search_alerts(desks.health.reader, Query("blue"), now=desks.hub.now)
    assert (len(page.received), page.is_exact) == (50, False)
    rest = search_alerts(desks.health.reader, Query("blue"), before=page.older or "", now=desks.hub.now)
    numbers = [row.received.number for row in (*page.received, *rest.received)]
    assert numbers == sorted(numbers, reverse=True) and len(set(numbers)) == 61 and rest.older is None
    other = search_alerts(desks.stranger.reader, Query("blue"), before=page.older or "", now=desks.hub.now)
    assert other.hits == 0

    for row in ReceivedAlert.objects.exclude(pk=first.pk):
        keep_tokens(row, {"exhibit_no": "AB-77"})
    page = search_alerts(desks.health.reader, Query("AB-77"), now=desks.hub.now)
    rest = search_alerts(desks.health.reader, Query("AB-77"), before=page.older or "", now=desks.hub.now)
    assert (len(page.received), page.is_exact) == (50, True)
    assert (len(rest.received), rest.older) == (10, None)


def test_identifiers_beyond_what_one_search_of_words_looks_at(desks: Desks) -> None:
    """An identifier finds the oldest alert at once, however many are newer; its words find it from the second search on."""
    oldest = desks.received(title="Needle", exhibit_no="N-1")
    hay = copies(oldest, search.CHUNK + 1, Card(title="Hay"))
    assert find(desks, "N-1") == (["Needle"], [])
    CardToken.objects.filter(received=oldest).delete()
    assert find(desks, "needle") == (["Needle"], [])
    damaged = hay[-1]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alerts_receivedalert SET card = set_byte(card, 60, get_byte(card, 60) # 1) WHERE id = %s",
            [damaged.pk],
        )
    assert find(desks, "needle") == (["Needle"], [])
    expired = desks.hub.now + timedelta(days=4000)
    assert search_alerts(desks.health.reader, Query("needle"), now=expired).hits == 0


def test_a_sent_alert_whose_draft_does_not_open_is_left_out_of_tokens(desks: Desks) -> None:
    alert = desks.released(title="Blue tablets")
    alert.revisions.model.objects.filter(alert=alert)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE alerts_alertrevision SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1)"
        )
        cursor.execute("SET session_replication_role = origin")
    assert tokenise_sent(now=desks.hub.now) == 0
    assert Alert.objects.get().tokens_kept and not CardToken.objects.exists()
    assert find(desks, "blue", sender=True) == ([], ["Blue tablets"])


def test_addresses_hold_searches_sealed_for_one_officer_and_half_a_day(desks: Desks) -> None:
    query, now = Query(f"{ARABIC} 12", box="sent", kind="new_substance"), desks.hub.now
    link = seal_search(desks.health.reader, query, "words~5~", now=now)
    assert open_search(desks.health.reader, link, now=now) == (query, "words~5~")
    forged = ("", "x", "%", "A" * 5000, link[:-8], link[:-1] + ("A" if link[-1] != "A" else "B"), "é" + link)
    for other in forged:
        with pytest.raises(InputError):
            open_search(desks.health.reader, other, now=now)
    for stranger in (desks.health.author, desks.stranger.reader):
        with pytest.raises(InputError):
            open_search(stranger, link, now=now)
    with pytest.raises(InputError):
        open_search(desks.health.reader, link, now=now + timedelta(hours=12))
