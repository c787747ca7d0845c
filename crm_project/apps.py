from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.core.checks import register
from django.db.models.signals import post_migrate
from post_office.signals import email_queued


class CrmProjectConfig(AppConfig):
    name = "crm_project"

    def ready(self) -> None:
        from crm_project import checks, worker

        for check in (checks.check_debug, checks.check_transport, checks.check_database_folder):
            register(check)
        email_queued.connect(worker.send_mail_soon, dispatch_uid="crm_project.send_mail_soon")
        post_migrate.connect(worker.install_schedules, sender=apps.get_app_config("django_q"))


class GatehouseAdminConfig(AdminConfig):
    default_site = "crm_project.admin.GatehouseAdminSite"
