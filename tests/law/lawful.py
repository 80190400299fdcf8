# SPDX-License-Identifier: Apache-2.0
"""Alerts with structures, and rules as an authority writes them.

law = LawDesk(desk)
alert = law.send(METONITAZENE)              # the laboratory's, received by the health authority
law.judge()                                 # the desk-worker reads and judges what is stored
law.publish(RULE)                           # the health authority publishes a rule, the laboratory receives it
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.utils import timezone

from alerts.drafting.drafts import attach_file
from alerts.models import Alert, ReceivedAlert
from science.law.adopting import adopt_rules, propose
from science.law.importing import apply_import, examine_import
from science.law.published import Published, open_published
from science.law.reevaluating import reevaluate_structures
from substances.models import ControlKind
from substances.versions import shipped_law
from tests.builders import Hub
from tests.pages.desk_world import DeskWorld
from tests.stages import Stages, act

COMING: Final = (timezone.now() + timedelta(days=28)).date().isoformat()
"""The day, in four weeks, on which a coming law enters into force."""
SHOWN: Final = f"{date.fromisoformat(COMING):%-d %b %Y}"
"""The day of COMING as a page shows it."""
METONITAZENE: Final = ("metonitazene", "CCN(CC)CCn1c(Cc2ccc(OC)cc2)nc2cc([N+](=O)[O-])ccc12")
CAFFEINE: Final = ("caffeine", "Cn1cnc2c1c(=O)n(C)c(=O)n2C")
FLUOROFENTANYL: Final = ("para-fluorofentanyl", "CCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1")

RULE: Final = """\
meta:
  format: 1
  prepared: 2026-11
groups:
  xb_alkoxy: {elements: [C, O], smarts: "[*]-[OX2][CX4]", saturated: true, ring: none, c_max: 6, heavy_max: 7}
  xb_alkyl: {elements: [C], saturated: true, ring: none, smarts: "[*]-[CX4]"}
  xb_nitro: {smarts: "[*]-[N+](=O)[O-]", closed: true}
  xb_aminoethyl: {elements: [C, N], smarts: "[*]-[CX4][CX4][NX3]", saturated: true}
rules:
- id: XB-BENZ
  jurisdiction: XB
  title: 2-Benzylbenzimidazole opioids
  instrument: "Belmoran Order 12 of 2026, section 3"
  in_force: [{from: EFFECTIVE, to: null, basis: order}]
  effect: Class 1
  text_seen: "yes"
  confidence: high
  summary: "Anything structurally derived from 2-benzylbenzimidazole by one or more of four changes."
  interpretation:
    - "every atom beyond the scaffold has to be accounted for"
  core_name: 2-benzylbenzimidazole
  cores:
    - {id: benzylbenzimidazole, smarts: "[cX3:1]1[n:2][c:3]2[c:4][c:5][c:6][c:7][c:8]2[n:9]1", modification: false}
  slots:
    - name: group at the 1-position
      at: [2, 9]
      max: 1
      subst: [{groups: [xb_aminoethyl], clause: "(a)"}]
    - name: benzyl at the 2-position
      at: 1
      required: true
      options:
        - clause: "(b)"
          label: substituted benzyl
          smarts: "[*:90][CX4]c1[c:3][c:4][c:5][c:6][c:7]1"
          subst: {"3,4,5,6,7": [{groups: [xb_alkoxy, xb_alkyl], clause: "(c)"}]}
    - name: benzo ring
      at: [4, 5, 6, 7]
      subst: [{groups: [xb_nitro], clause: "(d)"}]
  examples:
    in: ["CCN(CC)CCn1c(Cc2ccc(OC)cc2)nc2cc([N+](=O)[O-])ccc12"]
    out: ["Cn1cnc2c1c(=O)n(C)c(=O)n2C", "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"]
"""


ORDER_13: Final = "source,,,,order-13,Order 13,,,,,,,,,,,,,2026-11-01,,"
LISTED_IN_XB: Final = (
    "substance,XB,Belmoran list,Class 3,,caffeine,,,,RYYVLZVUVIJVGH-UHFFFAOYSA-N,,,salts,"
    f"{COMING},day,,A,order-13,,,"
)
"""A line of listings by which XB names caffeine under Order 13."""


def lists_with(*lines: str) -> str:
    """Return the shipped lists with these lines of Order 13."""
    return "\n".join([shipped_law(ControlKind.LISTINGS).text.rstrip("\n"), ORDER_13, *lines]) + "\n"


def rule_from(day: str) -> str:
    """Return the rule as in force from a day on."""
    return RULE.replace("EFFECTIVE", day)


@dataclass
class LawDesk:
    desk: DeskWorld

    @property
    def hub(self) -> Hub:
        return self.desk.hub

    @property
    def stages(self) -> Stages | None:
        return self.desk.stages

    @act
    def send(self, substance: tuple[str, str], **changes: Any) -> Alert:
        """Send an alert on the substance from the laboratory to the health authority."""
        name, smiles = substance
        data = {
            "preferred_name": name,
            "structure": smiles,
            "recipients": ["xb-health"],
            "title": f"Seen: {name}",
        }
        return self.desk.send(self.desk.draft(**(data | changes)))

    @act
    def judge(self) -> None:
        """Judge stored structures as the desk-worker does, until nothing is left."""
        while reevaluate_structures(now=self.desk.tick()):
            pass

    @act
    def import_listings(self, *lines: str) -> None:
        """Import the shipped lists with these lines, as the operator does."""
        examined = examine_import(self.desk.noor, lists_with(*lines).encode(), now=self.desk.tick())
        apply_import(self.desk.noor, examined, source="lists.csv", now=self.desk.tick())

    @act
    def publish(self, text: str, *, day: str, jurisdiction: str = "XB") -> ReceivedAlert:
        """Publish the health authority's change of the law; return it as the laboratory receives it."""
        desk = self.desk
        draft = desk.draft(
            desk.aroha,
            alert_type="legal_status_change",
            title="Order 12: benzimidazole opioids",
            recipients=["xa-lab"],
            lane="science",
            purpose="science",
            pri="routine",
            proposed_rule={"jurisdiction": jurisdiction, "effective": day, "file": "order-12.yaml"},
        )
        name, data = "order-12.yaml", text.encode()
        attach_file(desk.aroha, draft, base=draft.current, filename=name, data=data, now=desk.tick())
        draft.refresh_from_db()
        desk.send(draft, desk.haitham)
        return desk.received(desk.ilka)

    @act
    def opened(self, received: ReceivedAlert) -> Published:
        """Open a published rule as the laboratory's releaser."""
        return open_published(self.desk.benno, received, reason="on_duty", reference="", now=self.desk.tick())

    @act
    def adopt(self, received: ReceivedAlert) -> None:
        published = self.opened(received)
        assert propose(self.desk.benno, published, now=self.desk.tick()).can_be_adopted
        adopt_rules(self.desk.benno, published, now=self.desk.tick())
