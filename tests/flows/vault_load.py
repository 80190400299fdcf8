# SPDX-License-Identifier: Apache-2.0
"""A program that uses the vault without a pause, as the desk does, until a file appears; exit 1 on any failure.

python vault_load.py STOP_FILE AGENCY...        prints the number of rounds
"""

import sys
from pathlib import Path

import django

django.setup()

from vault import services  # noqa: E402
from vault.models import VaultKey  # noqa: E402
from vault.wrapped_keys import private_keys  # noqa: E402

CONTENT = b"Zirrostratus"


def work(agency: str, kept: list[bytes]) -> None:
    """Seal a row, open the first and the new one, unwrap every private key, draw a token."""
    kept.append(services.seal_row(agency, "alertrevision", "r1", 1, CONTENT))
    for row in (kept[0], kept[-1]):
        if services.open_row(agency, "alertrevision", "r1", 1, row) != CONTENT:
            raise SystemExit("a row opened as something else")
    kids = list(VaultKey.objects.filter(agency_id=agency).values_list("kid", flat=True))
    if len(private_keys(agency, kids)) != len(kids):
        raise SystemExit("a private key is missing")
    services.token(agency, "cas_rn", "50-00-0")


def main(stop: Path, agencies: list[str]) -> None:
    kept: dict[str, list[bytes]] = {agency: [] for agency in agencies}
    rounds = 0
    while not stop.exists() or not rounds:
        for agency in agencies:
            work(agency, kept[agency])
        rounds += 1
        if rounds == 1:
            Path(f"{stop}.begun").touch()
    sys.stdout.write(f"{rounds}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
