# SPDX-License-Identifier: Apache-2.0
"""Officers who watch the law are told when it changes: by mails that say so and nothing else."""

import pytest
from django.conf import settings

from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from notices.message import compose_message
from notices.models import Notification
from notices.sending import _facts
from science.law.controls import read_facts
from science.law.drug_classes import DRUG_CLASSES, classes_of
from science.law.watching import add_watch, end_watch, watches_of
from science.rows.structures import ControlWatch
from substances.control.faults import RulesRefusedError
from substances.control.rules import CLASSES, read_rules
from substances.models import ControlKind
from substances.versions import shipped_law
from tests.law.lawful import COMING, LISTED_IN_XB, METONITAZENE, LawDesk, rule_from


def told(occasion: str) -> set[str]:
    """Return the given names of officers with a notice of this occasion."""
    rows = Notification.objects.filter(occasion=occasion).select_related("officer")
    return {row.officer.email.split("@")[0] for row in rows}


def change(law: LawDesk) -> None:
    """Have the laboratory adopt a rule of XB on nitazenes, and the desk-worker judge what is stored."""
    law.judge()
    law.adopt(law.publish(rule_from(COMING), day=COMING))
    law.judge()


def test_who_watches_what_changed_is_told_once_it_counts(law: LawDesk) -> None:
    law.send(METONITAZENE)
    for login, place, drug_class in (
        ("ilka", "XB", ""),
        ("benno", "", "nitazene"),
        ("sunniva", "UK", ""),
        ("aroha", "XB", ""),
    ):
        add_watch(getattr(law.desk, login), jurisdiction=place, drug_class=drug_class, now=law.desk.tick())
    change(law)
    assert told("control-changed") == {"ilka", "benno"}, "not who watches elsewhere, nor another agency"


def test_an_alert_that_brings_a_change_is_told_to_who_watches_its_jurisdiction(law: LawDesk) -> None:
    add_watch(law.desk.ilka, jurisdiction="xb", drug_class="", now=law.desk.tick())
    add_watch(law.desk.sunniva, jurisdiction="UK", drug_class="", now=law.desk.tick())
    received = law.publish(rule_from(COMING), day=COMING)
    assert told("rule-published") == {"ilka"}
    notice = Notification.objects.get(occasion="rule-published")
    assert notice.reference == received.reference


def test_nobody_who_watches_nothing_is_told(law: LawDesk) -> None:
    law.send(METONITAZENE)
    change(law)
    assert not told("control-changed") and not told("rule-published")


def test_the_mail_names_no_law_and_no_substance(law: LawDesk) -> None:
    law.send(METONITAZENE)
    add_watch(law.desk.ilka, jurisdiction="XB", drug_class="nitazene", now=law.desk.tick())
    change(law)
    notice = Notification.objects.select_related("officer", "recipient").get(occasion="control-changed")
    mail = compose_message(_facts(notice), hub_url=settings.HUB_URL, sender=settings.MAIL_FROM)
    text = mail.as_string()
    assert mail["Subject"] == "[Accord] LAW" and "/science/caught/" in text
    for word in ("XB", "nitazene", "Order 12", "Belmor", str(notice.subject)):
        assert word not in text.replace("xa-lab.example", "")


def test_a_watch_is_kept_once_and_ended_by_its_officer_only(law: LawDesk) -> None:
    for _ in range(2):
        add_watch(law.desk.ilka, jurisdiction=" uk ", drug_class="cathinone", now=law.desk.tick())
    (watch,) = watches_of(law.desk.ilka)
    assert (watch.jurisdiction, watch.drug_class) == ("UK", "cathinone")
    with pytest.raises(AbsentError):
        end_watch(law.desk.benno, watch.pk, now=law.desk.tick())
    end_watch(law.desk.ilka, watch.pk, now=law.desk.tick())
    assert not ControlWatch.objects.exists()
    events = AuditEvent.objects.filter(act__startswith="watch.").order_by("seq")
    assert list(events.values_list("act", "actor", "subject")) == [
        (act, law.desk.ilka.audit_name, f"watch:{watch.pk}") for act in ("watch.begun", "watch.ended")
    ]


def test_the_longest_code_that_is_accepted_is_kept(law: LawDesk) -> None:
    add_watch(law.desk.ilka, jurisdiction="AB-CDEFGHIJK", drug_class="", now=law.desk.tick())
    assert watches_of(law.desk.ilka)[0].jurisdiction == "AB-CDEFGHIJK"


def test_a_change_of_lists_alone_is_told_to_who_watches_their_jurisdiction(law: LawDesk) -> None:
    for login, place in (("ilka", "XB"), ("benno", ""), ("sunniva", "UK")):
        add_watch(getattr(law.desk, login), jurisdiction=place, drug_class="", now=law.desk.tick())
    law.send(METONITAZENE)
    law.judge()
    law.import_listings(LISTED_IN_XB)
    law.judge()
    assert told("control-changed") == {"ilka", "benno"}


@pytest.mark.parametrize(
    "given", [{"jurisdiction": "U K"}, {"jurisdiction": "X" * 13}, {"drug_class": "magic"}]
)
def test_what_is_no_code_is_refused_at_its_field(law: LawDesk, given: dict[str, str]) -> None:
    with pytest.raises(InputError) as refused:
        add_watch(law.desk.ilka, **({"jurisdiction": "", "drug_class": ""} | given), now=law.desk.tick())
    assert refused.value.field in given
    with pytest.raises(NotPermittedError):
        add_watch(law.desk.edda, jurisdiction="", drug_class="", now=law.desk.tick())


def test_a_class_is_what_the_rule_declares_and_not_what_its_words_sound_like(law: LawDesk) -> None:
    law.send(METONITAZENE)
    for login, drug_class in (("ilka", "nitazene"), ("benno", "fentanyl"), ("sunniva", "cathinone")):
        add_watch(getattr(law.desk, login), jurisdiction="XB", drug_class=drug_class, now=law.desk.tick())
    text = rule_from(COMING).replace("2-Benzylbenzimidazole opioids", "Not of the fentanyl class")
    law.judge()
    declared = text.replace("  instrument:", "  classes: [nitazene]\n  instrument:")
    law.adopt(law.publish(declared, day=COMING))
    law.judge()
    assert told("control-changed") == {"ilka"}


def test_a_rule_that_declares_no_class_is_told_to_all_who_watch_its_jurisdiction(law: LawDesk) -> None:
    law.send(METONITAZENE)
    for login, place in (("ilka", "XB"), ("benno", "UK")):
        add_watch(getattr(law.desk, login), jurisdiction=place, drug_class="fentanyl", now=law.desk.tick())
    change(law)
    assert told("control-changed") == {"ilka"}


def test_every_shipped_rule_declares_its_class_and_the_classes_offered_are_those_a_rule_may_declare() -> None:
    rules = read_facts(shipped_law(ControlKind.RULES).text).rules
    assert all(classes_of(rule) for rule in rules)
    assert {name for name, _text in DRUG_CLASSES} == set(CLASSES)


def test_a_class_is_no_part_of_the_law_and_an_unknown_one_is_a_fault() -> None:
    text = rule_from(COMING)
    declared = text.replace("  instrument:", "  classes: [nitazene, tryptamine]\n  instrument:")
    plain, with_class = read_rules(text), read_rules(declared)
    assert with_class.digest == plain.digest
    assert [rule.content for rule in with_class] == [rule.content for rule in plain]
    assert [rule.classes for rule in with_class] == [("nitazene", "tryptamine")]
    with pytest.raises(RulesRefusedError) as refused:
        read_rules(declared.replace("tryptamine", "tryptamin"))
    assert [(fault.path, fault.code) for fault in refused.value.faults] == [
        ("rules[0].classes", "not_a_choice")
    ]
