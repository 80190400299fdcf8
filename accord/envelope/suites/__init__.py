# SPDX-License-Identifier: Apache-2.0
"""Suites, one module each: how a content key is wrapped for one recipient."""
