# SPDX-License-Identifier: Apache-2.0
"""The envelope: how alerts and statements are signed, sealed, verified and opened.

Pure: standard library and `cryptography` only; no network, clock or global state. The wire
format is written down in docs/spec/envelope.md.
"""
