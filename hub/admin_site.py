# SPDX-License-Identifier: Apache-2.0
"""Django's admin app with this project's site as the default one."""

from django.contrib.admin.apps import AdminConfig


class AccordAdminConfig(AdminConfig):
    default_site = "desk.site.AccordAdminSite"
