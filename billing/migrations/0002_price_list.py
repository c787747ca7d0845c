"""The opening price list; staff change it afterwards as data."""

from django.db import migrations

ALL_TIERS = [
    "Full listing page",
    "Unlimited direct enquiries, no commission",
    "Calendar sync",
    "Link to your own website",
]
FROM_SILVER = [
    "Page build and ongoing support",
    "Social media promotion",
    "Better place in search",
    "Blog feature",
]
GOLD_ONLY = ["Featured on the homepage", "Specialist page (weddings, youth or business)"]

# code, name, display name, features, recommended, yearly and monthly price in pence without VAT
TIERS = [
    ("bronze", "Bronze", "Essential listing", ALL_TIERS, False, 45_000, 4_500),
    ("silver", "Silver", "Professional listing", ALL_TIERS + FROM_SILVER, True, 65_000, 6_500),
    ("gold", "Gold", "Premium listing", ALL_TIERS + FROM_SILVER + GOLD_ONLY, False, 85_000, 8_500),
]


def add_price_list(apps, schema_editor):
    Tier = apps.get_model("billing", "Tier")
    Plan = apps.get_model("billing", "Plan")
    for rank, (code, name, display_name, features, recommended, yearly, monthly) in enumerate(
        TIERS, start=1
    ):
        tier = Tier.objects.create(
            code=code,
            name=name,
            display_name=display_name,
            rank=rank,
            features=features,
            recommended=recommended,
        )
        Plan.objects.create(tier=tier, cycle="annual", net_pence=yearly)
        Plan.objects.create(tier=tier, cycle="monthly", net_pence=monthly)


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [migrations.RunPython(add_price_list, migrations.RunPython.noop)]
