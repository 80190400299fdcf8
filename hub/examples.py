# SPDX-License-Identifier: Apache-2.0
"""Examples of the API's objects, composed from one value per member; every agency and person in them is invented.

What is signed, sealed or logged is real: it comes from the envelope's test kit, by way of `example_objects.json`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

OBJECTS: Final[Mapping[str, Any]] = json.loads(
    Path(__file__).with_name("example_objects.json").read_text(encoding="utf-8")
)

_UUID: Final = "0198c0de-7a11-7c3e-8f00-5d1f4a2b9c10"
_DIGEST: Final = "q1Zs8uH3vY0pT6mWc4kLr9xJd2eFgBnQa7oIhU5tVyE"
_DAY: Final = "2026-11-25"
_TIME: Final = "2026-11-25T21:04:05Z"

FIELDS: Final[Mapping[str, Any]] = {
    "alert_type": "new_substance",
    "title": "Impregnated paper in a book",
    "narrative": "Two sheets, reported by a prison.",
    "event_date": _DAY,
    "place_country": "XA",
    "identity_state": "tentative",
    "preferred_name": "etizolam",
    "harm_evidence": "none_yet",
    "lane": "science",
    "purpose": "science",
    "tlp": "GREEN",
    "recipients": ["xb-health"],
}
"""Fields of a draft, enough to submit it."""

VALUES: Final[Mapping[str, Any]] = {
    "ack_by": _TIME,
    "agencies": ["xb-health"],
    "agency": "xb-health",
    "alert_type": "new_substance",
    "answer": "opened",
    "audience": ["xb-health"],
    "ceiling": "AMBER+STRICT",
    "chal": OBJECTS["challenge"]["chal"],
    "client": "case system",
    "code": "error",
    "countries": ["XA"],
    "country": "XB",
    "created": 1,
    "cursor": "",
    "custody": "hub",
    "data": FIELDS,
    "document": {"schema": "accord-alert/1", **FIELDS},
    "entry_key": "4f0b7c19d2e8.Vh3nZq7sLwXc1yTb5RmKp9JdE2gFuA8oIhU6tNvQeWk",
    "errors": {"event_date": ["When: enter a day up to today."]},
    "etag": '"1-draft"',
    "exchange": None,
    "filename": "spectrum.msp",
    "first": 3,
    "form_token": "YkS0pWq9tTzB2mJcHn4vLr7xGd1eFaUo",
    "head": 1,
    "hints": ["technique"],
    "iat": 1764104645,
    "id": _UUID,
    "index": 0,
    "iss": "xa-lab",
    "issuer": "xa-lab",
    "jti": _UUID,
    "jwk": OBJECTS["jwk"],
    "kid": _DIGEST,
    "kind": "alert",
    "kept": [],
    "label": "Laboratory",
    "lanes": ["science"],
    "lane": "science",
    "language": "en",
    "left_out": [],
    "limit": 50,
    "marks": [],
    "missing": [],
    "log_index": 41,
    "logged_at": _TIME,
    "md": OBJECTS["md"],
    "mds": [OBJECTS["md"]],
    "media_type": "chemical/x-msp",
    "members": ["xa-lab", "xb-health"],
    "n": 0,
    "name": "Health Authority, Belmora",
    "next": None,
    "number": 1,
    "od": _DIGEST,
    "parties": ["xa-lab", "xb-health"],
    "path": [_DIGEST],
    "pop": "(the octets of the proof)",
    "preview": _DIGEST,
    "pri": "routine",
    "problem": "Title: use 5 to 120 characters on one line.",
    "purpose": "science",
    "purposes": ["prevent"],
    "reason": "on_duty",
    "recipient": "xb-health",
    "ref": "7QK4-M2XN",
    "refused": 0,
    "return_note": "",
    "revision": 1,
    "root_changed": None,
    "root_fingerprint": "9f2c" * 16,
    "second": 4,
    "signer": _DIGEST,
    "signers": [_DIGEST],
    "size": 2048,
    "software": "accord 1.0.0",
    "standing": {
        "state": "valid", "text": "", "logged_at": _TIME, "since": None, "revoked_at": None, "reaffirmed_at": None,
    },
    "state": "draft",
    "state_text": "Not opened",
    "status": "actual",
    "substances": ["etizolam"],
    "suite": "PQ1",
    "text": "etizolam",
    "timezone": "Europe/Vienna",
    "title": "Impregnated paper in a book",
    "tlp": "GREEN",
    "to": ["xb-health"],
    "what": "envelope",
    "act": "alert.opened",
    "actor": "officer:Qm3vX8sLdT1yKc5RzW0pNg",
    "at": 1764104645,
    "asked_by": "Qm3vX8sLdT1yKc5RzW0pNg",
    "attempts": 1,
    "audit_keep_days": 1095,
    "before": {"four_eyes": True},
    "box": "inbox",
    "cause": "",
    "change": "renew",
    "changes": {"four_eyes": False},
    "confirm": True,
    "created_by": "officer:Qm3vX8sLdT1yKc5RzW0pNg",
    "days": 30,
    "deputy": None,
    "device": "Firefox, Linux",
    "duty_phone": "+000 5 5550 102",
    "duty_place": 1,
    "fact": "told",
    "email": "ilka@xa-lab.example",
    "filters": {"lane": "science"},
    "four_eyes": True,
    "full_name": "Ilka Torvane",
    "heard": ["9f2c"] * 8,
    "is_active": True,
    "item": "7QK4-M2XN",
    "move": "up",
    "network": "192.0.2.0/24",
    "networks": ["192.0.2.0/24"],
    "officer": "Qm3vX8sLdT1yKc5RzW0pNg",
    "mfa_required_roles": ["agency_admin", "key_officer", "releaser"],
    "line": "4f0b7c19d2e8",
    "prefix": "4f0b7c19d2e8",
    "quiet_from": "22:00:00",
    "quiet_until": "06:00:00",
    "role_ceilings": {"reader": "AMBER"},
    "roles": ["author"],
    "routine_mail": True,
    "scopes": ["draft:write"],
    "suites": ["PQ1"],
    "tone": "ok",
    "typed": "",
    "unit": "Toxicology",
    "use": "sign",
    "uses": ["sign"],
    "verb": "renew",
    "verbs": ["renew", "rotate"],
    "who": "Ilka Torvane",
    "why": "political",
}  # fmt: skip
"""Values by member name, used wherever a place has no value of its own."""

PLACES: Final[Mapping[str, Any]] = {
    "Receipt": OBJECTS["receipt"],
    "Jws": OBJECTS["statement"],
    "FeedItem.digest": OBJECTS["md"],
    "Submission.digest": OBJECTS["md"],
    "PublishedKeyset.keyset": OBJECTS["keyset"],
    "GroupOut.members": [{"name": "carisoprodol", "inchikey": "OFZCIYFFPZCNJE-UHFFFAOYSA-N", "score": 0.91}],
    "AskedInRequest.cas": "",
    "BoardOut.countries": [],
    "AskedInRequest.form": "auto",
    "AskedInRequest.name": "",
    "AskedInRequest.structure": "CN1CCC(=O)c2cc(Cl)ccc21",
    "MatchInRequest.reason": "assigned",
    "MatchInRequest.reference": "",
    "MatchInRequest.spectrum": "m/z\tintensity\n100.1\t20\n128.1\t100",
    "MatchInRequest.structure": "",
    "ScreenInRequest.reason": "case_number",
    "ScreenInRequest.reference": "XB-2026-118",
    "SimilarInRequest.reference": "",
    "SimilarInRequest.structure": "CN1CCC(=O)c2cc(Cl)ccc21",
    "SimilarInRequest.limit": 5,
    "ProfileInRequest.method": "reference-18",
    "ProfileInRequest.values": ["0.0123", None, "0.4410"],
    "ProfileInRequest.version": "1",
    "Agency.id": "xb-health",
    "Agency.status": "active",
    "ListedAgencyOut.id": "xb-health",
    "ListedAgencyOut.kind": "public_health",
    "ListedAgencyOut.status": "active",
    "Agreement.title": "Science and public health",
    "AgreementOut.title": "Science and public health",
    "BulkItemOut.status": 201,
    "CallerOut.name": "Ilka Torvane",
    "Circle.name": "Early Look",
    "CircleOut.name": "Early Look",
    "Delivery.state": "fetched",
    "ChangedDelivery.state": "fetched",
    "ChangedDelivery.answer": "",
    "ChangedDelivery.told_at": _TIME,
    "ChangedDelivery.fetched_at": _TIME,
    "Changes.next": "SDQ5b2ZfUl9tTHpBM1hwdnw3OTY6Nzk2OjA.D2_K-Seduoo7nSH8fOfjzQ",
    "ListedReceivedOut.state": "unread",
    "ListedWayOut.acts_next": "you",
    "ListedWayOut.could_act": [],
    "ListedWayOut.state": "returned",
    "ListedWayOut.state_text": "Returned",
    "ListedWayOut.text": "Say where it was found.",
    "OpenInRequest.reason": "case_number",
    "OpenInRequest.reference": "XB-2026-118",
    "TemplateInRequest.name": "Prison post",
    "TemplateOut.kind_text": "New substance",
    "TemplateOut.name": "Prison post",
    "QuestionOut.code": "mixed-scripts",
    "QuestionOut.field": "preferred_name",
    "QuestionOut.text": "Substance: two scripts are mixed; retype it.",
    "ReceivedFactsOut.reference": "7QK4-M2XN",
    "RecipientFactOut.state": "fetched",
    "RecipientFactOut.text": "Opened",
    "ReturnInRequest.reason": "Say where it was found.",
    "SliceAnswer.slice": json.dumps(OBJECTS["slice"], ensure_ascii=False, separators=(",", ":")),
    "SealedNonce.kid": OBJECTS["challenge"]["kid"],
    "SealedNonce.jwe": OBJECTS["challenge"]["jwe"],
    "SealedApiKey.kid": OBJECTS["credential"]["kid"],
    "SealedApiKey.jwe": OBJECTS["credential"]["jwe"],
    "OfferedKeyRequest.use": "enc",
    "Caller.status": "active",
    "Limits.feed_items": 500,
    "Limits.submissions": 200,
    "Limits.slices": 100,
    "Limits.changed_deliveries": 500,
    "Limits.reported_facts": 100,
    "Limits.keysets": 500,
    "Limits.recipients": 500,
    "Limits.json_bytes": 4_194_304,
    "Limits.file_bytes": 67_108_864,
    "Limits.request_bytes": 272_629_760,
    "Limits.requests_per_second": 300,
    "Credential.scopes": ["directory:read", "feed:read"],
    "ExchangeKeyOut.scopes": ["directory:read", "feed:read"],
    "ExchangeKeyOut.is_own": False,
    "ExchangeKeysOut.scopes": ["directory:read", "feed:read", "ledger:read"],
    "ExchangeKeyInRequest.scopes": ["directory:read", "feed:read"],
    "IssuedExchangeKeyOut.scopes": ["directory:read", "feed:read"],
    "IssuedExchangeKeyOut.is_own": False,
    "IssuedExchangeKeyOut.key": "4f0b7c19d2e8.Vh3nZq7sLwXc1yTb5RmKp9JdE2gFuA8oIhU6tNvQeWk",
    "ReplaceOwnInRequest.return_key": "",
    "Credential.revoked_at": _TIME,
    "IssuedCredential.scopes": ["directory:read", "feed:read"],
    "IssuedCredential.key": "4f0b7c19d2e8.Vh3nZq7sLwXc1yTb5RmKp9JdE2gFuA8oIhU6tNvQeWk",
    "Entry.contacts": ["duty@xa-alpha.example", "lab.desk@mail.xa-alpha.example"],
    "Entry.agency": "xg-golf",
    "Entry.statement": OBJECTS["entry"],
    "Entry.receipt": OBJECTS["entry_receipt"],
    "Entry.telephone": "+000 5 5550 102",
    "KeySuspension.kid": _DIGEST,
    "KeySuspension.until_keyset": True,
    "KeysetsQuestionRequest.agencies": {"xa-alpha": 0, "xb-bravo": 4, "xz-none": 1},
    "NewerKeyset.agency": "xa-alpha",
    "NewerKeyset.custody": "agency",
    "NewerKeyset.keyset": OBJECTS["keyset"],
    "NewerKeyset.receipt": OBJECTS["keyset_receipt"],
    "NewerKeyset.revokes": [],
    "NewerKeysets.rest": [],
    "NewerKeysets.unchanged": ["xb-bravo"],
    "NewerKeysets.unknown": ["xz-none"],
    "PreviewQuestionRequest.recipients": ["xb-health", "xd-reg"],
    "Preview.items": [
        {"agency": "xb-health", "allowed": True, "code": "", "args": {"ref": "G1", "tlp": "AMBER+STRICT"}},
        {
            "agency": "xd-reg",
            "allowed": False,
            "code": "no-agreement",
            "args": {"name": "Regulator, Deltaland"},
        },
    ],
    "PublishedKeyset.custody": "agency",
    "PublishedKeyset.receipt": OBJECTS["keyset_receipt"],
    "PublishedKeyset.revokes": [],
    "Reminder.again_at": "2026-11-25T22:04:05Z",
    "Reminder.recipients": ["xb-health"],
    "Reminder.reminded_at": _TIME,
    "StatementAnswer.od": OBJECTS["statement_receipt"]["leaf"]["d"],
    "StatementAnswer.receipt": OBJECTS["statement_receipt"],
    "Statement.receipt": OBJECTS["statement_receipt"],
    "SignatureStateOut.state": "valid",
    "SignatureStateOut.text": "",
    "VerdictOut.code": "",
    "VerdictOut.kind": "public_health",
    "VerdictOut.text": "",
    "VerificationOut.state": "verified",
    "VerificationOut.text": "Signed by Forensic Laboratory, Arvenia.",
    "AccountOut.id": "Qm3vX8sLdT1yKc5RzW0pNg",
    "AdmittedInRequest.id": "xf-labs",
    "AdmittedAgencyOut.id": "xf-labs",
    "AdmittedAgencyOut.kind": "laboratory",
    "AdmittedAgencyOut.name": "Forensic Office, Ferrow",
    "AdmittedAgencyOut.root_fingerprint": "",
    "AdmittedAgencyOut.status": "entering",
    "TakeInInRequest.id": "xf-labs",
    "TakeInInRequest.name": "Forensic Office, Ferrow",
    "TakeInInRequest.root_fingerprint": "",
    "AuditEventOut.act_text": "opened an alert",
    "AuditEventOut.reason": "on_duty",
    "AuditEventOut.reason_text": "On duty",
    "AuditEventOut.subject": OBJECTS["md"],
    "AuditEventOut.detail": "",
    "AuditedAlertOut.reference": "7QK4-M2XN",
    "AuditedAlertOut.is_own": False,
    "AuditedAlertOut.opened_by": 3,
    "AuditedAlertOut.exported": 1,
    "AuditedAlertOut.acknowledged_by": ["Benno Ashgrove"],
    "FollowedEventOut.reason": "on_duty",
    "FollowedEventOut.subject": _DIGEST,
    "FollowedEventOut.detail": {},
    "ApiKeyInRequest.client": "laboratory system",
    "DeskEntryOut.entry_key_until": None,
    "DeskEntryOut.invitation": None,
    "DeskAgencyOut.id": "xb-health",
    "DeskAgencyOut.status": "active",
    "DeskAgencyOut.kind": "public_health",
    "KeyOut.kid": _DIGEST,
    "KeyOut.state": "current",
    "KeyChangeInRequest.kid": "",
    "KeysetOut.version": 1,
    "NoticeOut.occasion": "alert",
    "NoticeOut.state": "sent",
    "NoticeOut.reference": "7QK4-M2XN",
    "OfficerOut.id": "Qm3vX8sLdT1yKc5RzW0pNg",
    "OfficerOut.state": "active",
    "OfficerOut.invitation": None,
    "OfficerShownOut.id": "Qm3vX8sLdT1yKc5RzW0pNg",
    "OfficerShownOut.state": "active",
    "OfficerShownOut.invitation": None,
    "SignOut.label": "Feeds",
    "SignOut.text": "Every feed is followed to its end.",
    "SignOut.remedy": "",
    "ViewInRequest.name": "Science, unread",
    "ViewOut.name": "Science, unread",
    "ViewChangeInRequest.name": "Science, unread",
    "DoubtedStatementOut.about": _DIGEST,
    "DoubtedStatementOut.act": "Qm3vX8sLdT1yKc5RzW0pNg",
    "DoubtedStatementOut.k": "ack",
    "IssuedApiKeyOut.key": "4f0b7c19d2e8.Vh3nZq7sLwXc1yTb5RmKp9JdE2gFuA8oIhU6tNvQeWk",
    "KeyOut.alg": "Ed25519",
    "KeysetOut.low": "PQ1",
    "KeysetOut.next_root": "41bc 7d02 (16 groups)",
    "KeysetOut.root": "9f2c 9f2c (16 groups)",
    "NoticeOut.channel": "email",
    "PolicyInRequest.role_ceilings": {"reader": "AMBER"},
    "PolicyOut.role_ceilings": {"reader": "AMBER"},
    "KeysOut.waiting": None,
    "KeysOut.proposals": [],
    "PolicyOut.waiting": None,
    "PolicyRequestOut.asked_by": "Qm3vX8sLdT1yKc5RzW0pNg",
    "SessionOut.is_this": True,
}
"""Values by component, or by component and member."""


BODIES: Final[Mapping[tuple[str, str], Mapping[str, Any]]] = {
    ("GET", "envelopes/{md}"): {"200": OBJECTS["slice"]},
    ("POST", "credentials"): {"request": OBJECTS["apikey"]},
    ("POST", "credentials/{prefix}/end"): {"request": OBJECTS["apikey_end"]},
    ("PUT", "agencies/{agency_id}/entry"): {"request": OBJECTS["entry"]},
    ("POST", "statements"): {"request": OBJECTS["statement"]},
    ("GET", "keys/proposals/{od}"): {"200": OBJECTS["keyset_payload"]},
    ("POST", "keys/proposals/{od}"): {"request": OBJECTS["keyset"]},
    ("GET", "keys/proposals/{od}/previous"): {"200": OBJECTS["keyset"]},
    ("GET", "ledger/checkpoint"): {"200": OBJECTS["checkpoint"]},
    ("GET", "ledger/proof/{index}"): {"200": OBJECTS["proof"]},
    ("POST", "alerts/export"): {"request": {"box": "inbox", "kind": "seizure", "format": "csv"}},
    ("GET", "alerts/schema"): {"200": {"$schema": "https://json-schema.org/draft/2020-12/schema"}},
}
"""Request and answers by operation, where the schema names no component: "request", or the status of an answer."""


LEFT_OUT: Final = frozenset(
    {
        "BulkItemOut.problem",
        "ReportAnswer.problem",
        "SliceAnswer.problem",
        *(
            f"KeyChangeInRequest.{name}"
            for name in ("announce", "code", "root", "since", "suites", "typed", "uses")
        ),
    }
)
"""Members that are left out of the example of their component."""


def example_of(schema: Mapping[str, Any], components: Mapping[str, Any], place: str = "") -> Any:
    """Compose an example of the schema. `place` is `Component.member` during the composition."""
    if place in PLACES:
        return PLACES[place]
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return example_of(components[name], components, name)
    for many in ("allOf", "oneOf", "anyOf"):
        if many in schema:
            return example_of(schema[many][0], components, place)
    member = place.rpartition(".")[2]
    if "enum" in schema:
        return VALUES[member] if VALUES.get(member) in schema["enum"] else schema["enum"][0]
    if "properties" in schema:
        return {
            name: example_of(part, components, f"{place.partition('.')[0]}.{name}")
            for name, part in schema["properties"].items()
            if f"{place.partition('.')[0]}.{name}" not in LEFT_OUT
        }
    return _plain(schema, components, place, member)


def _plain(schema: Mapping[str, Any], components: Mapping[str, Any], place: str, member: str) -> Any:
    kinds = schema.get("type", "object")
    kind = next((one for one in kinds if one != "null"), "null") if isinstance(kinds, list) else kinds
    if member in VALUES and _fits(VALUES[member], kind, kinds):
        return VALUES[member]
    if kind != kinds:
        return None
    if kind == "array":
        return [example_of(schema["items"], components, place)]
    formats = {"uuid": _UUID, "date-time": _TIME, "date": _DAY, "binary": "(octets)"}
    kept = {"integer": 1, "number": 1, "boolean": False, "object": {}, "string": ""}
    if schema.get("minLength"):
        return "a text"
    return formats.get(schema.get("format", ""), kept.get(kind))


def _fits(value: Any, kind: str, kinds: object) -> bool:
    if value is None:
        return isinstance(kinds, list) and "null" in kinds
    python = {"string": str, "integer": int, "number": int, "boolean": bool, "array": list, "object": dict}[
        kind
    ]
    return isinstance(value, python)
