# SPDX-License-Identifier: Apache-2.0
"""Every address of the desk in JSON."""

from typing import Final

from django.urls import path

from desk.account import api as account
from desk.account import caller_api as caller
from desk.agency.after_restore import api as restore
from desk.agency.agreements import api as lanes
from desk.agency.agreements import versions_api as agreement_versions
from desk.agency.apikeys import api as apikeys
from desk.agency.apikeys import exchange_api as exchange_keys
from desk.agency.audit import api as audit
from desk.agency.calendar import api as calendar
from desk.agency.directory import api as directory
from desk.agency.entry import api as own_entry
from desk.agency.keys import api as keys
from desk.agency.notices import api as notices
from desk.agency.officers import api as officers
from desk.agency.peers import api as peers
from desk.agency.policy import api as policy
from desk.agency.powers import api as powers
from desk.agency.set_aside import api as aside
from desk.agency.transition import api as transition
from desk.alerts.boxes import overdue_api
from desk.alerts.boxes import saved_views_api as views
from desk.alerts.compose import api as own
from desk.alerts.compose import files_api as files
from desk.alerts.compose import questions_api as asking
from desk.alerts.compose import system_drafts_api as system_drafts
from desk.alerts.compose import templates_api as templates
from desk.alerts.compose.bulk_api import BulkDraftsView
from desk.alerts.onward import api as onward
from desk.alerts.received import api as received
from desk.alerts.received.acknowledging_api import AcknowledgeManyView
from desk.alerts.replies import api as replies
from desk.alerts.replies import calls_api as calls
from desk.alerts.sent import doubts_api as doubts
from desk.alerts.sent import handed_in_api as handed_in
from desk.alerts.versions import api as versions
from desk.alerts.withheld import api as withheld
from desk.casework import api as casework
from desk.keeper import api as keeper
from desk.keeper import settings_api as desk_settings
from desk.reciprocity import api as reciprocity
from desk.science.board import api as board
from desk.science.law import api as law
from desk.science.profiles import api as profiles
from desk.science.spectra import api as spectra
from desk.science.substances import api as substances

SCIENCE: Final = (board, profiles, spectra, substances, replies, law)
MODULES: Final = (
    system_drafts, versions, templates, calls, onward, agreement_versions,
    account, apikeys, aside, audit, calendar, caller, casework, desk_settings, directory, doubts, exchange_keys, handed_in, keeper, keys, lanes, notices,
    officers, own_entry, peers, policy, powers, reciprocity, restore, transition, views, withheld,
    *SCIENCE,
)  # fmt: skip
"""Modules that list their own addresses; those of `SCIENCE` also serve systems, as their API description says."""

_A: Final = "alerts/<uuid:alert_id>"
_R: Final = "alerts/received/<uuid:received_id>"

urlpatterns = [
    path("alerts", own.AlertsView.as_view(), name="alerts"),
    path("alerts/bulk", BulkDraftsView.as_view(), name="alerts-bulk"),
    path("alerts/check", asking.CheckView.as_view(), name="alerts-check"),
    path("alerts/check-recipients", asking.CheckRecipientsView.as_view(), name="alerts-check-recipients"),
    path("alerts/export", asking.ExportView.as_view(), name="alerts-export"),
    path("alerts/schema", asking.SchemaView.as_view(), name="alerts-schema"),
    path("alerts/overdue", overdue_api.OverdueView.as_view(), name="alerts-overdue"),
    path("alerts/search", asking.SearchView.as_view(), name="alerts-search"),
    path("alerts/received/acknowledge", AcknowledgeManyView.as_view(), name="received-acknowledge-many"),
    path(_R, received.ReceivedView.as_view(), name="received"),
    path(f"{_R}/open", received.OpenView.as_view(), name="received-open"),
    path(f"{_R}/acknowledge", received.AcknowledgeView.as_view(), name="received-acknowledge"),
    path(
        f"{_R}/confirm-withdrawal",
        received.ConfirmWithdrawalView.as_view(),
        name="received-confirm-withdrawal",
    ),
    path(f"{_R}/attachments/<int:n>", received.ReceivedFileView.as_view(), name="received-attachment"),
    *(pattern for module in MODULES for pattern in module.urlpatterns),
    path(_A, own.AlertView.as_view(), name="alert"),
    path(f"{_A}/submit", own.SubmitView.as_view(), name="alert-submit"),
    path(f"{_A}/validate", own.ValidateView.as_view(), name="alert-validate"),
    path(f"{_A}/return", own.ReturnView.as_view(), name="alert-return"),
    path(f"{_A}/release", own.ReleaseView.as_view(), name="alert-release"),
    path(f"{_A}/amend", own.AmendView.as_view(), name="alert-amend"),
    path(f"{_A}/reaffirm", own.ReaffirmView.as_view(), name="alert-reaffirm"),
    path(f"{_A}/withdraw", own.WithdrawView.as_view(), name="alert-withdraw"),
    path(f"{_A}/second-look", own.SecondLookView.as_view(), name="alert-second-look"),
    path(f"{_A}/attachments", files.FilesView.as_view(), name="alert-attachments"),
    path(f"{_A}/attachments/<int:n>", files.FileView.as_view(), name="alert-attachment"),
]
