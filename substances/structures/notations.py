# SPDX-License-Identifier: Apache-2.0
"""Recognise the notation of a text, and refuse what the text alone shows, before any toolkit reads it."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal, get_args

from substances.errors import InputRefusedError
from substances.structures import limits

Form = Literal["smiles", "inchi", "mol", "sdf"]
FORMS: Final[tuple[str, ...]] = get_args(Form)

_SMILES: Final = re.compile(r"[A-Za-z0-9@+\-\[\]()=#$:/\\.%*<>&~!,;?]+")
_INCHI: Final = re.compile(r"InChI=1S?/[!-~]+")
_NO_TEXT: Final = frozenset({"Cc", "Cs", "Co", "Cn"})
_INCHIKEY: Final = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_CAS: Final = re.compile(r"[0-9]{2,7}-[0-9]{2}-[0-9]")
_COMPANIONS: Final = ("AuxInfo=", "InChIKey=")
_LONG_NUMBER: Final = re.compile(r"[0-9]{4}")
_MANY_HYDROGENS: Final = re.compile(r"[DHT][0-9]{3}")
_COUNTS: Final = re.compile(r"[ 0-9]{6}.*V(2000|3000)\s*")
_QUERY_SMILES: Final = re.compile(r"[~!&,;?]|\[[^\]]*(#[0-9]|\$\(|[RrXxvDh][0-9]|\bA\b)|\[[AaQXMR][0-9]*\]")
_R_GROUP: Final = re.compile(r"\[R[0-9#']*\]")
_ARCHIVES: Final = (
    "PK\x03\x04",
    "PK\x05\x06",
    "\x1f\x8b",
    "BZh",
    "7z\xbc\xaf",
    "Rar!",
    "\x1f\ufffd",
    "\ufffdPNG",
    "%PDF",
)
_OPEN_PLACES: Final = ("M  RGP", "M  APO", "M  AAL")
_OPEN_MEMBERS: Final = ("RGROUPS=", "ATTCHPT=", "ENDPTS=")
_PATTERNS: Final = ("M  ALS", "M  LIN", "M  LOG", "M  SUB", "M  UNS", "M  RBC")
_REPEATED: Final = frozenset({"SRU", "MON", "MER", "COP", "CRO", "MOD", "GRA", "ANY"})
_BLENDED: Final = frozenset({"MIX", "FOR", "COM"})


@dataclass(frozen=True)
class Notation:
    """A text of one notation. `text` is to be parsed: a token, or a MOL block of lines."""

    form: Form
    text: str
    notices: tuple[str, ...] = ()


def recognise_notation(text: str, form: str) -> Notation:
    """Return the notation, by `form` or, for "auto", by the text; raise InputRefusedError."""
    if form not in ("auto", *FORMS):
        raise _refused("unknown_form")
    text = text.removeprefix("\ufeff")
    _refuse_foreign(text)
    if form == "auto":
        form = _form_of(text)
    if form in ("mol", "sdf"):
        return _block(text)
    line, _, rest = text.strip().partition("\n")
    token, extra = [*line.split(maxsplit=1), "", ""][:2]
    _refuse_names(token)
    _refuse_other_script(token)
    if token.startswith("InChI=") and rest.startswith(_COMPANIONS):
        rest, extra = "", rest
    if rest.strip():
        raise _refused("several_structures" if _is_notation(token) else "unreadable")
    return _inchi(token, extra) if form == "inchi" else _smiles(token, extra)


def _refuse_foreign(text: str) -> None:
    """Refuse input that is no text of a notation: empty, archives and other binary content, endless lines."""
    if not text.strip():
        raise _refused("empty")
    if len(text) > limits.MAX_TEXT_CHARS:
        raise _refused("too_long")
    if text.startswith(_ARCHIVES) or "PK\x03\x04" in text:
        raise _refused("archive")
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > max(limits.MAX_LINE_CHARS, limits.MAX_INCHI_CHARS):
            raise _refused("too_long", f"line {number}")
        if any(unicodedata.category(sign) in _NO_TEXT for sign in line if sign != "\t"):
            raise _refused("binary", f"line {number}")


def _refuse_names(token: str) -> None:
    """Refuse texts that name a substance but do not write its structure."""
    if _INCHIKEY.fullmatch(token.removeprefix("InChIKey=")):
        raise _refused("an_inchikey")
    if _CAS.fullmatch(token):
        raise _refused("a_cas_number")
    if any("\u03b1" <= sign <= "\u03c9" for sign in token) and not set("[]()=#@/\\") & set(token):
        raise _refused("a_name")


def _refuse_other_script(line: str, where: str = "") -> None:
    """Refuse letters and signs that only look like those of a notation."""
    if not line.isascii():
        raise _refused("mixed_script", where)


def _form_of(text: str) -> Form:
    if "$$$$" in text:
        return "sdf"
    if text.lstrip().startswith("InChI="):
        return "inchi"
    lines = text.splitlines()
    if (
        "M  END" in text
        or any(_COUNTS.fullmatch(line) for line in lines[:8])
        or text.lstrip().startswith("$RXN")
    ):
        return "mol"
    return "smiles"


def _is_notation(token: str) -> bool:
    return bool(_SMILES.fullmatch(token) or token.startswith("InChI="))


def _inchi(token: str, extra: str) -> Notation:
    if len(token) > limits.MAX_INCHI_CHARS:
        raise _refused("too_long")
    if token.startswith("InChI=1B") or "Zz" in token:
        raise _refused("polymer")
    # The InChI software hangs on counts that no substance has; only a formula counts that far.
    layers = token.split("/", 2)[2:]
    if not _INCHI.fullmatch(token) or _LONG_NUMBER.search(token) or _MANY_HYDROGENS.search("".join(layers)):
        raise _refused("not_an_inchi")
    notices = ["name_ignored"] if extra else []
    if token.startswith("InChI=1/"):
        notices.append("non_standard_inchi")
    return Notation("inchi", token, tuple(notices))


def _smiles(token: str, extra: str) -> Notation:
    if len(token) > limits.MAX_LINE_CHARS:
        raise _refused("too_long")
    if extra.startswith("|") or "|" in token:
        raise _refused("smiles_extension")
    if not _SMILES.fullmatch(token):
        raise _refused("not_a_smiles")
    if ">" in token.replace("->", "").replace("<-", ""):
        raise _refused("reaction")
    if _R_GROUP.search(token):
        raise _refused("r_group")
    if _QUERY_SMILES.search(token):
        raise _refused("query")
    if "*" in token:
        raise _refused("wildcard")
    return Notation("smiles", token, ("name_ignored",) if extra else ())


def _block(text: str) -> Notation:
    """Return the one record of a MOL or SDF text, with the three head lines that the format requires."""
    if text.lstrip().startswith(("$RXN", "$RDFILE", "$MDL")):
        raise _refused("reaction")
    records = [record for record in re.split(r"^\$\$\$\$.*$", text, flags=re.MULTILINE) if record.strip()]
    if len(records) > 1:
        raise _refused("several_structures")
    if not records:
        raise _refused("empty")
    block, end, rest = records[0].partition("M  END")
    if not end:
        raise _refused("cut_off")
    lines = _with_head(block.splitlines())
    form: Form = "sdf" if "$$$$" in text or rest.strip() else "mol"
    return Notation(form, "\n".join([*lines, "M  END", ""]), ("properties_ignored",) if rest.strip() else ())


def _with_head(lines: list[str]) -> list[str]:
    """Move the counts line to the fourth line, for text pasted without the blank lines before it."""
    for number, line in enumerate(lines[:8]):
        if _COUNTS.fullmatch(line):
            _refuse_by_counts(line)
            for place, drawn in enumerate(lines[number:], start=number + 1):
                _refuse_other_script(drawn, f"line {place}")
                _refuse_by_line(drawn, f"line {place}")
            return ["", "", "", *lines[number:]]
    raise _refused("no_counts_line")


def _refuse_by_counts(line: str) -> None:
    atoms = line[:3].strip()
    if "V2000" in line and not atoms.isdigit():
        raise _refused("no_counts_line")
    if atoms.isdigit() and int(atoms) > limits.MAX_ALL_ATOMS:
        raise _refused("too_many_atoms")


def _refuse_by_line(line: str, where: str) -> None:
    """Refuse a MOL block that states that it is not one definite structure."""
    code = _said_by(line)
    if code:
        raise _refused(code, where)


def _said_by(line: str) -> str:
    words = set(line.split())
    compact = line.replace(" ", "")
    is_open = {"R#", "R"} & words and not line.startswith("M  S")
    if is_open or line.startswith(_OPEN_PLACES) or any(sign in compact for sign in _OPEN_MEMBERS):
        return "r_group"
    if line.startswith(_PATTERNS) or "NOT[" in compact or "LINKNODE" in words:
        return "query"
    if line.startswith("M  STY") or (line.startswith("M  V30") and len(words) > 3):
        kinds = words & (_REPEATED | _BLENDED)
        return "polymer" if kinds & _REPEATED else ("mixture" if kinds else "")
    return ""


def _refused(code: str, where: str = "") -> InputRefusedError:
    return InputRefusedError("structure", code, where)
