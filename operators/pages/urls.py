# SPDX-License-Identifier: Apache-2.0
"""Every page of the operator, in the order of its URL: the one table of who may open what."""

from typing import Final

from operators.pages import agencies, ledger, overview, people, signing_in
from operators.pages.frame import BOTH, CHANGE, Page

PAGES: Final[tuple[Page, ...]] = (
    Page("", overview.overview, "overview"),
    Page("agencies/admit/", agencies.admit, "admit", BOTH),
    Page("agencies/<str:agency_id>/", agencies.agency, "agency"),
    Page("agencies/<str:agency_id>/entry-key/", agencies.entry_key, "entry_key", BOTH),
    Page("agencies/<str:agency_id>/return-key/", agencies.return_key, "return_key", BOTH),
    Page("agencies/<str:agency_id>/move/", agencies.move, "move", BOTH),
    Page("agencies/<str:agency_id>/suspend/", agencies.suspend, "suspend", BOTH),
    Page("agencies/<str:agency_id>/resume/", agencies.resume, "resume", BOTH),
    Page("ledger/", ledger.ledger_page, "ledger"),
    Page("operators/", people.operators_page, "operators"),
    Page("operators/invite/", people.invite, "invite", BOTH),
    Page("operators/<str:public_id>/end/", people.end, "end", BOTH),
    Page("sign-out/", signing_in.leave, "sign_out", CHANGE),
    # Open to everybody: these pages sign somebody in, or refuse.
    Page("sign-in/", signing_in.sign_in_page, "sign_in", BOTH, is_open=True),
    Page("sign-in/options/", signing_in.sign_in_options, "sign_in_options", is_open=True),
    Page("enrol/", signing_in.enrol_page, "enrol", BOTH, is_open=True),
    Page("enrol/<str:token>/", signing_in.follow, "enrol_follow", is_open=True),
)
