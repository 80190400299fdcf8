# SPDX-License-Identifier: Apache-2.0
"""The objects that parameters of an address name, and good requests: two small tables of the engines.

Every address with a parameter must have a row here, or the build fails. Each request is a good one, so that its
answer says something about rights and not about form; an address without a row gets an empty request.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from tests.security.routes import Route
from tests.security.world import INSTANCE, PARTNER, SecurityWorld, Thing

BY_PREFIX: Final[Mapping[str, Mapping[str, str]]] = {
    # The kind of thing of each parameter, by the beginning of an address; the longest beginning counts.
    "inbox/<uuid:alert_id>/": {"alert_id": "received", "n": "file"},
    "inbox/<uuid:alert_id>/acknowledge/": {"alert_id": "opened"},
    "inbox/<uuid:alert_id>/confirm/": {"alert_id": "taken back"},
    "about/<uuid:subject_id>/": {"subject_id": "received"},
    "cases/<uuid:case_id>/": {"case_id": "case", "item_id": "item in a case"},
    "tasks/<uuid:task_id>/": {"task_id": "task"},
    "units/<uuid:unit_id>/": {"unit_id": "unit"},
    "officers/<str:public_id>/hand-over/": {"public_id": "busy officer"},
    "api/v1/about/<uuid:subject_id>/": {"subject_id": "received"},
    "api/v1/cases/<uuid:case_id>": {"case_id": "case", "item_id": "item in a case"},
    "api/v1/tasks/<uuid:task_id>": {"task_id": "task"},
    "api/v1/units/<uuid:unit_id>": {"unit_id": "unit"},
    "api/v1/officers/<str:public_id>/hand-over": {"public_id": "busy officer"},
    "a/<str:reference>": {"reference": "reference"},
    "outbox/<uuid:alert_id>/": {"alert_id": "sent", "n": "file"},
    "outbox/<uuid:alert_id>/second-look/": {"alert_id": "flash"},
    "doubt/alerts/<str:md>/": {"md": "md in doubt"},
    "doubt/answers/<str:od>/": {"od": "answer in doubt"},
    "queue/<uuid:alert_id>/": {"alert_id": "submitted"},
    "queue/<uuid:alert_id>/release/": {"alert_id": "validated"},
    "queue/<uuid:alert_id>/cancel/": {"alert_id": "queued"},
    "drafts/<uuid:alert_id>/": {"alert_id": "draft", "number": "step"},
    "keys/proposals/<str:od>/": {"od": "proposal"},
    "keys/waiting/<str:od>/": {"od": "word to send"},
    "keys/key/<str:kid>/": {"kid": "kid"},
    "notifications/<uuid:notice_id>/": {"notice_id": "notice"},
    "inbox/<uuid:alert_id>/copy/": {"alert_id": "opened"},
    "inbox/<uuid:alert_id>/files/": {"alert_id": "opened", "n": "file"},
    "inbox/<uuid:alert_id>/reply/": {"alert_id": "opened"},
    "inbox/<uuid:alert_id>/review/": {"alert_id": "sample received"},
    "inbox/<uuid:alert_id>/profile/": {"alert_id": "question received"},
    "inbox/<uuid:alert_id>/profile/answer/<uuid:sample_id>/": {
        "alert_id": "question received",
        "sample_id": "sample sent",
    },
    "inbox/<uuid:alert_id>/profile/agree/": {"alert_id": "answer received"},
    "inbox/<uuid:alert_id>/rule/": {"alert_id": "rule received"},
    "outbox/<uuid:alert_id>/profile/": {"alert_id": "sample sent"},
    "outbox/<uuid:alert_id>/rule/": {"alert_id": "rule sent"},
    "security/sessions/<uuid:session_id>/": {"session_id": "session"},
    "security/factors/<int:factor_id>/": {"factor_id": "factor"},
    "views/<uuid:view_id>/": {"view_id": "view"},
    "drafts/templates/<uuid:template_id>/": {"template_id": "template"},
    "officers/<str:public_id>/": {"public_id": "officer"},
    "officers/duty/<str:public_id>/": {"public_id": "officer"},
    "api-keys/<str:prefix>/": {"prefix": "desk key"},
    "api-keys/exchange/<str:prefix>/": {"prefix": "API key"},
    "audit/alerts/<str:item>/": {"item": "audited alert"},
    "audit/keys/<str:prefix>/": {"prefix": "audit key"},
    "powers/<uuid:change_id>/": {"change_id": "power change"},
    "agreements/<str:ref>/": {"ref": "agreement"},
    "agreements/<str:ref>/leave/": {"ref": "signed agreement"},
    "agreements/versions/<str:od>/": {"od": "agreement version"},
    "reciprocity/<str:agency_id>/": {"agency_id": "partner"},
    "withheld/<str:peer>/<str:lane>/": {"peer": "withheld peer", "lane": "withheld lane"},
    **{
        f"{at}withheld/<str:peer>/<str:lane>/{act}": {"peer": "peer to decide about", "lane": "withheld lane"}
        for at in ("", "api/v1/")
        for act in ("choose", "decline", "cancel")
    },
    "peers/<str:agency_id>/": {"agency_id": "agency"},
    "science/rules/<str:rule_id>/": {"rule_id": "rule"},
    "science/timeline/<uuid:structure_id>/": {"structure_id": "stored structure"},
    "science/watches/<uuid:watch_id>/": {"watch_id": "watch"},
    "science/adopted/<uuid:adopted_id>/": {"adopted_id": "adopted rules"},
    "api/v1/substances/rules/<str:rule_id>": {"rule_id": "rule"},
    "api/v1/substances/rules/adopted/<uuid:adopted_id>/": {"adopted_id": "adopted rules"},
    "api/v1/substances/watches/<uuid:watch_id>": {"watch_id": "watch"},
    "science/library/<uuid:spectrum_id>/": {"spectrum_id": "library spectrum"},
    "science/library/imports/<uuid:import_id>/": {"import_id": "spectra import"},
    "api/v1/spectra/library/<uuid:spectrum_id>": {"spectrum_id": "library spectrum"},
    "api/v1/spectra/imports/<uuid:import_id>": {"import_id": "spectra import"},
    "desk/agencies/<str:agency_id>/": {"agency_id": "any agency"},
    "set-aside/<int:item_id>/": {"item_id": "item set aside"},
    "set-aside/loops/<int:state_id>/": {"state_id": "stopped loop"},
    "api/v1/desk/set-aside/<int:item_id>/": {"item_id": "item set aside"},
    "api/v1/desk/loops/<int:loop_id>/": {"loop_id": "stopped loop"},
    "reset/<str:token>/": {"token": "token"},
    "welcome/<str:token>/": {"token": "token"},
    "api/v1/alerts/templates/<uuid:template_id>": {"template_id": "template"},
    "api/v1/alerts/written/<uuid:alert_id>": {"alert_id": "written draft", "n": "file"},
    "api/v1/alerts/<uuid:alert_id>/versions": {"alert_id": "sent"},
    "api/v1/alerts/<uuid:alert_id>/reviews": {"alert_id": "sent"},
    "api/v1/alerts/<uuid:alert_id>/profile": {"alert_id": "sample sent"},
    "api/v1/alerts/<uuid:alert_id>/rule": {"alert_id": "rule sent"},
    "api/v1/alerts/<uuid:alert_id>/looks": {"alert_id": "sent"},
    "api/v1/alerts/received/<uuid:received_id>/reviews": {"received_id": "sample received"},
    "api/v1/alerts/received/<uuid:received_id>/reply": {"received_id": "opened"},
    "api/v1/alerts/received/<uuid:received_id>/profile": {"received_id": "question received"},
    "api/v1/alerts/received/<uuid:received_id>/profile/details": {"received_id": "answer received"},
    "api/v1/alerts/received/<uuid:received_id>/rule": {"received_id": "rule received"},
    "api/v1/alerts/<uuid:alert_id>/thread": {"alert_id": "sent"},
    "api/v1/alerts/<uuid:alert_id>/remind": {"alert_id": "withdrawn"},
    "outbox/<uuid:alert_id>/remind/": {"alert_id": "withdrawn"},
    "inbox/<uuid:alert_id>/changes/": {"alert_id": "next version"},
    "api/v1/alerts/<uuid:alert_id>/amend": {"alert_id": "sent"},
    "api/v1/alerts/<uuid:alert_id>/calls": {"alert_id": "sent"},
    "inbox/<uuid:alert_id>/onward/": {"alert_id": "received", "od": "answer in doubt"},
    "outbox/<uuid:alert_id>/onward/": {"alert_id": "sent", "od": "answer in doubt"},
    "onward/<uuid:release_id>/": {"release_id": "prepared release"},
    "emergencies/<uuid:release_id>/": {"release_id": "emergency"},
    "api/v1/alerts/<uuid:alert_id>/releases": {"alert_id": "sent", "od": "answer in doubt"},
    "api/v1/alerts/received/<uuid:received_id>/releases": {
        "received_id": "received",
        "od": "answer in doubt",
    },
    "api/v1/alerts/prepared-releases/<uuid:release_id>/": {"release_id": "prepared release"},
    "api/v1/alerts/emergencies/<uuid:release_id>": {"release_id": "emergency"},
    "api/v1/alerts/<uuid:alert_id>/copy": {"alert_id": "sent"},
    "api/v1/alerts/received/<uuid:received_id>/copy": {"received_id": "opened"},
    "api/v1/alerts/<uuid:alert_id>": {"alert_id": "draft", "n": "file"},
    "api/v1/alerts/<uuid:alert_id>/validate": {"alert_id": "submitted"},
    "api/v1/alerts/<uuid:alert_id>/return": {"alert_id": "submitted"},
    "api/v1/alerts/<uuid:alert_id>/release": {"alert_id": "validated"},
    "api/v1/alerts/<uuid:alert_id>/cancel": {"alert_id": "queued"},
    "api/v1/alerts/<uuid:alert_id>/reaffirm": {"alert_id": "sent"},
    "api/v1/alerts/<uuid:alert_id>/withdraw": {"alert_id": "sent"},
    "api/v1/alerts/<uuid:alert_id>/second-look": {"alert_id": "flash"},
    "api/v1/alerts/received/<uuid:received_id>": {"received_id": "received", "n": "file"},
    "api/v1/alerts/received/<uuid:received_id>/acknowledge": {"received_id": "opened"},
    "api/v1/alerts/received/<uuid:received_id>/confirm-withdrawal": {"received_id": "taken back"},
    "api/v1/account/sessions/<uuid:session_id>": {"session_id": "session"},
    "api/v1/agreements/<str:ref>/": {"ref": "agreement"},
    "api/v1/agreements/<str:ref>/leave": {"ref": "signed agreement"},
    "api/v1/agreements/versions/<str:od>/": {"od": "agreement version"},
    "api/v1/reciprocity/<str:agency_id>": {"agency_id": "partner"},
    "api/v1/withheld/<str:peer>/<str:lane>": {"peer": "withheld peer", "lane": "withheld lane"},
    "api/v1/peers/<str:agency_id>/": {"agency_id": "agency"},
    "api/v1/api-keys/<str:prefix>": {"prefix": "desk key"},
    "api/v1/exchange-keys/<str:prefix>": {"prefix": "API key"},
    "api/v1/credentials/<str:prefix>/": {"prefix": "API key"},
    "api/v1/instances/<uuid:instance_id>": {"instance_id": "instance"},
    "api/v1/doubts/envelopes/<str:md>/": {"md": "md in doubt"},
    "api/v1/doubts/statements/<str:od>/": {"od": "answer in doubt"},
    "api/v1/duty/<str:public_id>": {"public_id": "officer"},
    "api/v1/desk/agencies/<str:agency_id>": {"agency_id": "any agency"},
    "api/v1/keys/<str:kid>/": {"kid": "kid"},
    "api/v1/keys/proposals/<str:od>": {"od": "proposal"},
    "api/v1/keys/to-send/<str:od>": {"od": "word to send"},
    "api/v1/notifications/<uuid:notice_id>/": {"notice_id": "notice"},
    "api/v1/officers/<str:public_id>": {"public_id": "officer"},
    "api/v1/powers/<uuid:change_id>/": {"change_id": "power change"},
    "api/v1/views/<uuid:view_id>": {"view_id": "view"},
    "api/v1/agencies/<str:agency_id>/keyset": {"agency_id": "agency"},
    "api/v1/agencies/<str:agency_id>/": {"agency_id": "own agency"},
    "api/v1/agencies/<str:agency_id>/entry": {"agency_id": "entry"},
    "api/v1/agencies/<str:agency_id>/keysets": {"agency_id": "own agency"},
    "api/v1/envelopes/<str:md>": {"md": "md", "n": "file"},
    "api/v1/envelopes/<str:md>/reminders": {"md": "submission"},
    "api/v1/statements/<str:od>": {"od": "statement"},
    "api/v1/submissions/<str:digest>": {"digest": "submission"},
    "api/v1/ledger/": {"index": "leaf", "first": "step", "second": "step"},
}


def things_of(world: SecurityWorld, route: Route) -> dict[str, Thing]:
    """Return the things that an address names, by parameter; raise KeyError for an address that names none of these."""
    rows = [prefix for prefix in BY_PREFIX if route.route.startswith(prefix)]
    kinds = BY_PREFIX[max(rows, key=len)] if rows else {}
    return {name: world.things[kinds[name]] for name, _ in route.parameters}


def unnamed(route: Route) -> list[str]:
    """Return the parameters of an address for which no row gives a kind of thing."""
    rows = [prefix for prefix in BY_PREFIX if route.route.startswith(prefix)]
    kinds = BY_PREFIX[max(rows, key=len)] if rows else {}
    return [f"{route.route}: {name}" for name, _ in route.parameters if name not in kinds]


@dataclass(frozen=True)
class Sent:
    """The body of a request, a form or a JSON object, with files and the thing whose ETag it states."""

    data: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    tag_of: str = ""


SAMPLE: Final = "own sample"
"""A placeholder for the laboratory's own sample, with which a question is answered."""
VERSION: Final = "version of the keyset"
"""A placeholder for the version of the keyset from which a form about keys was made."""
PREVIEW: Final = "preview of the alert"
"""A placeholder for the digest of the recipients that the page has shown."""
UNIT: Final = "the laboratory's unit"
CASE: Final = "the laboratory's case"
SUBJECT: Final = "an alert for a case"
COLLEAGUE: Final = "a colleague of the laboratory"
"""Placeholders for ids of casework."""

KEY: Final = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
"""A public key of RFC 8037, appendix A."""

TERMS: Final[dict[str, Any]] = {
    "ref": "AG 9",
    "parties": [PARTNER],
    "lanes": ["science"],
    "tlp": "GREEN",
    "purposes": ["prevent"],
    "clocks": "freeze",
}
SPECTRUM: Final = b"NAME: other\nFORMULA: C2H6O\nPRECURSORMZ: 47.05\nNum Peaks: 1\n29.04 100\n"
_AHEAD: Final = (timezone.now() + timedelta(days=100)).date().isoformat()
_CASE: Final = {
    "number": "K 2",
    "title": "Grey powder",
    "unit": UNIT,
    "access": "unit",
    "review_on": _AHEAD,
}

GOOD: Final[Mapping[str, Sent]] = {
    "inbox/<uuid:alert_id>/": Sent({"reason": "on_duty"}),
    "inbox/<uuid:alert_id>/assign/": Sent({"officer": COLLEAGUE, "seen": ""}),
    "about/<uuid:subject_id>/note/": Sent({"text": "Seen in May."}),
    "about/<uuid:subject_id>/case/": Sent({"case": CASE}),
    "about/<uuid:subject_id>/task/": Sent({"kind": "call", "text": "Call."}),
    "cases/": Sent({"q": "tablets"}),
    "cases/new/": Sent(_CASE),
    "cases/<uuid:case_id>/change/": Sent(_CASE),
    "cases/<uuid:case_id>/close/": Sent({"reason": "Over."}),
    "cases/<uuid:case_id>/review/": Sent({"notes": "keep", "next_on": _AHEAD}),
    "cases/<uuid:case_id>/note/": Sent({"text": "Ask again."}),
    "cases/<uuid:case_id>/task/": Sent({"kind": "call", "text": "Call."}),
    "tasks/<uuid:task_id>/": Sent({"officer": COLLEAGUE, "seen": ""}),
    "tasks/<uuid:task_id>/end/": Sent({"outcome": "done", "result": "Called."}),
    "units/new/": Sent({"name": "Customs", "members": COLLEAGUE}),
    "units/<uuid:unit_id>/": Sent({"name": "Customs", "members": COLLEAGUE}),
    "officers/<str:public_id>/hand-over/": Sent({"to": COLLEAGUE}),
    "api/v1/cases": Sent(_CASE),
    "api/v1/cases/search": Sent({"text": "tablets"}),
    "api/v1/cases/<uuid:case_id>": Sent(_CASE),
    "api/v1/cases/<uuid:case_id>/close": Sent({"reason": "Over."}),
    "api/v1/cases/<uuid:case_id>/review": Sent({"next_on": _AHEAD}),
    "api/v1/cases/<uuid:case_id>/items": Sent({"subject": SUBJECT}),
    "api/v1/cases/<uuid:case_id>/notes": Sent({"text": "Ask again."}),
    "api/v1/about/<uuid:subject_id>/notes": Sent({"text": "Seen in May."}),
    "api/v1/tasks": Sent({"kind": "call", "text": "Call.", "case": CASE}),
    "api/v1/tasks/<uuid:task_id>/assign": Sent({"officer": COLLEAGUE, "seen": ""}),
    "api/v1/tasks/<uuid:task_id>/end": Sent({"outcome": "done", "result": "Called."}),
    "api/v1/alerts/received/<uuid:received_id>/assign": Sent({"officer": COLLEAGUE}),
    "api/v1/units": Sent({"name": "Customs", "members": []}),
    "api/v1/units/<uuid:unit_id>": Sent({"name": "Customs", "members": []}),
    "api/v1/officers/<str:public_id>/hand-over": Sent({"to": COLLEAGUE}),
    "outbox/<uuid:alert_id>/withdraw/": Sent({"code": "error"}),
    "queue/<uuid:alert_id>/validate/": Sent({"revision": 2, "preview": PREVIEW}),
    "queue/<uuid:alert_id>/release/": Sent({"revision": 2, "preview": PREVIEW}),
    "queue/<uuid:alert_id>/return/": Sent({"reason": "Say where."}),
    "drafts/new/": Sent({"alert_type": "harm_cluster", "shown": "title", "title": "Ten collapses"}),
    "drafts/<uuid:alert_id>/<int:number>/": Sent({"revision": 2, "shown": "title", "title": "Ten collapses"}),
    "drafts/<uuid:alert_id>/submit/": Sent({"revision": 2}),
    "drafts/<uuid:alert_id>/overwrite/": Sent(
        {"revision": 2, "step": 2, "mine": '{"title": "Ten collapses"}'}
    ),
    "drafts/<uuid:alert_id>/copy/": Sent({"mine": '{"title": "Ten collapses"}'}),
    "keys/renew/": Sent({"version": VERSION, "go": "do"}),
    "keys/root/change/": Sent({"version": VERSION, "go": "do"}),
    "keys/rotate/": Sent({"version": VERSION, "go": "do", "uses": ["sign"]}),
    "keys/key/<str:kid>/suspend/": Sent({"version": VERSION, "go": "do"}),
    "export/": Sent({"box": "inbox", "format": "csv"}),
    "api/v1/alerts/export": Sent({"box": "inbox", "format": "jsonl"}),
    "views/keep/": Sent({"box": "inbox", "name": "Trade", "lane": "trade"}),
    "views/<uuid:view_id>/rename/": Sent({"name": "Renamed"}),
    "views/<uuid:view_id>/default/": Sent({"default": "yes"}),
    "drafts/<uuid:alert_id>/template/": Sent({"name": "Kept"}),
    "officers/<str:public_id>/deputy/": Sent({"deputy": ""}),
    "officers/<str:public_id>/unit/": Sent({"unit": "Port"}),
    "science/screen/": Sent({"structure": "CCO", "on": "2026-01-01", "reason": "assigned"}),
    "science/timeline/": Sent({"structure": "CCO", "reason": "assigned"}),
    "science/timeline/<uuid:structure_id>/": Sent({"reason": "assigned"}),
    "science/watches/": Sent({"jurisdiction": "CN", "drug_class": ""}),
    "science/adopted/<uuid:adopted_id>/aside/": Sent({"go": "do"}),
    "inbox/<uuid:alert_id>/reply/": Sent({"narrative": "We have it too."}),
    "inbox/<uuid:alert_id>/review/": Sent({"opinion": "agree", "opinion_text": "As ours."}),
    "inbox/<uuid:alert_id>/profile/answer/<uuid:sample_id>/": Sent({"contact": "duty desk"}),
    "inbox/<uuid:alert_id>/profile/agree/": Sent({"contact": "duty desk"}),
    "outbox/<uuid:alert_id>/profile/ask/": Sent({"recipients": PARTNER, "contact": "duty desk"}),
    "api/v1/substances/timeline": Sent({"structure": "CCO", "reason": "assigned"}),
    "api/v1/substances/watches": Sent({"jurisdiction": "CN", "drug_class": ""}),
    "api/v1/alerts/received/<uuid:received_id>/rule": Sent({"reason": "on_duty"}),
    "api/v1/alerts/received/<uuid:received_id>/rule/adopt": Sent({"reason": "on_duty"}),
    "inbox/<uuid:alert_id>/look/": Sent({"outcome": "closed"}),
    "outbox/<uuid:alert_id>/look/": Sent({"outcome": "closed"}),
    "api/v1/alerts/received/<uuid:received_id>/looks": Sent({"outcome": "closed"}),
    "api/v1/alerts/<uuid:alert_id>/looks": Sent({"outcome": "closed"}),
    "science/similar/": Sent({"structure": "CCO", "reason": "assigned"}),
    "science/spectra/": Sent({"text": "100.1 5", "reason": "assigned"}),
    "api/v1/substances/screen": Sent({"structures": [{"structure": "CCO"}], "reason": "assigned"}),
    "api/v1/substances/similar": Sent({"structure": "CCO", "reason": "assigned"}),
    "api/v1/spectra/match": Sent({"spectrum": "100.1 5", "reason": "assigned"}),
    "api/v1/spectra/library": Sent(files={"file": SPECTRUM}),
    "peers/<str:agency_id>/compare/": Sent({"fingerprint": "0" * 64}),
    "api/v1/peers/<str:agency_id>/compare": Sent({"fingerprint": "0" * 64}),
    "peers/<str:agency_id>/telephone/": Sent({"telephone": "+00 9"}),
    "api/v1/peers/<str:agency_id>/telephone": Sent({"telephone": "+00 9"}),
    "peers/<str:agency_id>/circles/": Sent({"circles": "Early Look"}),
    "api/v1/peers/<str:agency_id>/confirm": Sent({"circles": ["Early Look"]}),
    "calendar/change/": Sent({"working_days": ["1"], "opens": "09:00", "closes": "17:00"}),
    "api/v1/calendar": Sent({"working_days": [1], "opens": "09:00", "closes": "17:00", "holidays": []}),
    "directory/own/": Sent({"telephone": "+00 9 555", "timezone": "UTC", "contacts": "duty@lab.example"}),
    "api/v1/entry": Sent({"telephone": "+00 9 555", "timezone": "UTC", "contacts": ["duty@lab.example"]}),
    "api/v1/instances": Sent({"id": INSTANCE, "software": "accord 1.0.0"}),
    "api/v1/keysets/query": Sent({"agencies": {PARTNER: 0}}),
    "api/v1/previews": Sent(
        {"lane": "science", "purpose": "science", "tlp": "GREEN", "pri": "routine", "status": "actual"}
        | {"suite": "PQ1", "recipients": [PARTNER]}
    ),
    "api/v1/deliveries/facts": Sent({"items": [{"md": "A" * 43, "fact": "told", "at": 1764104645}]}),
    "transition/": Sent({"verb": "begin"}),
    "api/v1/transition": Sent({"verb": "begin"}),
    "withheld/<str:peer>/<str:lane>/choose/": Sent({"groups": "harm_cluster:2026-06"}),
    "withheld/<str:peer>/<str:lane>/decline/": Sent({"groups": "harm_cluster:2026-06"}),
    "api/v1/withheld/<str:peer>/<str:lane>/choose": Sent({"groups": ["harm_cluster:2026-06"]}),
    "api/v1/withheld/<str:peer>/<str:lane>/decline": Sent({"groups": ["harm_cluster:2026-06"]}),
    "api/v1/agreements/<str:ref>/suspend": Sent({"agencies": [PARTNER], "lanes": ["science"]}),
    "api/v1/agreements/<str:ref>/resume": Sent({"agencies": [PARTNER], "lanes": ["science"]}),
    "api/v1/agreements/versions": Sent(
        TERMS | {"begins": "2026-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"}
    ),
    "reciprocity/<str:agency_id>/compare/": Sent({"items": "A" * 43}),
    "api/v1/reciprocity/<str:agency_id>/compare": Sent(
        {"first": "2026-01-01", "last": "2026-03-31", "items": ["A" * 43]}
    ),
    "agreements/<str:ref>/suspend/": Sent({"agencies": [PARTNER], "lanes": ["science"], "sure": "yes"}),
    "agreements/<str:ref>/resume/": Sent({"agencies": [PARTNER], "lanes": ["science"], "sure": "yes"}),
    "agreements/propose/": Sent(TERMS | {"begins": "2026-01-01", "until": "2030-01-01"}),
    "agreements/<str:ref>/propose/": Sent(TERMS | {"begins": "2026-01-01", "until": "2030-01-01"}),
    "api/v1/api-keys": Sent({"client": "case system", "scopes": ["science:query"]}),
    "api/v1/exchange-keys": Sent({"client": "case system", "scopes": ["directory:read"]}),
    "api/v1/doubts/envelopes/<str:md>/withdraw": Sent({"code": "error"}),
    "api/v1/duty/<str:public_id>": Sent({"move": "remove"}),
    "api/v1/desk/agencies/<str:agency_id>/admin": Sent({"email": "head@xa-lab.example", "full_name": "Fay"}),
    "api/v1/desk/agencies/<str:agency_id>/entry-key": Sent({"entry_key": "0" * 12 + "." + "A" * 43}),
    "api/v1/keys/changes": Sent({"verb": "renew", "version": VERSION}),
    "api/v1/views": Sent({"box": "inbox", "name": "Trade", "filters": {"lane": "trade"}}),
    "api/v1/views/<uuid:view_id>": Sent({"name": "Renamed"}),
    "api/v1/alerts": Sent({"alert_type": "harm_cluster", "data": {"title": "Ten collapses"}}),
    "api/v1/alerts/check-recipients": Sent({"data": {"recipients": [PARTNER]}}),
    "api/v1/alerts/<uuid:alert_id>": Sent({"data": {"title": "Ten collapses"}}, tag_of="draft"),
    "api/v1/alerts/<uuid:alert_id>/submit": Sent(tag_of="draft"),
    "api/v1/alerts/<uuid:alert_id>/validate": Sent({"preview": PREVIEW}, tag_of="submitted"),
    "api/v1/alerts/<uuid:alert_id>/return": Sent({"reason": "Say where."}, tag_of="submitted"),
    "api/v1/alerts/<uuid:alert_id>/release": Sent(tag_of="validated"),
    "api/v1/alerts/<uuid:alert_id>/withdraw": Sent({"code": "error"}),
    "api/v1/alerts/written/<uuid:alert_id>/attachments": Sent(files={"file": b"peaks"}),
    "api/v1/alerts/<uuid:alert_id>/attachments": Sent(files={"file": b"peaks"}, tag_of="draft"),
    "api/v1/alerts/<uuid:alert_id>/attachments/<int:n>": Sent(tag_of="draft"),
    "api/v1/agencies/<str:agency_id>/challenges": Sent({"keys": [{"jwk": KEY, "use": "sign"}]}),
    "api/v1/agencies/<str:agency_id>/keysets": Sent(files={"keyset": b"{}"}),
    "api/v1/alerts/<uuid:alert_id>/template": Sent({"name": "Kept"}),
    "api/v1/alerts/received/<uuid:received_id>/copy": Sent({"reason": "on_duty"}),
    "api/v1/alerts/received/<uuid:received_id>/reply": Sent(
        {"reason": "on_duty", "kind": "reply", "narrative": "We have it too."}
    ),
    "api/v1/alerts/received/<uuid:received_id>/profile": Sent({"reason": "on_duty"}),
    "api/v1/alerts/received/<uuid:received_id>/profile/answer": Sent(
        {"reason": "on_duty", "sample": SAMPLE, "contact": "duty desk"}
    ),
    "api/v1/alerts/received/<uuid:received_id>/profile/details": Sent({"reason": "on_duty"}),
    "api/v1/alerts/<uuid:alert_id>/profile/ask": Sent({"agencies": [PARTNER], "contact": "duty desk"}),
    "api/v1/alerts/received/<uuid:received_id>/open": Sent({"reason": "on_duty"}),
    "api/v1/alerts/received/<uuid:received_id>/attachments/<int:n>": Sent({"reason": "on_duty"}),
}


def good_request(world: SecurityWorld, route: Route) -> dict[str, Any]:
    """Return arguments for the test client's `generic`: body, content type, headers. They are made once a world."""
    if route.route not in world.requests:
        sent = GOOD.get(route.route, Sent())
        headers = {"if-match": world.tag(sent.tag_of)} if sent.tag_of else {}
        is_json = route.is_rest and not sent.files
        data = good_values(world, sent)
        world.requests[route.route] = encoded(data, sent.files, is_json=is_json) | {"headers": headers}
    return world.requests[route.route]


def good_values(world: SecurityWorld, sent: Sent) -> dict[str, Any]:
    """Return the values of a good request, with those that only this world knows filled in."""
    sample = str(world.things["sample sent"].value)
    known = {PREVIEW: world.preview_digest, VERSION: world.keyset_version, SAMPLE: sample}
    known |= {UNIT: str(world.things["unit"].value), CASE: str(world.things["case"].value)}
    known |= {SUBJECT: str(world.things["sent"].value), COLLEAGUE: world.people["releaser"].public_id}
    return {name: known.get(v, v) if isinstance(v, str) else v for name, v in sent.data.items()}


def encoded(data: Mapping[str, Any], files: Mapping[str, bytes], *, is_json: bool) -> dict[str, Any]:
    """Return the body in the form that pages or the REST API read."""
    if is_json:
        return {"data": json.dumps(data).encode(), "content_type": "application/json"}
    parts = dict(data) | {name: SimpleUploadedFile(f"{name}.bin", octets) for name, octets in files.items()}
    return {"data": encode_multipart(BOUNDARY, parts), "content_type": MULTIPART_CONTENT}
