# SPDX-License-Identifier: Apache-2.0
"""The life of an agency's own keys: listed, renewed, rotated, revoked; the root changed, recovered, kept offline."""
