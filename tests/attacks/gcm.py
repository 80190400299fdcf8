# SPDX-License-Identifier: Apache-2.0
"""One AES-256-GCM ciphertext and tag that two keys open to two plaintexts: GCM does not commit to its key.

Source: Dodis, Grubbs, Ristenpart, Woodage, "Fast Message Franking" (2018). One block of the ciphertext is solved
for, so that both keys compute the same tag.
"""

from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16
_R = 0xE1 << 120


def multiply(left: int, right: int) -> int:
    """Return the product in GF(2^128), bits in GCM's order (NIST SP 800-38D, 6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if right >> bit & 1:
            product ^= left
        left = left >> 1 ^ (_R if left & 1 else 0)
    return product


def power(base: int, exponent: int) -> int:
    result = 1 << 127
    while exponent:
        if exponent & 1:
            result = multiply(result, base)
        base, exponent = multiply(base, base), exponent >> 1
    return result


def inverse(value: int) -> int:
    return power(value, 2**128 - 2)


def encrypt_block(key: bytes, block: bytes) -> int:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - one block, as GCM uses it
    return int.from_bytes(encryptor.update(block) + encryptor.finalize(), "big")


def blocks_of(octets: bytes) -> list[int]:
    padded = octets.ljust(-(-len(octets) // BLOCK) * BLOCK, b"\x00")
    return [int.from_bytes(padded[start : start + BLOCK], "big") for start in range(0, len(padded), BLOCK)]


def masked_hash(key: bytes, iv: bytes, blocks: Sequence[int]) -> int:
    """Return the tag over these blocks (associated data, ciphertext, lengths)."""
    h, total = encrypt_block(key, bytes(BLOCK)), 0
    for block in blocks:
        total = multiply(total ^ block, h)
    return total ^ encrypt_block(key, iv + (1).to_bytes(4, "big"))


def two_faced(
    keys: tuple[bytes, bytes], iv: bytes, ciphertext: bytes, aad: bytes, free: int
) -> tuple[bytes, bytes]:
    """Return the ciphertext with its block number `free` solved for, and the tag that both keys accept."""
    blocks = blocks_of(ciphertext)
    blocks[free] = 0
    lengths = len(aad) * 8 << 64 | len(ciphertext) * 8
    whole = [*blocks_of(aad), *blocks, lengths]
    exponent = len(blocks) - free + 1
    difference = factor = 0
    for key in keys:
        difference ^= masked_hash(key, iv, whole)
        factor ^= power(encrypt_block(key, bytes(BLOCK)), exponent)
    solved = multiply(difference, inverse(factor)).to_bytes(BLOCK, "big")
    forged = ciphertext[: free * BLOCK] + solved + ciphertext[(free + 1) * BLOCK :]
    tag = masked_hash(keys[0], iv, [*blocks_of(aad), *blocks_of(forged), lengths])
    return forged, tag.to_bytes(BLOCK, "big")
