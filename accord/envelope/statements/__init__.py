# SPDX-License-Identifier: Apache-2.0
"""Everything that is said besides alerts: one form, closed bodies, who may say it."""
