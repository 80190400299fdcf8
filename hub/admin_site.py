# SPDX-License-Identifier: Apache-2.0
"""Django's admin app with our own site as the default one."""

from django.contrib.admin.apps import AdminConfig


class AccordAdminConfig(AdminConfig):
    default_site = "desk.site.AccordAdminSite"
