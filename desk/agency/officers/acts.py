# SPDX-License-Identifier: Apache-2.0
"""Acts of an agency admin on a person: GET says what it means, POST does it. The services check the rights."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.problems import words_for
from callers import clock
from callers.capabilities import Role
from callers.errors import AbsentError, InputError
from desk.agency.officers.forms import DeputyForm, InviteForm, RolesForm, UnitForm
from desk.agency.officers.page import roles_text
from desk.web.confirm import ConfirmForm, Question, ask, refuse
from desk.web.frame import render_page, signed_in
from desk.web.tones import isolated
from officers.accountmail import Cause, hands_links_over
from officers.accounts import (
    change_roles,
    colleagues_named_like,
    disable_officer,
    enable_officer,
    end_sessions,
    officer_for,
    require_may_act_on,
)
from officers.duty import name_deputy
from officers.errors import LastAdminError
from officers.expiring_rows import AccountLink
from officers.invitations import invite_again as send_invitation_again
from officers.invitations import invite_officer
from officers.login.factors import reset_factors
from officers.login.reopening import reopen_sign_in
from officers.login.resetting import reset_by_hand
from officers.models import Officer, PowerChange
from officers.powers import must_wait, waiting_kinds
from officers.profiles import change_unit


def invite(request: HttpRequest) -> HttpResponseBase:
    """Invite an officer, by mail."""
    officer = signed_in(request)
    form = InviteForm(
        request.POST if request.method == "POST" else None, initial={"roles": [Role.READER.value]}
    )
    question = Question(
        _("Invite"),
        _("Invite an officer"),
        _("Invite"),
        reverse("admin:officers"),
        does=[
            _by_hand_or(
                _("A mail with a link goes out now. It serves once and for 72 hours, to choose a password.")
            )
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        if officer.agency is None:
            raise AbsentError
        invited, link = invite_officer(officer, officer.agency, **form.cleaned_data, now=clock.now())
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    for colleague in colleagues_named_like(invited):
        words = {"name": colleague.display_name, "email": colleague.address}
        messages.warning(
            request,
            _("A colleague's name looks like this one: %(name)s, %(email)s. Tell them apart.") % words,
        )
    return answer_invited(request, link, reverse("admin:officer", args=[invited.public_id]))


def invite_again(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Send a new link to an officer who has not accepted yet."""

    def do(officer: Officer, person: Officer, form: forms.Form) -> HttpResponseBase:
        link = send_invitation_again(officer, person, now=clock.now())
        return answer_invited(request, link, reverse("admin:officer", args=[person.public_id]))

    return _act(
        request,
        public_id,
        do,
        lambda person: {
            "heading": _("Invite %(name)s again?") % {"name": isolated(person.display_name)},
            "button": _("Invite again"),
            "does": [
                _by_hand_or(_("A new mail goes to %(email)s.") % {"email": person.address}),
                _("The earlier link counts no more."),
            ],
        },
    )


def roles(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Change roles, from the next request on."""

    def do(officer: Officer, person: Officer, form: forms.Form) -> None:
        changed = change_roles(officer, person, form.cleaned_data["roles"], now=clock.now())
        say_whether_it_waits(request, changed, _("The roles are changed."))

    return _act(
        request,
        public_id,
        do,
        lambda person: {
            "heading": _("Change the roles of %(name)s") % {"name": isolated(person.display_name)},
            "button": _("Change roles"),
            "does": [
                _("Now: %(roles)s.") % {"roles": roles_text(person.roles)},
                _("The change counts from the next page that is opened. Nobody changes their own roles."),
                *_waits_text(person),
            ],
        },
        lambda person: RolesForm(
            request.POST if request.method == "POST" else None, initial={"roles": person.roles}
        ),
    )


def disable(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Disable an account; the name stays in records."""

    def do(officer: Officer, person: Officer, form: forms.Form) -> None:
        disable_officer(officer, person, now=clock.now())
        messages.success(request, _("The account is disabled and signed out everywhere."))

    return _act(
        request,
        public_id,
        do,
        lambda person: {
            "heading": _("Disable %(name)s?") % {"name": isolated(person.display_name)},
            "button": _("Disable %(name)s") % {"name": isolated(person.display_name)},
            "does": [
                _("Every session ends at once, signing in is refused, mails stop."),
                _(
                    "The name stays in what was done. Drafts stay with the agency. An admin can enable the account again."
                ),
            ],
            "lasts": _("The place on the duty list, and standing in for others, are lost."),
            "is_grave": True,
        },
    )


def enable(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Enable an account again."""

    def do(officer: Officer, person: Officer, form: forms.Form) -> None:
        changed = enable_officer(officer, person, now=clock.now())
        say_whether_it_waits(request, changed, _("The account is enabled."))

    return _act(
        request,
        public_id,
        do,
        lambda person: {
            "heading": _("Enable %(name)s?") % {"name": isolated(person.display_name)},
            "button": _("Enable %(name)s") % {"name": isolated(person.display_name)},
            "does": [
                _("Signing in works again, with the roles as before: %(roles)s.")
                % {"roles": roles_text(person.roles)},
                *_waits_text(person),
            ],
        },
    )


def sessions(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Sign an officer out everywhere, as when a device is lost."""

    def do(officer: Officer, person: Officer, form: forms.Form) -> None:
        end_sessions(officer, person, now=clock.now())
        if person.pk != officer.pk:
            messages.success(request, _("Every session of this officer is ended."))

    return _act(
        request,
        public_id,
        do,
        lambda person: {
            "heading": _("Sign %(name)s out everywhere?") % {"name": isolated(person.display_name)},
            "button": _("Sign out everywhere"),
            "does": [_("Every session ends at once, on every device. Signing in again works as before.")],
        },
    )


def reset(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Make a link for a new password, shown once, where this desk sends no mail."""

    def do(officer: Officer, person: Officer, form: forms.Form) -> HttpResponseBase:
        link = reset_by_hand(officer, person, now=clock.now())
        return answer_invited(request, link, reverse("admin:officer", args=[person.public_id]))

    return _act(
        request,
        public_id,
        do,
        lambda person: {
            "heading": _("A new password for %(name)s?") % {"name": isolated(person.display_name)},
            "button": _("Make the link"),
            "does": [
                _(
                    "A link is shown once, for you to hand over. It serves for 1 hour; the old password counts until then."
                ),
                _("Make sure on another channel that it is really this person who asks."),
            ],
        },
    )


def factors(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Remove the second factor, as when a telephone is lost."""

    def do(officer: Officer, person: Officer, form: forms.Form) -> None:
        reset_factors(officer, person, now=clock.now())
        messages.success(request, _("The second factor is reset and every session ended."))

    return _act(
        request,
        public_id,
        do,
        lambda person: {
            "heading": _("Reset the second factor of %(name)s?") % {"name": isolated(person.display_name)},
            "button": _("Reset second factor"),
            "does": [
                _("Codes, passkeys and recovery codes are removed and every session ends."),
                _("Make sure on another channel that it is really this person who asks."),
                _(
                    "Until a second admin or a releaser confirms the person, what this officer does counts as yours too."
                ),
            ],
            "is_grave": True,
        },
    )


def reopen(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Reopen a sign-in that too many guesses have closed, before its 15 minutes are over."""

    def do(officer: Officer, person: Officer, form: forms.Form) -> None:
        reopen_sign_in(officer, person, now=clock.now())
        messages.success(request, _("Sign-in is open again."))

    return _act(
        request,
        public_id,
        do,
        lambda person: {
            "heading": _("Open sign-in again for %(name)s?") % {"name": isolated(person.display_name)},
            "button": _("Open sign-in again"),
            "does": [
                _("Wrong passwords and codes tried so far no longer count."),
                _("Make sure on another channel that it is really this person who asks."),
            ],
        },
    )


def deputy(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Name whom to call instead."""

    def do(officer: Officer, person: Officer, form: forms.Form) -> None:
        chosen = form.cleaned_data["deputy"]
        name_deputy(officer, person, officer_for(officer, chosen) if chosen else None, now=clock.now())
        messages.success(request, _("The deputy is named.") if chosen else _("There is no deputy now."))

    def form_of(person: Officer) -> forms.Form:
        others = Officer.objects.filter(agency_id=person.agency_id, is_active=True).exclude(pk=person.pk)
        named = person.deputy.public_id if person.deputy else ""
        return DeputyForm(
            request.POST if request.method == "POST" else None,
            initial={"deputy": named},
            colleagues=others.order_by("full_name"),
        )

    return _act(
        request,
        public_id,
        do,
        lambda person: {
            "heading": _("Who stands in for %(name)s?") % {"name": isolated(person.display_name)},
            "button": _("Name deputy"),
            "does": [_("Colleagues see whom to call when this officer is away. It gives no right.")],
        },
        form_of,
    )


def unit(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Change the unit that is shown with the name."""

    def do(officer: Officer, person: Officer, form: forms.Form) -> None:
        change_unit(officer, person, form.cleaned_data["unit"], now=clock.now())
        messages.success(request, _("The unit is changed."))

    return _act(
        request,
        public_id,
        do,
        lambda person: {
            "heading": _("Change the unit of %(name)s") % {"name": isolated(person.display_name)},
            "button": _("Change unit"),
            "does": [_("It gives no right. The person may change it too.")],
        },
        lambda person: UnitForm(
            request.POST if request.method == "POST" else None, initial={"unit": person.unit}
        ),
    )


def say_whether_it_waits(request: HttpRequest, person: Officer, done: str) -> None:
    """Show whether the change waits, as one that gives power does, or is done."""
    if waiting_kinds([person])[person.pk] & {PowerChange.Kind.ROLES, PowerChange.Kind.ENABLE}:
        messages.warning(
            request, _("What gives power waits for a second admin, or for a day. They are told by mail.")
        )
    else:
        messages.success(request, done)


def _waits_text(person: Officer) -> list[str]:
    if person.agency is None or not must_wait(person.agency):
        return []
    return [
        _("What gives power waits for a second admin, or for a day in which nobody who is told stops it.")
    ]


def _by_hand_or(mailed: str) -> str:
    """Return the given sentence about the mail, or that the link is handed over, at a desk that sends none."""
    return _("A link is shown once, for you to hand over.") if hands_links_over() else mailed


def answer_invited(
    request: HttpRequest, link: AccountLink, after: str, *, by_root: bool = False
) -> HttpResponseBase:
    """Tell whether the mail was sent and redirect to `after`, or show once the link that is to be handed over.

    The account stays when a mail failed, which can be sent again.
    """
    if link.by_hand:
        return render_page(
            request,
            "agency/link_by_hand",
            _("Invitation"),
            link=link,
            person=link.officer,
            after=after,
            by_root=by_root,
        )
    _say_whether_mailed(request, link)
    return redirect(after)


def _say_whether_mailed(request: HttpRequest, link: AccountLink) -> None:
    if link.mailed_at is not None:
        messages.success(request, _("The invitation is sent. It serves for 72 hours."))
        return
    why = Cause(link.mail_cause).label if link.mail_cause in Cause.values else ""
    messages.warning(request, _("The account stands, but no mail went out. %(why)s") % {"why": why})


def _act(
    request: HttpRequest,
    public_id: str,
    do: Callable[[Officer, Officer, forms.Form], HttpResponseBase | None],
    words_of: Callable[[Officer], dict[str, Any]],
    form_of: Callable[[Officer], forms.Form] | None = None,
) -> HttpResponseBase:
    officer = signed_in(request)
    person = officer_for(officer, public_id)
    require_may_act_on(officer, person)
    posted = request.POST if request.method == "POST" else None
    form = form_of(person) if form_of else ConfirmForm(posted)
    back = reverse("admin:officer", args=[person.public_id])
    question = Question(_("Officer"), back=back, **words_of(person))
    if not form.is_valid():
        return ask(request, question, form)
    try:
        answer = do(officer, person, form)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except LastAdminError as refused:
        form.add_error(None, words_for(refused))
        return ask(request, question, form, status=409)
    return answer or redirect(back)
