# SPDX-License-Identifier: Apache-2.0
"""The desk's pages and API reach rows through `visible_to` or a service that uses it; this file names the exceptions."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[2]
GUARDED_ROOMS: Final = (
    "alerts",
    "casework",
    "notices",
    "officers",
    "peers",
    "reciprocity",
    "science",
    "vault",
)
NAMED: Final[dict[tuple[str, str], str]] = {
    ("desk/account/api.py", "Officer"): "the officer in session, by its own key",
    (
        "desk/agency/audit/audited_alerts.py",
        "Alert",
    ): "an auditor finds acts by an alert's names and reads no content; the agency is its own",
    ("desk/agency/audit/audited_alerts.py", "ReceivedAlert"): "the same of what was received",
    (
        "desk/agency/audit/events.py",
        "Officer",
    ): "names of this desk's keepers, who act in the audit of its agencies",
    ("desk/agency/officers/acts.py", "Officer"): "the agency of a person that was found through `visible_to`",
    ("desk/agency/peers/page.py", "Officer"): "the name of who compared, as the agency's own audit has it",
    ("desk/alerts/compose/api.py", "Alert"): "`changed_by`, the door of a system that writes drafts",
    ("desk/alerts/compose/bulk_api.py", "Alert"): "`changed_by`, the door of a system that writes drafts",
    ("desk/keeper/health.py", "Notification"): "a count for the keeper, who reads nobody's rows",
    ("desk/keeper/setting_up.py", "Alert"): "whether there is one, for the keeper's guide",
    ("desk/keeper/setting_up.py", "Officer"): "whether there is one, for the keeper's guide",
    ("desk/keeper/setting_up.py", "ReceivedAlert"): "whether there is one, for the keeper's guide",
    ("desk/keeper/support_bundle.py", "Officer"): "names that are masked in what leaves the desk",
}


def _guarded() -> set[str]:
    """Name the models whose query set has `visible_to`."""
    found = set()
    for room in GUARDED_ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and node.name.endswith("QuerySet"):
                    names = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
                    found |= {node.name.removesuffix("QuerySet")} if "visible_to" in names else set()
    return found


def _reached_otherwise(path: Path, guarded: set[str]) -> Iterator[str]:
    """Yield the guarded models whose manager is used for anything but `visible_to`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    managers = {
        id(node): node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "objects"
        and isinstance(node.value, ast.Name)
        and node.value.id in guarded
    }
    asked = {
        id(node.value): node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and id(node.value) in managers
    }
    yield from (model for key, model in managers.items() if asked.get(key) != "visible_to")


def test_pages_and_json_reach_rows_through_visible_to() -> None:
    guarded = _guarded()
    assert {"Alert", "ReceivedAlert", "Officer", "Notification", "StoredStructure"} <= guarded
    reached = {
        (path.relative_to(ROOT).as_posix(), model)
        for path in (ROOT / "desk").rglob("*.py")
        for model in _reached_otherwise(path, guarded)
    }
    assert reached - NAMED.keys() == set(), "go through visible_to, or a service that does"
    assert NAMED.keys() - reached == set(), "an exemption that nothing needs"
