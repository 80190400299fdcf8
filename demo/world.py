# SPDX-License-Identifier: Apache-2.0
"""The demonstration world: invented agencies of invented countries, their people and agreements.

Country codes come from ISO 3166-1's user-assigned range; time zones are chosen to cover daylight saving, half hours and
neither. Days are relative to the day of seeding: -44 is forty-four days before it.
"""

from dataclasses import dataclass
from typing import Final

from callers.capabilities import Role

A, L, K, M, U, R = (
    Role.AUTHOR,
    Role.RELEASER,
    Role.KEY_OFFICER,
    Role.AGENCY_ADMIN,
    Role.AUDITOR,
    Role.READER,
)
FOUNDED_BEFORE: Final = 15
"""Days between the founding and the first alert."""
ALL_SUITES: Final = ("PQ1", "EC1")


@dataclass(frozen=True)
class DemoOfficer:
    """`login` is the given name before the at sign; `duty` the position on the duty list; `unit` stands beside the name."""

    name: str
    login: str
    roles: tuple[Role, ...]
    duty: int | None = None
    unit: str = ""


@dataclass(frozen=True)
class DemoAgency:
    id: str
    name: str
    country: str
    kind: str
    own_keys: bool
    timezone: str
    language: str
    suites: tuple[str, ...]
    phone: str
    officers: tuple[DemoOfficer, ...]


@dataclass(frozen=True)
class DemoAgreement:
    """`suspended` holds lanes that one party stopped, as (agency, lanes)."""

    ref: str
    title: str
    parties: tuple[str, ...]
    lanes: tuple[str, ...]
    ceiling: str
    until_day: int = 365
    survive_lanes: tuple[str, ...] = ()
    survive_flash: bool = False
    circle: tuple[str, tuple[str, ...]] | None = None
    suspended: tuple[str, tuple[str, ...]] | None = None


KEEPER: Final = DemoOfficer("Noor Ashdene", "noor", (Role.KEEPER,))
KEEPER_EMAIL: Final = "noor@hub.example"

AGENCIES: Final = (
    DemoAgency(
        "xa-lab",
        "Forensic Laboratory, Arvenia",
        "XA",
        "laboratory",
        False,
        "Europe/Vienna",
        "en",
        ALL_SUITES,
        "+000 1 5550 101",
        (
            DemoOfficer("Ilka Torvane", "ilka", (A,), 1, unit="Toxicology"),
            DemoOfficer("Benno Ashgrove", "benno", (L, K), 2, unit="Toxicology"),
            DemoOfficer("Sunniva Okparel", "sunniva", (M,), unit="Administration"),
            DemoOfficer("Edda Quillane", "edda", (U,), unit="Audit"),
        ),
    ),
    DemoAgency(
        "xb-health",
        "Health Authority, Belmora",
        "XB",
        "public_health",
        False,
        "Australia/Adelaide",
        "en",
        ("PQ1",),
        "+000 2 5550 102",
        (
            DemoOfficer("Aroha Pemberwick", "aroha", (A,), 1, unit="Early warning"),
            DemoOfficer("Dele Marchosi", "dele", (L, K), 2, unit="Early warning"),
            DemoOfficer("Wirin Kalabar", "wirin", (M, K), unit="Administration"),
            DemoOfficer("Joss Fairlam", "joss", (U,), unit="Audit"),
        ),
    ),
    DemoAgency(
        "xc-customs",
        "Customs, Cadria",
        "XC",
        "customs",
        False,
        "Asia/Amman",
        "ar",
        ("PQ1",),
        "+000 3 5550 103",
        (
            DemoOfficer("نورين الصفواري", "nourin", (A,), 1, unit="الميناء"),
            DemoOfficer("هيثم الدرعواني", "haitham", (L, K, M), 2, unit="المقر"),
            DemoOfficer("Casimir Vellan", "casimir", (R,), unit="Seaport"),
        ),
    ),
    DemoAgency(
        "xd-reg",
        "Precursor Office, Dellin",
        "XD",
        "regulator",
        True,
        "Asia/Singapore",
        "zh-hans",
        ("PQ1",),
        "+000 4 5550 104",
        (
            DemoOfficer("闻若棠", "ruotang", (A,), 1, unit="前体化学品处"),
            DemoOfficer("司徒知澜", "zhilan", (L, K, M), 2, unit="前体化学品处"),
            DemoOfficer("Lin Harrowgane", "lin", (U,), unit="Audit"),
        ),
    ),
    DemoAgency(
        "xe-drugs",
        "Drug Enforcement, Estmark",
        "XE",
        "drug_enforcement",
        True,
        "America/Halifax",
        "fr",
        ("PQ1",),
        "+000 5 5550 105",
        (
            DemoOfficer("Marisel Quindry", "marisel", (A,), 1, unit="Renseignement"),
            DemoOfficer("Oluwen Brandtvik", "oluwen", (L, K, M), 2, unit="Direction"),
        ),
    ),
    DemoAgency(
        "xf-border",
        "Border Police, Fenlund",
        "XF",
        "police",
        True,
        "Atlantic/Azores",
        "pt",
        ("EC1",),
        "+000 6 5550 106",
        (
            DemoOfficer("Runa Skarsholm", "runa", (A,), 1, unit="Fronteira"),
            DemoOfficer("Pavo Lindqvar", "pavo", (L, K, M), 2, unit="Sede"),
        ),
    ),
)

AGREEMENTS: Final = (
    DemoAgreement(
        "G1",
        "Science and public health",
        ("xa-lab", "xb-health", "xc-customs", "xd-reg", "xe-drugs"),
        ("science", "public_health"),
        "AMBER",
        circle=("Early Look", ("xa-lab", "xb-health", "xc-customs")),
    ),
    DemoAgreement(
        "G2",
        "Enforcement and trade",
        ("xa-lab", "xc-customs", "xe-drugs"),
        ("enforcement", "trade"),
        "AMBER+STRICT",
        circle=("Lantern", ("xc-customs", "xe-drugs")),
    ),
    DemoAgreement(
        "G3",
        "Cadria and Dellin",
        ("xc-customs", "xd-reg"),
        ("enforcement", "trade", "science"),
        "AMBER",
        survive_lanes=("science",),
        suspended=("xd-reg", ("enforcement", "trade")),
    ),
    DemoAgreement("G4", "Trade, named recipients", ("xd-reg", "xe-drugs"), ("trade",), "RED"),
    DemoAgreement(
        "G5", "Border enforcement", ("xa-lab", "xf-border"), ("enforcement",), "AMBER", until_day=-10
    ),
)


def agency_of(login: str) -> DemoAgency:
    """Return the agency of the officer with this login."""
    return next(agency for agency in AGENCIES if login in {officer.login for officer in agency.officers})
