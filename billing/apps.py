from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing import event_handlers  # noqa: F401  (registers the dj-stripe receivers)
        from billing.djstripe_account import keep_key_in_settings
        from billing.patience import limit_patience

        keep_key_in_settings()
        limit_patience()
