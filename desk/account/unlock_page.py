# SPDX-License-Identifier: Apache-2.0
"""Page that opens a desk locked at rest, before anybody can sign in: one field, and as few guesses as people need."""

import logging
from datetime import datetime, timedelta
from typing import Final

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from callers import clock
from desk.web.frame import theme_of
from vault import unlocking
from vault.errors import KekUnknownError, KekWrongError, LockedFileError, RamFolderError, WrongSecretError
from vault.kek import Lock, lock_state
from vault.locking import LONGEST_SECRET, is_mistyped_recovery_key

log = logging.getLogger(__name__)
FIRST_START: Final = "/first-start/"
"""Page on which an own desk gets its keys."""
_WRONG: Final = gettext_lazy("This is neither the passphrase nor the recovery key.")
_MISTYPED: Final = gettext_lazy(
    "A letter of the recovery key is wrong or missing. Compare it with the paper."
)
_ANOTHER_DESK: Final = gettext_lazy(
    "This opens the keys of another desk, not what is stored here. Ask whoever runs this desk."
)
_BROKEN: Final = gettext_lazy("The locked keys of this desk cannot be read. Ask whoever runs this desk.")
_TEMPLATE: Final = "accord/account/unlock.html"


class OpenForm(forms.Form):
    secret = forms.CharField(
        label=gettext_lazy("Passphrase or recovery key"),
        max_length=LONGEST_SECRET,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": gettext_lazy("Passphrase or recovery key: type one of them.")},
    )


@sensitive_post_parameters("secret")
@sensitive_variables()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unlock(request: HttpRequest) -> HttpResponse:
    """Ask for the secret on GET, open the desk for everybody on POST; an open desk redirects to its start page."""
    state = lock_state()
    if state in {Lock.NONE, Lock.OPEN}:
        return _see(reverse("admin:index"))
    if state is Lock.UNMADE and settings.OWN_DESK:
        return _see(FIRST_START)
    form = OpenForm(request.POST if request.method == "POST" else None)
    if state is Lock.UNMADE or request.method != "POST":
        return _page(request, form, is_unmade=state is Lock.UNMADE)
    if not form.is_valid():
        return _page(request, form, str(form.errors["secret"][0]), status=422)
    now = clock.now()
    wait = unlocking.GUESSES.count(now=now)
    if wait is not None:
        return _page(request, form, _too_many(now + wait), status=429, retry_secs=_seconds(wait))
    return _opened(request, form, now=now)


@sensitive_variables()
def _opened(request: HttpRequest, form: OpenForm, *, now: datetime) -> HttpResponse:
    secret = form.cleaned_data["secret"]
    try:
        unlocking.unlock(secret, actor=unlocking.DESK, now=now)
    except WrongSecretError:
        return _page(request, form, _MISTYPED if is_mistyped_recovery_key(secret) else _WRONG, status=422)
    except (KekUnknownError, KekWrongError) as another:
        log.error("the desk stays locked: %s", another)
        return _page(request, form, _ANOTHER_DESK, status=409)
    except (LockedFileError, RamFolderError, OSError) as failure:
        log.error("the desk stays locked: %s %s", type(failure).__name__, failure)
        return _page(request, form, _BROKEN, status=503)
    return _see(reverse("admin:login"))


def _too_many(at: datetime) -> str:
    """Return the sentence with the time from which the next guess is checked, in the zone that it names."""
    local = timezone.localtime(at) + timedelta(seconds=1)
    return _("Too many guesses. Try again at %(time)s (%(zone)s).") % {
        "time": local.strftime("%H:%M:%S"),
        "zone": local.tzname() or "UTC",
    }


def _seconds(wait: timedelta) -> int:
    return int(wait.total_seconds()) + 1


def _see(address: str) -> HttpResponse:
    """Redirect to another address, which is read with GET."""
    return HttpResponseRedirect(address, status=303)


def _page(
    request: HttpRequest,
    form: OpenForm,
    problem: str | Promise = "",
    *,
    is_unmade: bool = False,
    status: int = 200,
    retry_secs: int = 0,
) -> HttpResponse:
    """Render the page, without what was typed; it uses neither the database nor a session."""
    context = {
        "theme": theme_of(request),
        "page_title": _("Open the desk"),
        "form": form,
        "problem": problem,
        "is_unmade": is_unmade,
    }
    answer = render(request, _TEMPLATE, context, status=status)
    if retry_secs:
        answer["Retry-After"] = str(retry_secs)
    return answer
