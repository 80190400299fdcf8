# SPDX-License-Identifier: Apache-2.0
"""Tasks as an open page asks for them every few seconds: whether any changed in the agency, and which are an officer's own."""

from typing import Final

from casework.models import Task
from casework.tasks import own_tasks
from officers.models import Officer

STAMPED: Final = 500
"""Limit of tasks that wait, those due first; a later one is noticed when the page asks anew."""

TASKS_STAMP: Final = (
    "SELECT md5(string_agg(concat_ws(' ', id, officer_id, unit_id), ' ' ORDER BY id)) FROM"  # noqa: S608
    f" (SELECT id, officer_id, unit_id FROM \"{Task._meta.db_table}\" WHERE agency_id = %(agency)s AND outcome = ''"
    f" ORDER BY due_at, id LIMIT {STAMPED}) AS tasks"
)
"""Statement of what waits in an agency and for whom, for `arrivals_stamp`."""


def own_task_ids(officer: Officer) -> list[str]:
    """Return the ids of the officer's own tasks that the start page shows."""
    return [str(pk) for pk in own_tasks(officer).values_list("pk", flat=True)]
