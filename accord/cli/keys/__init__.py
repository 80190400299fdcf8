# SPDX-License-Identifier: Apache-2.0
"""The own keys at a terminal: files, lists, changes, roots, and signing offline."""
