# SPDX-License-Identifier: Apache-2.0
"""`./dev check`: everything a change must pass besides the tests, in one screen."""

import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from demo.ticks import StepFailedError, Ticks
from devtool import envelopetests, leakcheck, lockcheck, translating
from devtool.environments import ROOT, World, inherited, process_environment, role_environment
from devtool.errors import DevtoolError
from devtool.processes import run_to_end
from devtool.secretstore import draw_secrets
from hub.roles import BROKER_LOGINS, HALVES, LOGINS, ROLES

# As modules and not as scripts: a script holds the path of the checkout it was installed in.
RUFF = (sys.executable, "-m", "ruff")
LINT_IMPORTS = (sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()")
NOWHERE = "postgres://nobody:nothing@127.0.0.1:1/nothing"


def run_checks(names: list[str]) -> int:
    """Run the verb: every check runs, as many at once as there are processors, and one that fails makes the whole fail."""
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        raise DevtoolError(f"There is no check `{unknown[0]}`.", f"There are: {', '.join(CHECKS)}")
    ticks, wanted = Ticks(), names or CHECKS
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        # The table has what takes longest near its beginning. The seconds shown are those for which a check is waited for.
        running = {name: pool.submit(CHECKS[name][1]) for name in wanted}
        failed = [name for name in wanted if not _holds(ticks, name, running[name])]
    if failed:
        ticks.heading(f"Failed: {', '.join(failed)}.")
    return 1 if failed else 0


def _holds(ticks: Ticks, name: str, running: Future[list[str]]) -> bool:
    try:
        with ticks.step(f"{name}: {CHECKS[name][0]}") as step:
            for line in running.result():
                step.evidence(line)
    except StepFailedError:
        return False
    return True


def imagined_world() -> World:
    """Return a complete set of settings that leads nowhere: enough to load them, too little to reach anything."""
    return World(
        secrets=draw_secrets(),
        database_urls={role: f"postgres://{login}:x@127.0.0.1:1/none" for role, login in LOGINS.items()},
        owner_urls=dict.fromkeys(HALVES, NOWHERE),
        redis_urls={role: f"redis://{login}:x@127.0.0.1:1/0" for role, login in BROKER_LOGINS.items()},
        redis_super_url="redis://127.0.0.1:1/0",
        email_url="smtp://127.0.0.1:1",
        hub_url="http://127.0.0.1:8000",
        exchange_url="http://127.0.0.1:8001",
        ledger_state_dirs=dict.fromkeys(HALVES, Path("/nonexistent")),
        mail_dir=Path("/nonexistent"),
        secrets_dir=Path("/nonexistent"),
    )


def production_environment(role: str, world: World) -> dict[str, str]:
    """Return the role's environment as in production, with its secrets as files."""
    public = replace(
        world,
        hub_url="https://hub.example",
        exchange_url="https://exchange.example",
        operator_url="https://operator.example:8443",
    )
    given = {
        **process_environment(role, public),
        "HUB_ENV": "production",
        "ALLOWED_HOSTS": "hub.example",
        "TRUSTED_PROXIES": "none",
        "SPOOL_DIR": "/nonexistent",
        "SECURITY_CONTACT": "mailto:weaknesses@hub.example",
    }
    # Only the demonstration waives the second factor; production refuses this variable.
    given.pop("MFA_DEMANDED", None)
    return given


def _format() -> list[str]:
    return _run([*RUFF, "format", "--check", "--quiet", "."], remedy="Run: .venv/bin/ruff format .")


def _lint() -> list[str]:
    return _run([*RUFF, "check", "--quiet", "."])


def _types() -> list[str]:
    return _run(
        [sys.executable, "-m", "mypy", "--no-error-summary"], role_environment("build", imagined_world())
    )


def _imports() -> list[str]:
    return _run([*LINT_IMPORTS, "--no-cache", "--no-logo"])


def _migrations() -> list[str]:
    command = [
        sys.executable,
        "-W",
        "ignore::RuntimeWarning",
        "manage.py",
        "makemigrations",
        "--check",
        "--dry-run",
    ]
    return _run(
        command, role_environment("build", imagined_world()), remedy="Run: ./dev manage makemigrations"
    )


def _deploy() -> list[str]:
    def check_role(role: str, world: World) -> None:
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        try:
            _run(command, production_environment(role, world))
        except StepFailedError as failure:
            raise StepFailedError(f"role {role}:\n{failure.what}") from None

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool, tempfile.TemporaryDirectory() as folder:
        world = replace(imagined_world(), secrets_dir=Path(folder))
        list(pool.map(lambda role: check_role(role, world), ROLES))
    return [f"roles: {', '.join(ROLES)}"]


def _coverage() -> list[str]:
    return envelopetests.check_branches(role_environment("build", imagined_world()))


def _run(command: list[str], env: dict[str, str] | None = None, *, remedy: str = "") -> list[str]:
    """Run one tool in the project's folder; return no lines when it passes, its output when not."""
    done = run_to_end(command, env or {**inherited(os.environ), "PYTHONPATH": str(ROOT)}, cwd=ROOT)
    if done.returncode:
        raise StepFailedError(
            (done.stdout + done.stderr).strip() or f"It ended with {done.returncode}.", remedy
        )
    return []


CHECKS: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "format": ("ruff format finds nothing to change", _format),
    "lint": ("ruff finds no fault", _lint),
    "types": ("mypy, strict", _types),
    "coverage": ("every branch of accord/envelope is taken", _coverage),
    "lock": ("requirements are complete, hashed and current", lockcheck.check_lock),
    "deploy": ("production settings of every role", _deploy),
    "imports": ("every import contract is kept", _imports),
    "leaks": ("no private key in the sources", leakcheck.check_leaks),
    "migrations": ("models and migrations agree", _migrations),
    "translations": ("every text is translated, nothing stale", translating.check_translations),
}
