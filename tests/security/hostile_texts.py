# SPDX-License-Identifier: Apache-2.0
"""Texts that break out of any place without escaping, and the marks by which a break-out is found."""

from collections.abc import Mapping
from typing import Final

MARK: Final = "zzprobe"
"""A word in every hostile text and nowhere else."""
TAG: Final = "zz-probe"
ATTRIBUTE: Final = "onzzprobe"
HEADER: Final = "X-Zzprobe"
REORDERING: Final = "\u202e"

STRINGS: Final[Mapping[str, str]] = {
    "markup": f"\"'><{TAG} {ATTRIBUTE}=1>{MARK}</{TAG}><script src=//{MARK}></script>",
    "markup that ends what is around it": f"{MARK}</textarea></title></script>--><{TAG} {ATTRIBUTE}=1>",
    "an attribute": f'{MARK}" {ATTRIBUTE}="1" style="zz:1" x=\'1\' {ATTRIBUTE}=\'1',
    "a link": f"javascript:{MARK}()",
    "a template": f"{MARK}{{{{7*7}}}}{{% now 'Y' %}}${{7*7}}#{{7*7}}<%= 7*7 %>",
    "a formula": f'=HYPERLINK("http://{MARK}.example")',
    "a formula behind a sign": f"@SUM(1)*{MARK}",
    "reordered letters": f"{MARK}{REORDERING}gnp.exe",
    "letters of another script": f"{MARK} \u0415t\u0456zolam",
    "header lines": f"{MARK}\r\n{HEADER}: 1\r\n\r\n<{TAG}>",
    "a path": f"../../../{MARK}/etc/passwd",
    "a query": f"{MARK}'; DROP TABLE officers_officer; --",
    "a NUL": f"{MARK}\0{MARK}",
    "very long": MARK * 4000,
}

EVALUATED: Final = (f"{MARK}49", f"{MARK}7", "49#49")
"""Results of a template engine that evaluates the template."""
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
