# SPDX-License-Identifier: Apache-2.0
"""The command line: verbs, options, help; one module per group of verbs."""
