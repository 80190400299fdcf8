# SPDX-License-Identifier: Apache-2.0
"""Versions of agreements: propose one, look at what is proposed and what it changes, accept, refuse, leave."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from accord.agreement_texts import TextState
from accord.agreements import SignedVersion, VersionState
from accord.moments import moment_of
from alerts.agency.agreement_versions import (
    Terms,
    answer_version,
    leave_agreement,
    propose_agreement,
    text_of_version,
    version_agreed,
    version_among,
    version_of,
    versions_of,
)
from alerts.agency.agreements import AgreementShown, agreement_of, agreements_of
from alerts.agency.model_texts.filling import (
    MODELS,
    differing_terms,
    is_model_title,
    model_text,
    model_title,
)
from alerts.agency.term_words import (
    CLOCKS,
    emergency_words,
    survival_words,
    terms_in_words,
    terms_signed,
)
from alerts.errors import AgreementRefusedError, NotTakenError, SendingStoppedError
from alerts.problems import words_for
from callers import clock
from callers.capabilities import Capability
from callers.closed_lists import Lane, Purpose, Tlp
from desk.agency.agreements.text_display import text_shown
from desk.agency.agreements.text_form import ROWS_MORE, TextOfVersion
from desk.web.confirm import Question, ask
from desk.web.frame import render_page, signed_in
from desk.web.tones import isolated
from officers.models import Officer
from peers.models import Agency

PROPOSE: Final = "agency/agreement_propose"
STATES: Final = {
    VersionState.PROPOSED: (gettext_lazy("Proposed"), "warn"),
    VersionState.AGREED: (gettext_lazy("Agreed, begins later"), "ok"),
    VersionState.IN_FORCE: (gettext_lazy("In force"), "ok"),
    VersionState.REFUSED: (gettext_lazy("Refused"), "done"),
    VersionState.REPLACED: (gettext_lazy("Replaced"), "done"),
    VersionState.ENDED: (gettext_lazy("Ended"), "done"),
}


def _many(label: Any, required: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        widget=forms.CheckboxSelectMultiple,
        required=bool(required),
        error_messages={"required": required, "invalid_choice": required},
    )


def _day(label: Any, when: Any, problem: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=when,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages=dict.fromkeys(("required", "invalid"), problem),
    )


class VersionForm(forms.Form):
    """Terms of a version; days begin and end at midnight, UTC. Nothing is preselected but what is agreed now."""

    ref = forms.CharField(
        label=gettext_lazy("Reference"),
        max_length=20,
        help_text=gettext_lazy(
            "As on the paper, in letters, digits, spaces, full stops and hyphens. All parties and the exchange read it."
        ),
        error_messages={"required": gettext_lazy("Reference: enter it as on the paper.")},
    )
    parties = _many(gettext_lazy("With"), gettext_lazy("Parties: choose one or more other agencies."))
    lanes = _many(gettext_lazy("Lanes"), gettext_lazy("Lanes: choose one or more."))
    tlp = forms.ChoiceField(
        label=gettext_lazy("Ceiling"),
        choices=(("", ""), *Tlp.choices),
        help_text=gettext_lazy("The strictest marking that may be sent."),
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Ceiling: choose the strictest marking.")
        ),
    )
    purposes = _many(gettext_lazy("Purposes"), gettext_lazy("Purposes: choose one or more."))
    begins = _day(
        gettext_lazy("From"),
        gettext_lazy("Begins at 00:00 UTC on this day, for all parties."),
        gettext_lazy("From: enter a day like 2027-01-31."),
    )
    until = _day(
        gettext_lazy("Until"),
        gettext_lazy("Ends at 00:00 UTC on this day, for all parties."),
        gettext_lazy("Until: enter a day like 2027-01-31."),
    )
    survive_lanes = _many(gettext_lazy("Lanes that survive a suspension"), "")
    survive_flash = forms.BooleanField(
        label=gettext_lazy("Danger to life survives: flash on the public-health lane"), required=False
    )
    clocks = forms.ChoiceField(
        label=gettext_lazy("During a suspension the clocks of answers"),
        choices=CLOCKS,
        help_text=gettext_lazy(
            "Where they stand still, an answer is due later by as long as the lane was suspended. "
            "Where they run on, it is due as signed, and what falls due meanwhile is not counted as missed."
        ),
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Clocks: choose whether they stand still.")
        ),
    )
    emergency = forms.BooleanField(
        label=gettext_lazy("Emergency release is agreed, where life is in danger"), required=False
    )

    def __init__(self, *args: Any, others: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "parties": others,
            "lanes": Lane.choices,
            "survive_lanes": Lane.choices,
            "purposes": Purpose.choices,
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]

    def terms(self) -> Terms:
        """Return the entered terms; the form is valid."""
        said = self.cleaned_data
        return Terms(
            ref=said["ref"],
            parties=frozenset(said["parties"]),
            lanes=frozenset(said["lanes"]),
            tlp=said["tlp"],
            purposes=frozenset(said["purposes"]),
            begins=datetime.combine(said["begins"], time(), UTC),
            until=datetime.combine(said["until"], time(), UTC),
            survive_lanes=frozenset(said["survive_lanes"]),
            survive_flash=said["survive_flash"],
            clocks=said["clocks"],
            emergency=said["emergency"],
        )


@dataclass(frozen=True)
class Change:
    """One term in words, and the same in the version in force; `before` is empty where there is none."""

    label: str
    text: str
    before: str

    @property
    def is_changed(self) -> bool:
        """Tell whether the version changes it."""
        return bool(self.before) and self.before != self.text


def propose(request: HttpRequest) -> HttpResponseBase:
    """Propose a new agreement."""
    return _propose(request, None)


def propose_next(request: HttpRequest, ref: str) -> HttpResponseBase:
    """Propose the next version of an agreement, or sign what the operator recorded; its present terms are filled in."""
    return _propose(request, agreement_of(signed_in(request), ref, now=clock.now()))


def _propose(request: HttpRequest, standing: AgreementShown | None) -> HttpResponseBase:
    officer, now = signed_in(request), clock.now()
    own, others = Agency.objects.get(pk=officer.agency_id), _others(officer)
    names = {own.pk: own.name, **dict(others)}
    signed = version_agreed(officer, standing.ref, now=now) if standing else None
    filled = _filled(officer, standing, signed, now) if standing else {}
    posted = request.POST if request.method == "POST" else None
    form = VersionForm(posted, initial=filled, others=others)
    text = _text_form(officer, posted, signed, list(names.items()), own.timezone)
    if standing:
        form.fields["ref"].disabled = True
    question = _proposing(standing, text)
    if posted is not None and ("fill" in posted or "more" in posted):
        begun = _entered(form, others)
        model = _model(posted, terms_in_words(_terms_said(begun, own), names))
        text.refilled(model, more=ROWS_MORE if "more" in posted else 0)
        return ask(request, question, begun, template=PROPOSE)
    is_valid = form.is_valid()
    parties = {officer.agency_id or "", *(form.cleaned_data.get("parties", ()) if posted is not None else ())}
    problems = list(text.problems(parties)) if posted is not None else []
    if not is_valid or problems:
        return ask(request, question, form, template=PROPOSE, more=problems)
    if text.has_commitments_alone:
        form.add_error(None, _("Commitments: enter the text that they are part of."))
        return ask(request, question, form, template=PROPOSE)
    terms = replace(form.terms(), text=text.document())
    entered = str(terms.text["text"]) if terms.text else ""
    differing = _differing(entered, _terms_said(form, own), names)
    if differing and "meant" not in request.POST:
        question = replace(question, extra={"text": text, "differing": differing})
        return ask(request, question, form, template=PROPOSE)
    try:
        od = propose_agreement(officer, terms, now=now)
    except AgreementRefusedError as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.problem)
        return ask(request, question, form, template=PROPOSE)
    except (SendingStoppedError, NotTakenError) as stopped:
        # What was entered stays on the page.
        form.add_error(None, words_for(stopped))
        return ask(request, question, form, template=PROPOSE)
    messages.success(
        request,
        _("Proposed: %(ref)s. Each of the others is told, and accepts or refuses it.") % {"ref": terms.ref},
    )
    return redirect("admin:agreement_version", od)


def _text_form(
    officer: Officer,
    posted: QueryDict | None,
    signed: SignedVersion | None,
    agencies: list[tuple[str, str]],
    zone: str,
) -> TextOfVersion:
    document = text_of_version(officer, signed).document if signed else None
    return TextOfVersion(posted, agencies=agencies, zone=zone, document=document)


def _entered(form: VersionForm, others: list[tuple[str, str]]) -> VersionForm:
    """Return the form with what was entered, not judged yet."""
    begun = VersionForm(initial={name: form[name].value() for name in form.fields}, others=others)
    begun.fields["ref"].disabled = form.fields["ref"].disabled
    return begun


def _model(posted: QueryDict, terms: Mapping[str, str]) -> dict[str, str]:
    """Return title and text of the chosen model with these terms; nothing where none was asked for. An own title stays."""
    model, title = posted.get("model", ""), posted.get("title", "").strip()
    if "fill" not in posted or model not in dict(MODELS):
        return {}
    text = {"text": model_text(model, terms)}
    return text if title and not is_model_title(title) else text | {"title": model_title(terms)}


def _differing(text: str, said: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return each term that a text gives otherwise than `said`: its label, as the text gives it, as it is said."""
    labels = {{"nbf": "begins"}.get(name, name): str(label) for label, name, _text_of in _TERMS}
    terms = terms_in_words(said, names)
    return [(labels[name], words, terms[name]) for name, words in differing_terms(text, said, names).items()]


def _terms_said(form: VersionForm, own: Agency) -> dict[str, Any]:
    """Return the entered terms, not judged yet, as model texts name them."""
    said = {name: form[name].value() for name in form.fields}
    for name in ("parties", "lanes", "purposes", "survive_lanes"):
        said[name] = list(said[name] or ())
    return said | {"parties": [own.pk, *said["parties"]]}


def _proposing(standing: AgreementShown | None, text: TextOfVersion) -> Question:
    does = [
        _("Your agency signs it and accepts by that. It is in force once every other party has accepted."),
        *_meanwhile(standing),
    ]
    if standing is None:
        heading, back = _("Propose an agreement"), reverse("admin:agreements")
    else:
        # What the operator recorded has no version yet: this is how its parties countersign it.
        form = (
            _("Propose the next version of %(ref)s")
            if standing.said.od
            else _("Propose %(ref)s to be signed")
        )
        heading = form % {"ref": isolated(standing.ref)}
        back = reverse("admin:agreement", args=[standing.ref])
    return Question(
        _("Agreement"), heading, _("Propose it"), back, does=does, narrow=False, extra={"text": text}
    )


def _meanwhile(standing: AgreementShown | None) -> list[str]:
    """Return what holds until a version is in force."""
    if standing is None:
        return []
    if standing.is_ended:
        return [_("Until then nothing flows under it: what was agreed has ended.")]
    return [_("Until then, what is agreed now stays in force.")]


def _others(officer: Officer) -> list[tuple[str, str]]:
    rows = Agency.objects.visible_to(officer).exclude(pk=officer.agency_id or "").order_by("name", "pk")
    return [(row.pk, row.name) for row in rows if row.gone_at is None]


def _filled(
    officer: Officer, standing: AgreementShown, signed: SignedVersion | None, now: datetime
) -> dict[str, Any]:
    said = standing.said
    return {
        "ref": said.ref,
        "parties": [party for party in said.parties if party != officer.agency_id],
        "lanes": said.lanes,
        "tlp": said.ceiling,
        "purposes": said.purposes or Purpose.values,
        "begins": now.date(),
        "until": standing.until.date() if standing.until and not standing.is_ended else None,
        "survive_lanes": said.survive_lanes,
        "survive_flash": said.survive_flash,
        "clocks": signed.body["clocks"] if signed else None,
        "emergency": bool(signed and signed.body["emergency"]),
    }


def version(request: HttpRequest, od: str) -> HttpResponse:
    """Show a version: its terms, what it changes, and what each party has said."""
    officer, now = signed_in(request), clock.now()
    versions = versions_of(officer, now=now)
    shown = version_among(versions, od)
    own, at = officer.agency_id or "", int(now.timestamp())
    text, tone = _state_words(shown, at)
    may_manage = Capability.AGENCY_MANAGE in officer.capabilities
    names = dict(Agency.objects.values_list("pk", "name"))
    return render_page(
        request,
        "agency/agreement_version",
        _("Agreement"),
        version=shown,
        changes=list(changes_of(officer, shown, versions, names, now)),
        parties=_answers(shown, names),
        state_text=text,
        state_tone=tone,
        others=_others_of(shown, versions, now),
        text=(sealed := text_shown(officer, shown, versions, names)),
        differing=_differing(sealed.text, terms_signed(shown), names)
        if shown.state(at) == VersionState.PROPOSED
        else [],
        may_accept=may_manage
        and shown.waits_for(own, at)
        and sealed.state in (TextState.NONE, TextState.HERE),
        may_refuse=may_manage and shown.may_refuse(own, at),
        is_own=_is_own(shown, officer),
    )


def _state_words(one: SignedVersion, at: int) -> tuple[Any, str]:
    """Return state and tone of a version."""
    text, tone = STATES[one.state(at)]
    return (_("Taken back") if one.is_taken_back else text), tone


def _others_of(
    shown: SignedVersion, versions: Iterable[SignedVersion], now: datetime
) -> list[tuple[SignedVersion, datetime, Any, str]]:
    """Return the other versions of the same agreement, the newest first, with their times and states in words."""
    rows = (one for one in versions if one.ref == shown.ref and one.od != shown.od)
    return [(one, moment_of(one.proposed_at), *_state_words(one, int(now.timestamp()))) for one in rows]


def accept(request: HttpRequest, od: str) -> HttpResponseBase:
    """Accept a proposed version, after a second question."""
    return _answer(request, od, "accept")


def refuse_version(request: HttpRequest, od: str) -> HttpResponseBase:
    """Refuse a proposed version, after a second question."""
    return _answer(request, od, "refuse")


def _answer(request: HttpRequest, od: str, st: str) -> HttpResponseBase:
    officer, now = signed_in(request), clock.now()
    shown = version_of(officer, od, now=now)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        question = (
            _accept_question(shown, officer, now) if st == "accept" else _refuse_question(shown, officer)
        )
        return ask(request, question, form)
    answer_version(officer, od, st, now=now)
    if st == "accept":
        done = _("Accepted: %(ref)s.")
    else:
        done = _("Taken back: %(ref)s.") if _is_own(shown, officer) else _("Refused: %(ref)s.")
    messages.success(request, done % {"ref": shown.ref})
    return redirect("admin:agreement_version", od)


def _is_own(shown: SignedVersion, officer: Officer) -> bool:
    """Tell whether the officer's agency has proposed it: to refuse it is to take it back then."""
    return shown.statement.iss == officer.agency_id


def _accept_question(shown: SignedVersion, officer: Officer, now: datetime) -> Question:
    names = dict(Agency.objects.filter(pk__in=shown.parties).values_list("pk", "name"))
    body = {**shown.body, "until": shown.until}
    terms = ((label, text_of(body[name], names)) for label, name, text_of in _TERMS if name in _ACCEPTED)
    return Question(
        _("Agreement"),
        _("Accept %(ref)s?") % {"ref": isolated(shown.ref)},
        _("Accept it"),
        _page_of(shown),
        does=list(_accepting(shown, officer, now)),
        facts=[(_("Version"), shown.body["ver"]), *terms],
    )


def _refuse_question(shown: SignedVersion, officer: Officer) -> Question:
    words = {"ref": isolated(shown.ref)}
    if _is_own(shown, officer):
        heading, button = _("Take %(ref)s back?") % words, pgettext("agreement", "Take it back")
    else:
        heading, button = _("Refuse %(ref)s?") % words, _("Refuse it")
    does = [_("The proposal is over for all parties. Another one can be made.")]
    return Question(_("Agreement"), heading, button, _page_of(shown), does=does, is_grave=True)


def _page_of(shown: SignedVersion) -> str:
    return reverse("admin:agreement_version", args=[shown.od])


_ACCEPTED: Final = frozenset({"parties", "lanes", "tlp", "nbf", "until"})
"""Terms that the page of an acceptance repeats; the page of the version has all."""


def _accepting(shown: SignedVersion, officer: Officer, now: datetime) -> Iterator[str]:
    """Yield what it means to accept a version."""
    yield _("Your agency itself signs these terms, and their text where there is one.")
    missing = len(shown.unanswered - {officer.agency_id})
    if missing:
        yield ngettext(
            "It is in force once %(count)s other party has accepted it too.",
            "It is in force once %(count)s other parties have accepted it too.",
            missing,
        ) % {"count": missing}
    else:
        yield _("Every other party has accepted: it is in force with your agency's answer.")
    if moment_of(shown.body["nbf"]) > now:
        yield _("It begins later, as agreed below.")
    if shown.body["prev"]:
        yield from _meanwhile(_standing_of(officer, shown, now))
    yield _("Your agency can leave it again at any time, at once, on the page of the agreement.")


def leave(request: HttpRequest, ref: str) -> HttpResponseBase:
    """Leave a signed agreement, after a second question."""
    officer, now = signed_in(request), clock.now()
    standing = agreement_of(officer, ref, now=now)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        names = "; ".join(isolated(name) for _id, name in standing.others)
        question = Question(
            _("Agreement"),
            _("Leave %(ref)s?") % {"ref": isolated(ref)},
            _("Leave it"),
            reverse("admin:agreement", args=[ref]),
            does=[
                _("Nothing flows any more between your agency and %(names)s under it, at once.")
                % {"names": names},
                _("The others go on without your agency. Only a new version brings it back.")
                if len(standing.others) > 1
                else _(
                    "One party is left, so that nothing flows under it. Only a new version brings it back."
                ),
            ],
            is_grave=True,
        )
        return ask(request, question, form)
    leave_agreement(officer, ref, now=now)
    messages.success(request, _("Left: %(ref)s.") % {"ref": ref})
    return redirect("admin:agreements")


def _standing_of(officer: Officer, shown: SignedVersion, now: datetime) -> AgreementShown | None:
    return next((one for one in agreements_of(officer, now=now) if one.ref == shown.ref), None)


def changes_of(
    officer: Officer,
    shown: SignedVersion,
    versions: Iterable[SignedVersion],
    names: dict[str, str],
    now: datetime,
) -> Iterator[Change]:
    """Yield each term of a version beside the one that is agreed now."""
    standing = _standing_of(officer, shown, now)
    before: dict[str, Any] = {}
    if standing is not None and standing.said.od != shown.od:
        said = standing.said
        before = {
            "parties": said.parties,
            "lanes": said.lanes,
            "tlp": said.ceiling,
            "purposes": said.purposes or sorted(Purpose.values),
            "survive": {"lanes": said.survive_lanes, "flash": said.survive_flash},
            "until": said.until,
            "emergency": said.emergency,
        }
        signed = next((one for one in versions if one.od == said.od), None)
        before |= {"clocks": signed.body["clocks"]} if signed else {}
    for label, name, text_of in _TERMS:
        body = {**shown.body, "until": shown.until}
        text = text_of(body[name], names)
        known = text_of(before[name], names) if name in before else ""
        yield Change(str(label), text, known)


def _names(value: Any, names: dict[str, str]) -> str:
    return "; ".join(sorted(names.get(agency, agency) for agency in value))


def _words(labels: dict[str, Any]) -> Any:
    def text(value: Any, names: dict[str, str]) -> str:
        return ", ".join(str(labels.get(code, code)) for code in sorted(value))

    return text


def _moment(value: Any, names: dict[str, str]) -> str:
    return date_format(moment_of(value), _("j M Y")) if value is not None else _("no end")


_TERMS: Final = (
    (gettext_lazy("Parties"), "parties", _names),
    (gettext_lazy("Lanes"), "lanes", _words(dict(Lane.choices))),
    (gettext_lazy("Ceiling"), "tlp", lambda value, names: f"TLP:{value}"),
    (gettext_lazy("Purposes"), "purposes", _words(dict(Purpose.choices))),
    (gettext_lazy("From"), "nbf", _moment),
    (gettext_lazy("Until"), "until", _moment),
    (
        gettext_lazy("Survives a suspension"),
        "survive",
        lambda value, names: survival_words(value["lanes"], flash=value["flash"]),
    ),
    (
        gettext_lazy("Clocks of answers in a suspension"),
        "clocks",
        lambda value, names: str(dict(CLOCKS).get(value, value)),
    ),
    (
        gettext_lazy("Emergency release"),
        "emergency",
        lambda value, names: emergency_words(is_agreed=value),
    ),
)


def _answers(shown: SignedVersion, names: dict[str, str]) -> list[tuple[str, str, Any, datetime | None]]:
    """Return each party by name with the tone, word and time of what it has said."""
    rows = []
    for party in sorted(shown.parties, key=lambda one: names.get(one, one)):
        tone, word, at = "warn", _("Not answered"), None
        for said, in_words, of_tone in (
            (shown.accepted, _("Accepted"), "ok"),
            (
                shown.refused,
                *((_("Taken back"), "done") if shown.is_taken_back else (_("Refused"), "danger")),
            ),
            (shown.left, _("Left"), "done"),
        ):
            if party in said:
                tone, word, at = of_tone, in_words, moment_of(said[party])
        rows.append((names.get(party, party), tone, word, at))
    return rows
