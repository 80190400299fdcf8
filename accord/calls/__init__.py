# SPDX-License-Identifier: Apache-2.0
"""The exchange's public API as its clients call it: HTTP, shapes of answers, refusals as typed errors.

A package of its own, below `accord.following`, since it verifies nothing: it trusts no answer and touches no key, file of a
home or database. The command and the desk call the exchange only through it.
"""
