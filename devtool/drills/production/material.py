# SPDX-License-Identifier: Apache-2.0
"""Material of a new installation: fresh secrets, one file each, and a certificate from an authority of its own."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from devtool.drills.production.engine import REMEDY, failed
from devtool.errors import DevtoolError
from devtool.postgres import OWNERS
from devtool.processes import run_to_end
from devtool.secretstore import Secrets, draw_secrets
from hub.draw_secrets import HUB_UID, HalfSecrets, files_of_half, reader_of
from hub.roles import DESK, EXCHANGE, HALVES

HUB_HOST, EXCHANGE_HOST, OPERATOR_HOST = "hub.example", "exchange.example", "operator.example"
PROXY_UID = 101
TLS_NAMES = {DESK: (HUB_HOST,), EXCHANGE: (EXCHANGE_HOST, OPERATOR_HOST)}
CERTIFICATE_DAYS = "2"


@dataclass(frozen=True)
class Material:
    """The folder of one drill: `secrets/`, `world/` and `mail/` for the demonstration, `authority.pem`."""

    folder: Path
    drawn: Secrets = field(repr=False)
    files: dict[str, str] = field(repr=False)

    def settings(self) -> dict[str, str]:
        """Return the variables that the compose files need."""
        return {
            "HUB_URL": f"https://{HUB_HOST}",
            "EXCHANGE_URL": f"https://{EXCHANGE_HOST}",
            "HUB_HOST": HUB_HOST,
            "EXCHANGE_HOST": EXCHANGE_HOST,
            "OPERATOR_HOST": OPERATOR_HOST,
            "OPERATOR_URL": f"https://{OPERATOR_HOST}:8443",
            "LEDGER_VKEY": self.drawn.ledger_vkey(),
            "DESK_LEDGER_VKEY": self.drawn.ledger_vkey(DESK),
            "MAIL_FROM": f"accord@{HUB_HOST}",
            "SECRETS_DIR": str(self.folder / "secrets"),
            "DRILL_DIR": str(self.folder),
        }


def make_material(folder: Path) -> Material:
    """Draw and write everything; each file belongs to its reader."""
    drawn = draw_secrets()
    files = _secret_files(drawn)
    kept = folder / "secrets"
    kept.mkdir()
    for name, value in files.items():
        _give(kept / name, value)
    for name in ("world", "mail"):
        (folder / name).mkdir()
        hand_over(folder / name, HUB_UID, 0o700, 0o777)
    _make_certificates(folder, kept)
    return Material(folder, drawn, files)


def _secret_files(drawn: Secrets) -> dict[str, str]:
    return {
        **{name: value for half in HALVES for name, value in _files_of_half(half, drawn).items()},
        "accord_kek": drawn.key_encryption_ring,
        "desk_email_url": "smtp://mail:1025",
        "desk_secret_key": drawn.desk_secret_key,
        "exchange_secret_key": drawn.exchange_secret_key,
        "operator_secret_key": drawn.operator_secret_key,
        "exchange_worker_email_url": "smtp://mail:1025",
        "mailer_email_url": "smtp://mail:1025",
    }


def _files_of_half(half: str, drawn: Secrets) -> dict[str, str]:
    """Return the secrets' files of one half: servers and secrets of its own."""
    return files_of_half(
        half,
        HalfSecrets(
            drawn.owner_passwords[OWNERS[half]],
            drawn.login_passwords,
            drawn.broker_passwords,
            drawn.api_peppers[half],
            drawn.ledger_keys[half],
        ),
    )


def _make_certificates(folder: Path, kept: Path) -> None:
    """Make an authority for this run, and a certificate for the names of each half."""
    authority, key = folder / "authority.pem", folder / "authority.key"
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days"),
        *(CERTIFICATE_DAYS, "-subj", "/CN=Accord drill", "-keyout", str(key), "-out", str(authority)),
        *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"),
    )
    for half, names in TLS_NAMES.items():
        private, certificate = kept / f"{half}_tls_key", kept / f"{half}_tls_certificate"
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days"),
            *(CERTIFICATE_DAYS, "-subj", f"/CN={names[0]}", "-CA", str(authority), "-CAkey", str(key)),
            *("-keyout", str(private), "-out", str(certificate)),
            *("-addext", f"subjectAltName={','.join(f'DNS:{name}' for name in names)}"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
        )
        for path in (private, certificate):
            hand_over(path, PROXY_UID, 0o400, 0o444)
    key.unlink()
    authority.chmod(0o644)


def _openssl(*arguments: str) -> None:
    try:
        done = run_to_end(["openssl", *arguments], dict(os.environ))
    except FileNotFoundError:
        raise DevtoolError("openssl was not found; it makes the certificate.", REMEDY) from None
    if done.returncode:
        raise failed("openssl", done)


def _give(path: Path, value: str) -> None:
    path.write_text(f"{value}\n")
    hand_over(path, reader_of(path.name), 0o400, 0o444)


def hand_over(path: Path, uid: int, mode: int, mode_without_root: int) -> None:
    """Give a path to its reader alone; without root it can only be left open inside the closed folder of the drill."""
    if os.geteuid() == 0:
        os.chown(path, uid, uid)
        path.chmod(mode)
    else:
        path.chmod(mode_without_root)
