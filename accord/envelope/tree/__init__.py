# SPDX-License-Identifier: Apache-2.0
"""The tamper-evident tree: hashing and proofs, signed checkpoints, receipts."""
