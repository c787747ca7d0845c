from django.apps import AppConfig


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = "CRM"

    def ready(self) -> None:
        from crm import exception_log, receivers  # noqa: F401  (wires the CRM to the source models)
