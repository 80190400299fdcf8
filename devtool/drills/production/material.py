# SPDX-License-Identifier: Apache-2.0
"""What a new installation is given: secrets drawn afresh, one file each, and a certificate from an authority of its own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devtool.drills.production.engine import REMEDY, failed
from devtool.errors import DevtoolError
from devtool.processes import run_to_end
from devtool.secretstore import Secrets, draw_secrets

HUB_HOST, EXCHANGE_HOST, OPERATOR_HOST = "hub.example", "exchange.example", "operator.example"
HUB_UID, STORES_UID, PROXY_UID = 10001, 999, 101
READ_BY_STORES = frozenset({"broker_logins", "db_logins", "db_owner_password"})
READ_BY_PROXY = frozenset({"tls_certificate", "tls_key"})
CERTIFICATE_DAYS = "2"


@dataclass(frozen=True)
class Material:
    """The folder of one drill: `secrets/`, `world/` and `mail/` for the demonstration, `authority.pem`."""

    folder: Path
    drawn: Secrets = field(repr=False)
    files: dict[str, str] = field(repr=False)

    def settings(self) -> dict[str, str]:
        """What the compose files ask of the environment."""
        return {
            "HUB_URL": f"https://{HUB_HOST}",
            "EXCHANGE_URL": f"https://{EXCHANGE_HOST}",
            "HUB_HOST": HUB_HOST,
            "EXCHANGE_HOST": EXCHANGE_HOST,
            "OPERATOR_HOST": OPERATOR_HOST,
            "OPERATOR_URL": f"https://{OPERATOR_HOST}:8443",
            "ALLOWED_HOSTS": f"{HUB_HOST},{EXCHANGE_HOST}",
            "LEDGER_VKEY": self.drawn.ledger_vkey,
            "MAIL_FROM": f"accord@{HUB_HOST}",
            "SECRETS_DIR": str(self.folder / "secrets"),
            "DRILL_DIR": str(self.folder),
        }


def make_material(folder: Path) -> Material:
    """Draws and writes everything; each file belongs to who reads it."""
    drawn = draw_secrets()
    files = _secret_files(drawn)
    kept = folder / "secrets"
    kept.mkdir()
    for name, value in files.items():
        _give(kept / name, value)
    for name in ("world", "mail"):
        (folder / name).mkdir()
        _hand_over(folder / name, HUB_UID, 0o700, 0o777)
    _make_certificate(folder, kept)
    return Material(folder, drawn, files)


def _secret_files(drawn: Secrets) -> dict[str, str]:
    at = "@db:5432/accord"
    databases, brokers = drawn.login_passwords, drawn.broker_passwords
    return {
        "broker_logins": _lines(brokers),
        "db_logins": _lines(databases),
        **{
            f"{login.removeprefix('accord_')}_database_url": f"postgres://{login}:{password}{at}"
            for login, password in databases.items()
        },
        **{
            f"{login.removeprefix('accord_')}_redis_url": f"redis://{login}:{password}@redis:6379/0"
            for login, password in brokers.items()
        },
        "accord_kek": drawn.key_encryption_ring,
        "api_pepper": drawn.api_pepper,
        "database_owner_url": f"postgres://accord_owner:{drawn.owner_password}{at}",
        "db_owner_password": drawn.owner_password,
        "desk_email_url": "smtp://mail:1025",
        "desk_secret_key": drawn.desk_secret_key,
        "exchange_secret_key": drawn.exchange_secret_key,
        "operator_secret_key": drawn.operator_secret_key,
        "ledger_key": drawn.ledger_key,
        "exchange_worker_email_url": "smtp://mail:1025",
        "mailer_email_url": "smtp://mail:1025",
    }


def _lines(passwords: Mapping[str, str]) -> str:
    """A line for each login, as the services' start scripts read it."""
    return "\n".join(f"{login}:{password}" for login, password in passwords.items())


def _make_certificate(folder: Path, kept: Path) -> None:
    """One authority for this run, one certificate for all names."""
    authority, key = folder / "authority.pem", folder / "authority.key"
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days"),
        *(CERTIFICATE_DAYS, "-subj", "/CN=Accord drill", "-keyout", str(key), "-out", str(authority)),
        *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"),
    )
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days"),
        *(CERTIFICATE_DAYS, "-subj", f"/CN={HUB_HOST}", "-CA", str(authority), "-CAkey", str(key)),
        *("-keyout", str(kept / "tls_key"), "-out", str(kept / "tls_certificate")),
        *("-addext", f"subjectAltName=DNS:{HUB_HOST},DNS:{EXCHANGE_HOST},DNS:{OPERATOR_HOST}"),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
    )
    key.unlink()
    authority.chmod(0o644)
    for name in READ_BY_PROXY:
        _hand_over(kept / name, PROXY_UID, 0o400, 0o444)


def _openssl(*arguments: str) -> None:
    try:
        done = run_to_end(["openssl", *arguments], dict(os.environ))
    except FileNotFoundError:
        raise DevtoolError("openssl was not found; it makes the certificate.", REMEDY) from None
    if done.returncode:
        raise failed("openssl", done)


def _give(path: Path, value: str) -> None:
    path.write_text(f"{value}\n")
    _hand_over(path, STORES_UID if path.name in READ_BY_STORES else HUB_UID, 0o400, 0o444)


def _hand_over(path: Path, uid: int, mode: int, mode_without_root: int) -> None:
    """To its reader alone; who is not root can only leave it open inside the closed folder of the drill."""
    if os.geteuid() == 0:
        os.chown(path, uid, uid)
        path.chmod(mode)
    else:
        path.chmod(mode_without_root)
