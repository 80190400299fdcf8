# SPDX-License-Identifier: Apache-2.0
"""Pages of releases onward: preparing one, releasing or discarding what was prepared, ending one, reviewing an emergency."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from alerts.access import find_alert, find_received
from alerts.document.choices import PURPOSES
from alerts.errors import SendingStoppedError
from alerts.models import Alert, ReceivedAlert
from alerts.rows.onward import OnwardRelease
from alerts.sending.emergencies import (
    TEXT_CHARS,
    Emergency,
    emergencies_to_review,
    find_emergency,
    review_emergency,
    seen_by,
)
from alerts.sending.onward import (
    ENDING_CODES,
    About,
    Candidates,
    Released,
    candidates_for,
    discard_release,
    end_release,
    find_prepared,
    has_releases,
    may_release,
    prepare_release,
    prepared_of,
    release_onward,
    releases_of,
)
from callers import clock
from callers.capabilities import Capability
from callers.errors import AbsentError, InputError
from desk.alerts.boxes.start_rows import StartRow
from desk.alerts.display.titles import title_of, titles_of
from desk.alerts.sent.handed_in_page import say_signed
from desk.web.confirm import ConfirmForm, Question, ask, refuse
from desk.web.frame import signed_in
from desk.web.tones import isolated
from officers.models import Officer
from peers.models import Agency

MINUTE = "%Y-%m-%dT%H:%M"
PROPOSED: Final = timedelta(days=30)
"""The time of access that the form proposes."""


class OnwardForm(forms.Form):
    """The agencies that can receive it, until when, for what."""

    recipients = forms.MultipleChoiceField(
        label=gettext_lazy("Agencies"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Agencies: choose one or more."),
            "invalid_choice": gettext_lazy("Agencies: choose from the list; it may have changed."),
        },
    )
    until = forms.DateTimeField(
        label=gettext_lazy("Open until"),
        help_text=gettext_lazy("In your own time zone. It closes there then; what was read stays read."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "autocomplete": "off"}, format=MINUTE),
        error_messages={
            "required": gettext_lazy("Open until: enter a day and a time."),
            "invalid": gettext_lazy("Open until: enter a day and a time."),
        },
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"),
        choices=PURPOSES,
        error_messages={"invalid_choice": gettext_lazy("Purpose: choose from the list.")},
    )
    is_emergency = forms.BooleanField(
        label=gettext_lazy("Emergency: life is in danger now"),
        required=False,
        help_text=gettext_lazy(
            "Passes suspended lanes where your agreement says so. Its sender and both duty lists are told at once; "
            "somebody who took no part reviews it within 24 hours."
        ),
    )

    def __init__(self, *args: Any, found: Candidates, urgent: Candidates | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        will = {row.agency: row.name for one in (found, urgent) if one for row in one.rows if row.will}
        self.fields["recipients"].choices = sorted(will.items(), key=lambda item: item[1])  # type: ignore[attr-defined]
        if urgent is None:
            del self.fields["is_emergency"]


def received(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Prepare the release of a received alert."""
    return _prepare(request, find_received(signed_in(request), alert_id))


def sent(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Prepare the release of a sent alert to further agencies."""
    return _prepare(request, find_alert(signed_in(request), alert_id))


def _prepare(request: HttpRequest, about: About) -> HttpResponseBase:
    officer, now = signed_in(request), clock.now()
    try:
        found = candidates_for(officer, about, now=now)
    except SendingStoppedError as stopped:
        return ask(request, _question(about, (stopped.text,)), ConfirmForm())
    urgent = candidates_for(officer, about, is_emergency=True, now=now) if found.is_about_life else None
    until = min(now + PROPOSED, found.latest)
    first = {"purpose": found.purpose, "until": f"{timezone.localtime(until):{MINUTE}}"}
    form = OnwardForm(
        request.POST if request.method == "POST" else None, initial=first, found=found, urgent=urgent
    )
    if not form.fields["recipients"].choices:  # type: ignore[attr-defined]
        none = _("No further agency can receive it now.")
        return ask(request, _question(about, (none,), found), ConfirmForm())
    if not form.is_valid():
        return ask(request, _question(about, _means(about), found, button=_("Ask a second officer")), form)
    try:
        prepare_release(officer, about, **form.cleaned_data, now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, _question(about, _means(about), found, button=_("Ask a second officer")), form)
    messages.success(request, _("Prepared. A second officer releases it: it waits on their first page."))
    return redirect(page_of(about))


def _means(about: About) -> tuple[str, ...]:
    read = _("They read all of it, with your agency's name above it.")
    if isinstance(about, ReceivedAlert):
        return (read, _("Its sender sees to whom you released it."))
    return (read,)


def _question(
    about: About, does: Iterable[Any], found: Candidates | None = None, *, button: str = ""
) -> Question:
    rows = [row for row in found.rows if not row.will] if found else []
    if isinstance(about, Alert):
        # They have it already.
        rows = [row for row in rows if row.code != "not-onward"]
    has_it = {name for one in releases_of(about) if one.is_open(clock.now()) for name in one.to}
    sender = about.issuer_id if isinstance(about, ReceivedAlert) else about.agency_id
    wont = [
        (
            isolated(row.name),
            _("They have it already.")
            if row.name in has_it
            else _("Not to them: %(why)s") % {"why": row.text},
        )
        for row in rows
        if row.agency != sender
    ]
    return Question(
        _("Release onward"),
        _("Release “%(title)s” onward?") % {"title": isolated(title_of(about))},
        button,
        page_of(about),
        does=tuple(does),
        facts=wont,
    )


def page_of(about: About) -> str:
    """Return the address of an alert's page."""
    return reverse("admin:received" if isinstance(about, ReceivedAlert) else "admin:sent", args=[about.pk])


def release(request: HttpRequest, release_id: uuid.UUID) -> HttpResponseBase:
    """Release what another officer has prepared."""
    officer = signed_in(request)
    row = find_prepared(officer, release_id)
    if request.method == "POST":
        released = release_onward(officer, row, now=clock.now())
        say_signed(request, released.od, _("Released. They can open it; its sender is told."))
        return redirect(page_of(released.about))
    button = _("Release it") if may_release(officer, row) else ""
    does = (
        [_("In an emergency: suspended lanes are passed, and it is reviewed within 24 hours.")]
        if row.is_emergency
        else []
    )
    if not button:
        does.append(_("You prepared it: a second officer releases it."))
    return ask(request, _about_prepared(row, _("Release it onward?"), button, does), ConfirmForm())


def discard(request: HttpRequest, release_id: uuid.UUID) -> HttpResponseBase:
    """Discard what was prepared."""
    officer = signed_in(request)
    row = find_prepared(officer, release_id)
    if request.method != "POST":
        question = _about_prepared(row, _("Discard the prepared release?"), _("Discard it"), ())
        return ask(request, question, ConfirmForm())
    discard_release(officer, row, now=clock.now())
    messages.success(request, _("Discarded. Nothing was released."))
    return redirect(page_of(row.about))


def _about_prepared(row: OnwardRelease, heading: str, button: str, does: Iterable[str]) -> Question:
    names = dict(Agency.objects.filter(pk__in=row.recipients).values_list("pk", "name"))
    facts = (
        (_("Alert"), isolated(title_of(row.about))),
        (_("Agencies"), "; ".join(isolated(names.get(agency, agency)) for agency in row.recipients)),
        (_("Open until"), _minute(row.until)),
        (_("Purpose"), dict(PURPOSES).get(row.purpose, row.purpose)),
        (_("Prepared by"), row.prepared_by.display_name),
    )
    return Question(_("Release onward"), heading, button, page_of(row.about), does=tuple(does), facts=facts)


def _minute(moment: datetime) -> str:
    return (
        f"{date_format(timezone.localtime(moment), _('j M Y H:i'))} ({timezone.get_current_timezone_name()})"
    )


class EndForm(forms.Form):
    """The reason, one word for every holder."""

    code = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=ENDING_CODES,
        error_messages={
            "required": gettext_lazy("Reason: choose one."),
            "invalid_choice": gettext_lazy("Reason: choose one."),
        },
    )


def end_of_received(request: HttpRequest, alert_id: uuid.UUID, od: str) -> HttpResponseBase:
    """End a release of a received alert."""
    return _end(request, find_received(signed_in(request), alert_id), od)


def end_of_sent(request: HttpRequest, alert_id: uuid.UUID, od: str) -> HttpResponseBase:
    """End a release of a sent alert, the agency's own or another's."""
    return _end(request, find_alert(signed_in(request), alert_id), od)


def _end(request: HttpRequest, about: About, od: str) -> HttpResponseBase:
    officer, now = signed_in(request), clock.now()
    found = next((one for one in releases_of(about) if one.od == od), None)
    if found is None:
        raise AbsentError
    form = EndForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        question = Question(
            _("End a release"),
            _("End the access of %(names)s?") % {"names": "; ".join(map(isolated, found.to))},
            _("End it now"),
            page_of(about),
            does=(_("It closes there, and wherever they released it further. All who have it are told."),),
            lasts=_("What was read cannot be unread."),
        )
        return ask(request, question, form)
    end_release(officer, about, od, code=form.cleaned_data["code"], now=now)
    messages.success(request, _("Ended. It closes there as soon as the exchange has it."))
    return redirect(page_of(about))


def onward_part(officer: Officer, about: Alert | ReceivedAlert, *, now: datetime) -> dict[str, Any]:
    """Return the part of an alert's page on its releases: what waits, what stands, and what this officer may do."""
    can = officer.capabilities
    ends = Capability.ALERT_WITHDRAW in can
    has_any = has_releases(officer, about)
    name = officer.agency.name if officer.agency else ""
    return {
        "prepared": prepared_of(officer, about) if has_any and Capability.ALERT_ACKNOWLEDGE in can else [],
        "rows": [
            (one, one.is_open(now), ends and one.is_open(now) and _is_ours(about, one, name))
            for one in (releases_of(about) if has_any else ())
        ],
        "may_prepare": Capability.ALERT_ACKNOWLEDGE in can and about.withdrawn_at is None,
        "is_received": isinstance(about, ReceivedAlert),
    }


def _is_ours(about: About, one: Released, own_name: str) -> bool:
    return isinstance(about, Alert) or one.by == own_name


class ReviewForm(forms.Form):
    """The verdict on an emergency, and why."""

    is_justified = forms.ChoiceField(
        label=gettext_lazy("Was it an emergency?"),
        choices=(
            ("yes", gettext_lazy("Yes, it was justified")),
            ("no", gettext_lazy("No, it was not justified")),
        ),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Was it an emergency? Choose one."),
            "invalid_choice": gettext_lazy("Was it an emergency? Choose one."),
        },
    )
    text = forms.CharField(
        label=gettext_lazy("Review"),
        max_length=TEXT_CHARS,
        help_text=gettext_lazy("What you found. Auditors and admins of your agency read it."),
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off", "dir": "auto"}),
        error_messages={"required": gettext_lazy("Review: say in up to 2,000 characters what you found.")},
    )


def emergency(request: HttpRequest, release_id: uuid.UUID) -> HttpResponseBase:
    """Show an emergency of the own agency, and take its review."""
    officer, now = signed_in(request), clock.now()
    found = find_emergency(officer, release_id)
    form = ReviewForm(request.POST if request.method == "POST" else None)
    if request.method == "GET" or not found.may_review or not form.is_valid():
        return ask(request, _about_emergency(officer, found), form if found.may_review else ConfirmForm())
    said = form.cleaned_data
    try:
        review_emergency(
            officer, release_id, is_justified=said["is_justified"] == "yes", text=said["text"], now=now
        )
    except InputError as refused:
        refuse(form, refused)
        return ask(request, _about_emergency(officer, found), form)
    messages.success(request, _("Reviewed. It stands in the audit."))
    return redirect("admin:index")


def _titles_seen(officer: Officer, found: Iterable[Emergency]) -> dict[uuid.UUID, str]:
    """Return by the release the titles of the alerts that this officer may see."""
    seen = {one.row.pk: one.row.about for one in seen_by(officer, found)}
    titles = titles_of(list(seen.values()))
    return {pk: titles[about.pk] for pk, about in seen.items()}


def _about_emergency(officer: Officer, found: Emergency) -> Question:
    row = found.row
    assert row.released_by is not None and row.released_at is not None and row.review_by is not None
    title = _titles_seen(officer, [found]).get(row.pk, "")
    facts: list[tuple[str, str]] = [
        *([(_("Alert"), isolated(title))] if title else []),
        (_("Release"), found.reference),
        (_("Released to"), "; ".join(map(isolated, found.to))),
        (_("Released"), f"{_minute(row.released_at)}, {row.released_by.display_name}"),
        (_("Prepared by"), row.prepared_by.display_name),
        (_("Review by"), _minute(row.review_by)),
    ]
    if row.reviewed_by is not None and row.reviewed_at is not None:
        verdict = _("Justified") if row.is_justified else _("Not justified")
        facts.append(
            (_("Reviewed"), f"{verdict}. {_minute(row.reviewed_at)}, {row.reviewed_by.display_name}")
        )
        facts.append((_("Review"), found.text or _("It does not open any more.")))
    waits = not found.may_review and row.reviewed_at is None
    return Question(
        _("Review an emergency"),
        _("A release in an emergency"),
        _("Keep the review") if found.may_review else "",
        reverse("admin:index"),
        does=(_("You took part in it: somebody else reviews it."),) if waits else (),
        facts=facts,
    )


def rows_of_onward(officer: Officer) -> Iterator[StartRow]:
    """Yield a row for each release that this officer may release, and for each emergency to review."""
    if Capability.ALERT_RELEASE in officer.capabilities:
        waiting = [row for row in prepared_of(officer) if may_release(officer, row)]
        titles = titles_of([row.about for row in waiting])
        yield from (_waiting(row, titles[row.about.pk]) for row in waiting)
    emergencies = [found for found in emergencies_to_review(officer) if found.may_review]
    seen = _titles_seen(officer, emergencies)
    for found in emergencies:
        what = isolated(seen[found.row.pk]) if found.row.pk in seen else found.reference
        yield StartRow(
            f"emergency-{found.row.pk}",
            pgettext_lazy("act", "Review"),
            _("A release in an emergency, %(reference)s") % {"reference": what},
            reverse("admin:emergency", args=[found.row.pk]),
            about=("; ".join(map(isolated, found.to)),),
            due=found.row.review_by,
        )


def _waiting(row: OnwardRelease, title: str) -> StartRow:
    return StartRow(
        f"onward-{row.pk}",
        pgettext_lazy("act", "Release onward"),
        title,
        reverse("admin:onward_release", args=[row.pk]),
        about=(isolated(row.prepared_by.display_name),),
        since=row.prepared_at,
        alert=row.about,
    )
