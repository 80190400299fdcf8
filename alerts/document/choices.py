# SPDX-License-Identifier: Apache-2.0
"""The closed lists of the alert document, version 1, with the words officers see.

Values follow the field's standards: identity and evidence levels of early-warning forms, analytical technique
categories of SWGDRUG, `severity` and `certainty` of CAP 1.2, TLP 2.0, the four-by-four grading and the handling
codes H0 to H3 used between European police forces; categories of persons as data-protection law for police tells
them apart, warning signs as customer checks of the chemical trade list them. A value is only ever added, never
renamed.
"""

import datetime as dt
from typing import TYPE_CHECKING, Final, TypeAlias

from django.utils.translation import gettext_lazy as _

from accord.document.rules import ASKS_ANEW, CLOSED

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    Text: TypeAlias = str | StrPromise
    Choices: TypeAlias = tuple[tuple[str, Text], ...]

ALERT_TYPES: Final["Choices"] = (
    ("new_substance", _("New substance")),
    ("harm_cluster", _("Cluster of harm")),
    ("seizure", _("Seizure")),
    ("suspicious_order", _("Suspicious order")),
    ("request_for_information", _("Request for information")),
    ("legal_status_change", _("Change of legal status")),
    ("reply", _("Reply")),
    ("answer", _("Answer")),
    ("clarification", _("Request for clarification")),
    ("peer_review", _("Peer review")),
    ("profile_query", _("Profile question")),
    ("profile_answer", _("Profile answer")),
    ("profile_details", _("Case details on a profile")),
)
STATUSES: Final["Choices"] = (("actual", _("Real")), ("exercise", _("Exercise")))
EVENT_PRECISIONS: Final["Choices"] = (("day", _("Day")), ("month", _("Month")))
GEO_PRECISIONS: Final["Choices"] = (
    ("country", _("Country")),
    ("region", _("Region")),
    ("city", _("City")),
)
IDENTITY_STATES: Final["Choices"] = (
    ("unknown", _("Unknown")),
    ("class_only", _("Class only")),
    ("isomer_group", _("Isomer group")),
    ("tentative", _("Tentative")),
    ("confirmed", _("Confirmed")),
)
HARM_EVIDENCE: Final["Choices"] = (
    ("none_yet", _("Not known yet")),
    ("suspected", _("Suspected")),
    ("analytically_confirmed_non_fatal", _("Confirmed by analysis, not fatal")),
    ("confirmed_fatal", _("Confirmed, fatal")),
    ("multiple", _("Several cases of different kinds")),
)
TECHNIQUES: Final["Choices"] = (
    ("ir", _("Infrared (A)")),
    ("ms", _("Mass spectrometry (A)")),
    ("nmr", _("Nuclear magnetic resonance (A)")),
    ("raman", _("Raman (A)")),
    ("xrd", _("X-ray diffraction (A)")),
    ("ce", _("Capillary electrophoresis (B)")),
    ("gc", _("Gas chromatography (B)")),
    ("ims", _("Ion mobility (B)")),
    ("lc", _("Liquid chromatography (B)")),
    ("sfc", _("Supercritical fluid chromatography (B)")),
    ("tlc", _("Thin layer chromatography (B)")),
    ("uv_vis", _("UV/Vis, full spectrum (B)")),
    ("microcrystal", _("Microcrystal test (B)")),
    ("colour", _("Colour test (C)")),
    ("fluorescence", _("Fluorescence (C)")),
    ("immunoassay", _("Immunoassay (C)")),
    ("melting_point", _("Melting point (C)")),
    ("pharmaceutical_identifier", _("Pharmaceutical identifier (C)")),
)
REFERENCES: Final["Choices"] = (
    ("certified", _("Certified standard")),
    ("in_house", _("In-house standard")),
    ("literature", _("Literature or library")),
    ("in_silico", _("Computed")),
    ("none", _("None")),
)
CONCLUSIONS: Final["Choices"] = (
    ("identified", _("Identified")),
    ("indicated", _("Indicated")),
    ("not_detected", _("Not detected")),
    ("inconclusive", _("Inconclusive")),
)
OPINIONS: Final["Choices"] = (
    ("agree", _("Agree")),
    ("disagree", _("Disagree")),
    ("needs_data", _("Needs data")),
)
QUESTION_CHANGES: Final["Choices"] = (
    (ASKS_ANEW, _("Ask anew: earlier answers no longer count")),
    (CLOSED, _("Close the question: nobody owes an answer any more")),
)
"""Changes that a new version makes to its question; without one, earlier answers stand."""
SUPPLIES: Final["Choices"] = (
    ("spectra", _("Spectra")),
    ("methods", _("An analytical method")),
    ("reference_standards", _("A reference standard, offered or sent")),
    ("samples_offered", _("Samples, offered or sent")),
    ("court_outcomes", _("The outcome of a court case")),
)
"""What an alert or a reply supplies that agencies commit themselves to; spectra count also where evidence names a file."""
DISPUTES: Final["Choices"] = (
    ("disputed", _("Disputed: as we see it, this does not count")),
    ("settled", _("Settled: we no longer dispute it")),
)
ANSWER_CODES: Final["Choices"] = (
    ("no_hit", _("No hit: we looked, and hold nothing on it")),
    ("hit", _("Hit: we hold something on it")),
    ("information_supplied", _("Information supplied")),
    ("action_taken", _("Action taken")),
    ("not_relevant_here", _("Not relevant here")),
    ("refused", _("Refused")),
    ("partial", _("Partial: more follows")),
    ("needs_judicial_authorisation", _("Needs a judicial authorisation first")),
)
REFUSAL_REASONS: Final["Choices"] = (
    ("security", _("Essential interests of national security")),
    ("ongoing_inquiry", _("An ongoing inquiry, or the safety of a person")),
    ("disproportionate", _("Out of proportion to what it is asked for")),
    ("not_available", _("Not available to us")),
    ("purpose_not_allowed", _("Our law does not allow it for this purpose")),
    ("originator_refused", _("Who supplied it to us does not agree")),
    ("other", _("Another reason, in the text")),
)
"""Answers, and reasons for a refusal, after Directive (EU) 2023/977, articles 4 to 6."""
AGE_BANDS: Final["Choices"] = (
    ("under_12", _("Under 12")),
    ("12_17", _("12 to 17")),
    ("18_24", _("18 to 24")),
    ("25_34", _("25 to 34")),
    ("35_54", _("35 to 54")),
    ("55_and_over", _("55 and over")),
    ("mixed", _("Several age bands")),
    ("unknown", _("Unknown")),
)
TOX_MATRICES: Final["Choices"] = (
    ("blood", _("Blood")),
    ("urine", _("Urine")),
    ("hair", _("Hair")),
    ("oral_fluid", _("Oral fluid")),
    ("tissue", _("Tissue")),
    ("other", _("Other")),
    ("not_tested", _("Not tested")),
)
TOX_OUTCOMES: Final["Choices"] = (
    ("recovered", _("Recovered")),
    ("hospital", _("In hospital")),
    ("intensive_care", _("In intensive care")),
    ("died", _("Died")),
    ("mixed", _("Different outcomes")),
    ("unknown", _("Unknown")),
)
NALOXONE: Final["Choices"] = (("yes", _("Given")), ("no", _("Not given")), ("unknown", _("Unknown")))
PHYSICAL_FORMS: Final["Choices"] = (
    ("powder", _("Powder")),
    ("tablet", _("Tablet")),
    ("capsule", _("Capsule")),
    ("crystal", _("Crystal")),
    ("liquid", _("Liquid")),
    ("plant", _("Plant material")),
    ("impregnated_paper", _("Impregnated paper")),
    ("vape", _("Vape liquid or device")),
    ("edible", _("Edible")),
    ("other", _("Other")),
)
UNITS: Final["Choices"] = (("g", "g"), ("kg", "kg"), ("mL", "mL"), ("L", "L"), ("units", _("units")))
ROUTE_PARTS: Final["Choices"] = (
    ("origin", _("Origin")),
    ("departure", _("Departure")),
    ("transit", _("Transit")),
    ("destination", _("Destination")),
)
ROUTE_BASES: Final["Choices"] = (("asserted", _("Asserted")), ("proven", _("Proven")))
PARTY_ROLES: Final["Choices"] = (
    ("exporter", _("Exporter")),
    ("importer", _("Importer")),
    ("consignee", _("Consignee")),
    ("ultimate_consignee", _("Ultimate consignee")),
    ("broker", _("Broker")),
    ("forwarder", _("Forwarder")),
    ("customs_agent", _("Customs agent")),
    ("sender", _("Sender")),
    ("recipient", _("Recipient")),
    ("carrier", _("Carrier")),
    ("customer", _("Customer")),
    ("other", _("Other")),
)
PERSON_CATEGORIES: Final["Choices"] = (
    ("unknown", _("Person, category unknown")),
    ("suspect", _("Suspect")),
    ("convicted", _("Convicted")),
    ("victim", _("Victim")),
    ("witness", _("Witness")),
    ("contact", _("Contact")),
    ("company_officer", _("Company officer")),
    ("organisation", _("Organisation, no person")),
)
RED_FLAGS: Final["Choices"] = (
    ("licence_ended", _("Licence ended or missing")),
    ("unclear_use", _("Unclear or unfamiliar use")),
    ("unusual_quantity", _("Unusual quantity or combination")),
    ("refuses_identification", _("Refuses to identify")),
    ("unusual_payment", _("Unusual payment")),
    ("order_does_not_fit", _("Order does not fit the business")),
    ("odd_routing", _("Odd routing, or a forwarder as consignee")),
    ("new_company", _("New company")),
    ("relabelling", _("Asks for relabelling")),
    ("residential_address", _("Residential address")),
    ("declines_service", _("Declines the usual service")),
)
KYC_RESULTS: Final["Choices"] = (
    ("pass", _("Passed")),
    ("conditional", _("Conditional")),
    ("fail", _("Failed")),
    ("not_done", _("Not done")),
)
_ANSWER_TIMES: Final = (
    ("urgent_direct", dt.timedelta(hours=8), _("Urgent, directly accessible: 8 hours")),
    ("urgent_indirect", dt.timedelta(days=3), _("Urgent, to be obtained first: 3 days")),
    ("normal", dt.timedelta(days=7), _("Normal: 7 days")),
)
"""Times as European police cooperation counts them; another time needs a reason."""
ANSWER_WITHIN: Final = {code: within for code, within, _label in _ANSWER_TIMES}
REQUEST_PRIORITIES: Final["Choices"] = (
    *((code, label) for code, _within, label in _ANSWER_TIMES),
    ("custom", _("Another time")),
)
NOT_GRADED: Final = "not_graded"
"""Value sent for a grade that the author did not judge."""
_NOT_GRADED: Final["Choices"] = ((NOT_GRADED, _("Not graded")),)
SOURCE_GRADES: Final["Choices"] = (
    ("A", _("A: no doubt about the source")),
    ("B", _("B: mostly reliable")),
    ("C", _("C: mostly not reliable")),
    ("X", _("X: cannot be assessed")),
    *_NOT_GRADED,
)
INFO_GRADES: Final["Choices"] = (
    ("1", _("1: certain")),
    ("2", _("2: known to the source personally")),
    ("3", _("3: not known personally, corroborated")),
    ("4", _("4: cannot be corroborated")),
    *_NOT_GRADED,
)
ASSESSMENT_KINDS: Final["Choices"] = (
    ("fact", _("Fact")),
    ("assessment", _("Assessment")),
    ("hearsay", _("Hearsay")),
    *_NOT_GRADED,
)
SEVERITIES: Final["Choices"] = (
    ("extreme", _("Extreme")),
    ("severe", _("Severe")),
    ("moderate", _("Moderate")),
    ("minor", _("Minor")),
    ("unknown", _("Unknown")),
    *_NOT_GRADED,
)
CERTAINTIES: Final["Choices"] = (
    ("observed", _("Observed")),
    ("likely", _("Likely")),
    ("possible", _("Possible")),
    ("unlikely", _("Unlikely")),
    ("unknown", _("Unknown")),
    *_NOT_GRADED,
)
REGION_CERTAINTIES: Final["Choices"] = (
    ("suggested", _("Suggested")),
    ("probable", _("Probable")),
    ("strong", _("Strong")),
)
TLPS: Final["Choices"] = tuple(
    (tlp, f"TLP:{tlp}") for tlp in ("RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR")
)
HANDLING_CODES: Final["Choices"] = (("H0", "H0"), ("H1", "H1"), ("H2", "H2"), ("H3", "H3"))
LANES: Final["Choices"] = (
    ("enforcement", _("Enforcement")),
    ("science", _("Science")),
    ("public_health", _("Public health")),
    ("trade", _("Trade")),
)
PURPOSES: Final["Choices"] = (
    ("investigate", _("Investigate")),
    ("prevent", _("Prevent")),
    ("public_health", _("Public health")),
    ("regulatory_control", _("Regulatory control")),
    ("science", _("Science")),
)
PRIORITIES: Final["Choices"] = (("routine", _("Routine")), ("urgent", _("Urgent")), ("flash", _("Flash")))
