# SPDX-License-Identifier: Apache-2.0
"""Statements, which are all signed objects besides alerts: one form, closed bodies, entitlement."""
