from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import gateway
from billing.models import Plan


class Command(BaseCommand):
    help = "Create the products and prices of the plans on sale at Stripe. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        created = unchanged = 0
        for plan in Plan.objects.on_sale():
            try:
                known = gateway.find_price(plan)
                price = known or gateway.ensure_price(plan)
            except gateway.StripeUnavailable as error:
                raise CommandError(f"{plan}: {error.__cause__ or error}") from error
            created, unchanged = created + (not known), unchanged + bool(known)
            self.stdout.write(f"{plan}: {'unchanged' if known else 'created'} ({price})")
        self.stdout.write(f"{created} created, {unchanged} unchanged")
