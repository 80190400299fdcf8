# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class OperatorsConfig(AppConfig):
    name = "operators"
