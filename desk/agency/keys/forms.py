# SPDX-License-Identifier: Apache-2.0
"""Forms of the key wizard. Each error names its field and the remedy; a file is read only in memory."""

from datetime import UTC, datetime
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.encoding import MAX_STATEMENT_BYTES
from callers.errors import InputError
from desk.agency.keys.refusals import too_large_text
from officers.keyfacts import check_typed
from vault.changes import MAX_ROOT_CARD_BYTES, read_root_card

SUITES: Final = (
    ("PQ1", gettext_lazy("PQ1: post-quantum and classical together")),
    ("EC1", gettext_lazy("EC1: classical alone, for partners without PQ1")),
)
USES: Final = (("sign", gettext_lazy("Signing keys")), ("enc", gettext_lazy("Encryption keys")))
CODES: Final = (
    ("stolen", gettext_lazy("Stolen, or somebody else may have it")),
    ("lost", gettext_lazy("Lost")),
    ("error", gettext_lazy("Made or published in error")),
    ("ended", gettext_lazy("No longer used")),
)
LOCAL, UNIVERSAL = "local", "utc"
SINCE_FORM: Final = "%Y-%m-%dT%H:%M"
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


class ChangeForm(forms.Form):
    """Form with the version of the keyset that it was shown for, so that nothing changes unseen."""

    version = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, must_type: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.must_type = must_type


class SuitesForm(ChangeForm):
    suites = forms.MultipleChoiceField(
        label=gettext_lazy("Suites"),
        help_text=gettext_lazy("Which kinds of keys are made."),
        choices=SUITES,
        initial=["PQ1", "EC1"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Suites: choose PQ1, EC1 or both."),
            "invalid_choice": gettext_lazy("Suites: choose PQ1, EC1 or both."),
        },
    )


class UsesForm(ChangeForm):
    uses = forms.MultipleChoiceField(
        label=gettext_lazy("Which keys"),
        choices=USES,
        initial=["sign", "enc"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Which keys: choose signing, encryption or both."),
            "invalid_choice": gettext_lazy("Which keys: choose signing, encryption or both."),
        },
    )


_ROOT_MISSING: Final = gettext_lazy("Root: choose the public file that `accord keygen` wrote beside it.")


class RootForm(ChangeForm):
    """Public half of a root, as a file, and the fingerprint of the next root, from paper."""

    root = forms.FileField(
        label=gettext_lazy("Root, public half"),
        help_text=gettext_lazy("The file that ends in .public.json; it holds nothing secret."),
        error_messages={"required": _ROOT_MISSING, "empty": _ROOT_MISSING, "invalid": _ROOT_MISSING},
    )
    announce = forms.CharField(
        label=gettext_lazy("Fingerprint of the root after it"),
        help_text=gettext_lazy(
            "From paper: 64 digits and letters a to f, spaces allowed. Empty where the file names it."
        ),
        required=False,
        max_length=200,
        error_messages={
            "max_length": gettext_lazy(
                "Fingerprint of the root after it: enter 64 digits and letters a to f."
            )
        },
    )

    def clean_root(self) -> bytes:
        return read_file(
            self.cleaned_data["root"],
            MAX_ROOT_CARD_BYTES,
            _("Root: the file is too large to be a root's public half."),
        )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if "root" in values and "announce" in values:
            try:
                values["card"] = read_root_card(values["root"], announce=values["announce"])
            except InputError as refused:
                self.add_error(refused.field, refused.problem)
        return values


class FirstRootForm(SuitesForm, RootForm):
    """First keyset under a root that stays with the agency's head."""


class TypedForm(ChangeForm):
    """Form for what cannot be undone: the officer types the last four characters of the key or root."""

    typed = forms.CharField(
        label=gettext_lazy("Confirm"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "narrow mono"}),
    )

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"])
        try:
            check_typed(self.must_type, typed)
        except InputError as refused:
            raise forms.ValidationError(refused.problem) from None
        return typed


class RecoverForm(RootForm, TypedForm):
    """Replacement of a lost root by one whose public half is given; the confirmation comes last."""

    field_order = ("root", "announce", "typed")


class RevokeForm(TypedForm):
    code = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Every agency sees it in the log."),
        choices=CODES,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Reason: choose stolen, lost, error or ended."),
            "invalid_choice": gettext_lazy("Reason: choose stolen, lost, error or ended."),
        },
    )
    since = forms.CharField(
        label=gettext_lazy("Since"),
        help_text=gettext_lazy(
            "When the key may first have been misused. If unsure, choose the earlier time."
        ),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        max_length=40,
        error_messages={
            "required": gettext_lazy("Since: enter a day and a time."),
            "max_length": gettext_lazy("Since: enter a day and a time."),
        },
    )
    zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        initial=LOCAL,
        error_messages={
            "required": gettext_lazy("Time zone: choose one."),
            "invalid_choice": gettext_lazy("Time zone: choose one."),
        },
    )
    seen = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    field_order = ("since", "zone", "code", "typed")

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        local = timezone.get_current_timezone_name()
        own = () if local == "UTC" else ((LOCAL, local),)
        zone = self.fields["zone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = (*own, (UNIVERSAL, "UTC"))
        self.fields["since"].widget.attrs["max"] = since_text(now)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if "since" in values and "zone" in values:
            try:
                values["at"] = read_since(values["since"], values["zone"], now=self.now)
            except InputError as refused:
                self.add_error(refused.field, refused.problem)
        return values


class SignedForm(forms.Form):
    """File that came back from the agency's head."""

    signed = forms.FileField(
        label=gettext_lazy("Signed file"),
        error_messages={
            "required": gettext_lazy("File: choose the one that `accord sign` wrote (the name after --out)."),
            "empty": gettext_lazy("File: it is empty. Choose the one that `accord sign` wrote."),
            "invalid": gettext_lazy("File: choose the one that `accord sign` wrote (the name after --out)."),
        },
    )

    def clean_signed(self) -> bytes:
        """Read the file without a newline that an editor added at the end."""
        return read_file(self.cleaned_data["signed"], MAX_STATEMENT_BYTES, too_large_text()).strip()


def since_text(at: datetime) -> str:
    """Format a moment for its field, in the officer's zone, to the minute."""
    return timezone.localtime(at).strftime(SINCE_FORM)


def read_since(typed: str, zone: str, *, now: datetime) -> datetime:
    """Read the moment that was entered; of two that a clock change makes equal, the earlier.

    An offset that was typed overrides the zone that was chosen. Raises InputError on `since`.
    """
    at = _parsed(typed)
    if at.tzinfo is None:
        at = _placed(at, zone)
    if at > now:
        raise InputError("since", _("Since: choose a time that is not ahead."))
    if at < EARLIEST:
        raise InputError("since", _("Since: check the year."))
    return at.astimezone(UTC)


def _parsed(typed: str) -> datetime:
    try:
        at = parse_datetime(typed.strip())
    except ValueError:
        at = None
    if at is None:
        raise InputError("since", _("Since: enter a day and a time, such as 2026-12-04T14:02."))
    return at


def _placed(at: datetime, zone: str) -> datetime:
    if zone != LOCAL:
        return at.replace(tzinfo=UTC)
    placed = at.replace(tzinfo=timezone.get_current_timezone())
    try:
        there_and_back = placed.astimezone(UTC).astimezone(placed.tzinfo).replace(tzinfo=None)
    except OverflowError:
        there_and_back = None
    if there_and_back != at:
        raise InputError("since", _("Since: the clock skipped this time in your zone. Enter it in UTC."))
    return placed


def read_file(file: "UploadedFile[Any]", limit: int, too_large: str | Promise) -> bytes:
    if file.size is None or file.size > limit:
        raise forms.ValidationError(str(too_large))
    return bytes(file.read())
