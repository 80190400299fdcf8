# SPDX-License-Identifier: Apache-2.0
"""The laboratory's science in the engines' world: samples, questions about them, reviews, published rules, a watch.

Everything goes through the services, as two agencies would do it with each other.
"""

from typing import TYPE_CHECKING, Any, Final

from alerts.drafting.drafts import attach_file
from alerts.models import Alert, ReceivedAlert
from alerts.profiles.questions import start_answer, start_question
from alerts.replies.beginning import open_to_answer, start_reply
from science.law.adopting import adopt_rules
from science.law.published import open_published
from science.law.reevaluating import reevaluate_structures
from science.law.watching import add_watch
from science.rows.structures import StoredStructure
from tests.alerts.replies.profile_samples import linked_pair
from tests.law.lawful import COMING, METONITAZENE, rule_from

if TYPE_CHECKING:
    from tests.security.world import SecurityWorld

LAB, PARTNER = "xa-lab", "xb-health"

READS_SCIENCE: Final = frozenset({"reader", "author", "releaser", "key_officer", "agency_admin"})
DUTY: Final = "on_duty"
SEIZURE: Final[dict[str, Any]] = {
    "alert_type": "seizure", "harm_evidence": None, "cases_non_fatal": None, "cases_fatal": None,
    "lane": "science", "purpose": "science", "pri": "routine", "place_country": "XA",
    "preferred_name": METONITAZENE[0], "structure": METONITAZENE[1],
}  # fmt: skip
OPENED: Final = ("opened", "sample received", "question received", "answer received", "rule received")
"""Things that the laboratory's officers have opened in their sessions, so that pages behind the reason are read too."""


class SciencePlanting:
    """The science of two agencies, each act done once."""

    def __init__(self, world: "SecurityWorld") -> None:
        self.world, self.desk = world, world.desk

    def all(self) -> None:
        mine, theirs = linked_pair()
        desk = self.desk
        foreign = desk.send(desk.draft(desk.aroha, **SEIZURE, profile=theirs, recipients=[LAB]), desk.haitham)
        self._came("sample received")
        own = desk.send(desk.draft(**SEIZURE, profile=mine, recipients=[PARTNER]))
        self.world.put("sample sent", own.pk)
        self._questions(own, foreign)
        self._reviews(own)
        self._laws()
        self._judged(own)

    def _came(self, kind: str) -> ReceivedAlert:
        """Put the newest alert that reached the laboratory into the world as a thing."""
        received = self._newest(LAB)
        self.world.put(kind, received.pk)
        return received

    def _newest(self, agency: str) -> ReceivedAlert:
        return ReceivedAlert.objects.filter(agency_id=agency).latest("number")

    def _questions(self, own: Alert, foreign: Alert) -> None:
        """Have the laboratory ask a question and get an answer, then receive a question."""
        desk = self.desk
        asked = start_question(desk.ilka, own, agencies=[PARTNER], contact="profiling desk", now=desk.tick())
        desk.send(asked)
        self.world.put("question sent", asked.pk)
        question = open_to_answer(desk.aroha, self._newest(PARTNER), reason=DUTY, now=desk.tick())
        answer = start_answer(desk.aroha, question, sample=foreign, contact="health desk", now=desk.tick())
        desk.send(answer, desk.haitham)
        self._came("answer received")
        back = start_question(desk.aroha, foreign, agencies=[LAB], contact="health desk", now=desk.tick())
        desk.send(back, desk.haitham)
        self._came("question received")

    def _reviews(self, own: Alert) -> None:
        desk = self.desk
        received = ReceivedAlert.objects.get(agency_id=PARTNER, md=Alert.objects.get(pk=own.pk).md)
        for kind, data in (
            ("peer_review", {"opinion": "agree", "opinion_text": "As ours."}),
            ("reply", {"narrative": "We have it too."}),
        ):
            opened = open_to_answer(desk.aroha, received, reason=DUTY, now=desk.tick())
            desk.send(
                start_reply(desk.aroha, opened, alert_type=kind, data=data, now=desk.tick()), desk.haitham
            )
            self._came(f"{kind} received")

    def _laws(self) -> None:
        """Adopt one published rule and leave a second one waiting; publish one of the laboratory's own."""
        desk = self.desk
        self._publish(desk.aroha, desk.haitham, LAB, "XB-BENZ")
        adopted = self._newest(LAB)
        published = open_published(desk.benno, adopted, reason=DUTY, reference="", now=desk.tick())
        row = adopt_rules(desk.benno, published, now=desk.tick())
        self.world.put("adopted rules", row.pk, roles=READS_SCIENCE)
        self._publish(desk.aroha, desk.haitham, LAB, "XB-BENZ-B")
        self._came("rule received")
        own = self._publish(desk.ilka, desk.benno, PARTNER, "XB-BENZ-C")
        self.world.put("rule sent", own.pk)
        watch = add_watch(self.world.people["reader"], jurisdiction="UK", drug_class="", now=desk.tick())
        self.world.put("watch", watch.pk, roles=frozenset({"reader"}))

    def _publish(self, author: Any, second: Any, to: str, rule_id: str) -> Alert:
        desk, name = self.desk, "order.yaml"
        draft = desk.draft(
            author, alert_type="legal_status_change", title="Order 12", recipients=[to], lane="science",
            purpose="science", pri="routine",
            proposed_rule={"jurisdiction": "XB", "effective": COMING, "file": name},
        )  # fmt: skip
        text = rule_from(COMING).replace("id: XB-BENZ", f"id: {rule_id}")
        attach_file(author, draft, base=1, filename=name, data=text.encode(), now=desk.tick())
        draft.refresh_from_db()
        return desk.send(draft, second)

    def _judged(self, own: Alert) -> None:
        while reevaluate_structures(now=self.desk.tick()):
            pass
        stored = StoredStructure.objects.get(alert=own)
        self.world.put("stored structure", stored.pk, roles=READS_SCIENCE)


def open_in_sessions(world: "SecurityWorld") -> None:
    """Have every officer of the laboratory who may read open the things behind pages that ask for a reason."""
    for caller in world.cast:
        if caller.agency == LAB and caller.has_session and caller.role in READS_SCIENCE:
            client = caller.client()
            for kind in OPENED:
                answer = client.post(f"/inbox/{world.things[kind].value}/", {"reason": DUTY})
                page = client.get(answer.headers["Location"])
                assert page.status_code == 200, (kind, caller.name, page.status_code)
