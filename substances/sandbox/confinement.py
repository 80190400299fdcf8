# SPDX-License-Identifier: Apache-2.0
"""Confinement: a loaded process locks itself in for good, without new files, network, other programs or debuggers.

There are two independent locks. Resource limits refuse every new descriptor and every new process. Where the kernel supports
filters of system calls (Linux on x86-64 and arm64), only the few that pure computing needs are allowed; all others are answered
"not permitted". No signal can be sent, not even to itself: abort() ends it by a trap instead.
"""

import ctypes
import os
import platform
import resource
import struct
from contextlib import suppress
from typing import Final

_PR_SET_DUMPABLE: Final = 4
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_MODE_FILTER: Final = 2

_LOAD_NUMBER: Final = (0x20, 0, 0, 0)
_LOAD_ARCHITECTURE: Final = (0x20, 0, 0, 4)
_JUMP_EQUAL: Final = 0x15
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF0000
_NOT_PERMITTED: Final = 0x00050000 | 1
_KILL: Final = 0x80000000

# read write close fstat poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn sched_yield mremap
# madvise nanosleep setitimer getitimer getpid exit uname getrusage times gettid futex getcpu clock_gettime clock_getres
# clock_nanosleep exit_group restart_syscall sigaltstack getrandom rseq membarrier ppoll sched_getaffinity sysinfo
_X86_64: Final = (
    0, 1, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 28, 35, 38, 36, 39, 60, 63, 98, 100, 186, 202, 309, 228, 229,
    230, 231, 219, 131, 318, 334, 324, 271, 204, 99,
)  # fmt: skip
_ARM64: Final = (
    63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 124, 216, 233, 101, 103, 102, 172, 93, 160, 165, 153, 178, 98,
    168, 113, 114, 115, 94, 128, 132, 278, 293, 283, 73, 123, 179,
)  # fmt: skip
_ARCHITECTURES: Final = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _ARM64)}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def lock() -> bool:
    """Apply both locks; return False where the second is not available. They cannot be undone."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    # One, not zero: poll() takes no more descriptors than this, and descriptor 0 is open, so no new one can be opened.
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, 1))
    return _filter_calls()


def _filter_calls() -> bool:
    known = _ARCHITECTURES.get(platform.machine()) if os.name == "posix" else None
    if known is None or not hasattr(os, "pidfd_open"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    code = _program(*known)
    program = _Program(len(code) // 8, code)
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _program(architecture: int, allowed: tuple[int, ...]) -> bytes:
    """Kill a foreign architecture; allow the listed calls; refuse the rest."""
    steps = [
        _LOAD_ARCHITECTURE,
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        _LOAD_NUMBER,
        *((_JUMP_EQUAL, len(allowed) - place, 0, number) for place, number in enumerate(allowed)),
        (_RETURN, 0, 0, _NOT_PERMITTED),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
