# SPDX-License-Identifier: Apache-2.0
"""Text that leaves the desk for support with every name replaced, the same name by the same sign: `A1`, `E2`.

- Known names (agencies, officers, hosts) are replaced wherever they are.
- Addresses, keys and digests are recognised by their form.
- Text in quotation marks is left out, since its content is unknown.
- Any other word stays: whoever passes the text on reads it first.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

LEFT_OUT: Final = "[left out]"

_QUOTED: Final = re.compile(r"'.*'|\".*\"|“.*”|«.*»")
"""From the first quotation mark of a line to the last one, since quoted text may itself contain marks."""
_CREDENTIALS: Final = re.compile(r"(?<=//)[^\s/@]+@")
_NAMED_SECRET: Final = re.compile(
    r"(?i)\b(passwor[dt]|passphrase|passwd|secret|token|api[-_ ]?key|authorization|cookie)(\s*[:=]\s*)(?:\w+-key |bearer |basic )?\S+"
)
_EMAIL: Final = re.compile(r"[^\s<>()\[\]:;,\"']+@[^\s<>()\[\]:;,\"'@]*[^\s<>()\[\]:;,\"'@.]")
_API_KEY: Final = re.compile(r"\b[0-9a-f]{12}\.[A-Za-z0-9_-]{20,}")
_URL_HOST: Final = re.compile(r"(?<=://)[^\s/:?#@\[\]]+")
_HOME: Final = re.compile(r"(?<=/home/)[^/\s:]+")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f]*[:.][0-9A-Fa-f:.]*[0-9A-Fa-f]")
_UUID: Final = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_GROUPS: Final = re.compile(
    r"\b[0-9a-f]{4}(?:[ :-][0-9a-f]{4}){2,}\b|\b(?:[0-9A-Fa-f]{2}:){7,}[0-9A-Fa-f]{2}\b"
)
_TYPED: Final = re.compile(r"\b[A-Z0-9]{4}(?:-[A-Z0-9]{4})+\b")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_+-]{9,}")
_HEX: Final = re.compile(r"[0-9a-f]{9,}|[0-9A-F]{9,}")
_LONGEST_NUMBER: Final = 13
"""Number of digits of a time in milliseconds."""
_LONG_TOKEN: Final = 40


class Masks:
    """Names met so far in one text; a sign cannot be traced back to its name."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        """`names` by the letter of their kind: they are replaced wherever they are, as whole words, in any case."""
        self._signs: dict[tuple[str, str], str] = {}
        self._kinds = {
            name.casefold(): kind for kind, listed in names.items() for name in listed if name.strip()
        }
        longest_first = sorted(self._kinds, key=len, reverse=True)
        pattern = "|".join(map(re.escape, longest_first))
        self._known = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE) if pattern else None

    def masked(self, text: str, *, quoted: bool = False) -> str:
        """Return the text without names; with `quoted`, quoted text is the program's own and is kept and masked as the rest."""
        if not quoted:
            text = _QUOTED.sub(LEFT_OUT, text)
        text = _CREDENTIALS.sub(f"{LEFT_OUT}@", text)
        text = _NAMED_SECRET.sub(rf"\1\2{LEFT_OUT}", text)
        text = _EMAIL.sub(self._by_form("E"), text)
        text = _API_KEY.sub(self._by_form("K"), text)
        text = _URL_HOST.sub(self._by_form("H"), text)
        text = _HOME.sub(self._by_form("U"), text)
        if self._known is not None:
            text = self._known.sub(self._by_name, text)
        for form in (_UUID, _GROUPS, _TYPED):
            text = form.sub(self._by_form("D"), text)
        text = _ADDRESS.sub(self._address, text)
        return _TOKEN.sub(self._token, text)

    def _sign(self, kind: str, word: str) -> str:
        """Return the sign of a word; the case of `word` makes no difference."""
        key = kind, word.casefold()
        if key not in self._signs:
            number = 1 + sum(1 for known, _word in self._signs if known == kind)
            self._signs[key] = f"{kind}{number}"
        return self._signs[key]

    def _by_form(self, kind: str) -> Callable[[re.Match[str]], str]:
        return lambda found: found[0] if found[0] == LEFT_OUT else self._sign(kind, found[0])

    def _by_name(self, found: re.Match[str]) -> str:
        return self._sign(self._kinds[found[0].casefold()], found[0])

    def _address(self, found: re.Match[str]) -> str:
        """Mask IPv4, with or without a port, and IPv6; a time of day is kept."""
        host, colon, port = found[0].partition(":")
        if "." in host and _is_address(host):
            return self._sign("I", host) + colon + port
        return self._sign("I", found[0]) if _is_address(found[0]) else found[0]

    def _token(self, found: re.Match[str]) -> str:
        return self._sign("D", found[0]) if _looks_drawn(found[0]) else found[0]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _looks_drawn(token: str) -> bool:
    """Tell whether the word is random, as a digest, a key or a public id is; names in code and times are not."""
    if token.isdecimal():
        return len(token) > _LONGEST_NUMBER
    has_digit = any(letter.isdecimal() for letter in token)
    if _HEX.fullmatch(token):
        return has_digit
    mixed = any(letter.isupper() for letter in token) and any(letter.islower() for letter in token)
    return (has_digit and mixed) or (mixed and len(token) >= _LONG_TOKEN)
