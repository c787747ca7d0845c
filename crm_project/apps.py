from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core.checks import register


class CrmProjectConfig(AppConfig):
    name = "crm_project"

    def ready(self) -> None:
        from crm_project import checks

        for check in (checks.check_debug, checks.check_transport, checks.check_folders):
            register(check)


class GatehouseAdminConfig(AdminConfig):
    default_site = "crm_project.admin.GatehouseAdminSite"
