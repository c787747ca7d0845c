from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class CrmProjectConfig(AppConfig):
    name = "crm_project"


class GatehouseAdminConfig(AdminConfig):
    default_site = "crm_project.admin.GatehouseAdminSite"
