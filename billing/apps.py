from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing import event_handlers  # noqa: F401  (registers the dj-stripe receivers)
