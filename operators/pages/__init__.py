# SPDX-License-Identifier: Apache-2.0
"""The pages of the operator: server-rendered, no script but what passkeys need."""
