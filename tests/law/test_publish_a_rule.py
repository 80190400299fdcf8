# SPDX-License-Identifier: Apache-2.0
"""An authority publishes a rule: one that nobody could adopt is stopped before it is sent, with the place of each fault."""

import pytest

from alerts.drafting.drafts import attach_file
from alerts.errors import AlertIncompleteError
from alerts.models import Alert
from tests.law.lawful import COMING, LawDesk, rule_from

FAULTY = {
    "no example that it catches": (rule_from(COMING).partition("  examples:")[0], "at least one example that the rule catches"),
    "an example that comes out otherwise": (rule_from(COMING).replace("    out: [", '    out: ["CCN(CC)CCn1c(Cc2ccc(OC)cc2)nc2cc([N+](=O)[O-])ccc12", '), "otherwise than the file says"),
    "another day": (rule_from("2031-01-01"), "begins on the day that the alert names"),
    "a misspelt key": (rule_from(COMING).replace("effect:", "efect:"), "rules[0].efect"),
    "no text": ("\x00\x01\x02", "no YAML that can be read"),
}  # fmt: skip


def draft_with(law: LawDesk, text: str) -> Alert:
    desk = law.desk
    draft = desk.draft(
        desk.aroha,
        alert_type="legal_status_change",
        title="Order 12: benzimidazole opioids",
        recipients=["xa-lab"],
        lane="science",
        purpose="science",
        pri="routine",
        proposed_rule={"jurisdiction": "XB", "effective": COMING, "file": "order-12.yaml"},
    )
    attach_file(
        desk.aroha, draft, base=draft.current, filename="order-12.yaml", data=text.encode(), now=desk.tick()
    )
    draft.refresh_from_db()
    return draft


def test_a_faulty_file_stops_the_alert_and_says_where(law: LawDesk, subtests: pytest.Subtests) -> None:
    for case, (text, said) in FAULTY.items():
        with subtests.test(case):
            with pytest.raises(AlertIncompleteError) as stopped:
                law.desk.submit(draft_with(law, text))
            (problem,) = stopped.value.findings.errors["proposed_rule"]
            assert said in problem


def test_a_sound_file_goes_out(law: LawDesk) -> None:
    sent = law.desk.send(draft_with(law, rule_from(COMING)), law.desk.haitham)
    assert sent.md


def test_an_authority_follows_what_it_published_itself(law: LawDesk) -> None:
    from science.law.adopting import adopt_rules
    from science.law.controls import ruleset_for
    from science.law.published import open_own_published

    desk = law.desk
    sent = desk.send(draft_with(law, rule_from(COMING)), desk.haitham)
    published = open_own_published(desk.haitham, sent, now=desk.tick())
    assert published.is_own and not published.doubt
    row = adopt_rules(desk.haitham, published, now=desk.tick())
    assert row.alert_id == sent.pk and row.received_id is None
    assert "XB-BENZ" in {rule.id for rule in ruleset_for("xb-health").rules}
    assert "XB-BENZ" not in {rule.id for rule in ruleset_for("xa-lab").rules}
