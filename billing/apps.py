from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing import receivers  # noqa: F401
        from billing.djstripe_account import keep_key_in_settings
        from billing.patience import limit_patience
        from billing.perks import SELLER
        from listings.perks import sold_by

        keep_key_in_settings()
        limit_patience()
        sold_by(SELLER)
