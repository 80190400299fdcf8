# SPDX-License-Identifier: Apache-2.0
"""The alert document `accord-alert/1` as its sender checks it and its reader sees it."""
