"""Features become rows with a code, which the site can honour; exceptions; planned changes."""

import django.db.models.deletion
from django.db import migrations, models
from django.utils.text import slugify

CODES = {
    "Full listing page": "full_page",
    "Unlimited direct enquiries, no commission": "enquiries",
    "Calendar sync": "calendar",
    "Link to your own website": "website_link",
    "Page build and ongoing support": "page_build",
    "Social media promotion": "social_media",
    "Better place in search": "search_first",
    "Blog feature": "blog",
    "Featured on the homepage": "homepage",
    "Specialist page (weddings, youth or business)": "specialist_page",
}


def name_features(apps, schema_editor):
    Tier = apps.get_model("billing", "Tier")
    Feature = apps.get_model("billing", "Feature")
    for tier in Tier.objects.order_by("rank"):
        for text in tier.feature_texts:
            known = Feature.objects.count()
            feature, _ = Feature.objects.get_or_create(
                text=text[:100],
                defaults={"code": _code(Feature, text), "position": 10 * (known + 1)},
            )
            tier.features.add(feature)


def _code(Feature, text):
    wanted = CODES.get(text) or slugify(text)[:25] or "feature"
    taken = set(Feature.objects.values_list("code", flat=True))
    numbered = (f"{wanted[:26]}-{number}" for number in range(2, len(taken) + 3))
    return next(code for code in (wanted, *numbered) if code not in taken)


def spell_features_out(apps, schema_editor):
    for tier in apps.get_model("billing", "Tier").objects.all():
        tier.feature_texts = [feature.text for feature in tier.features.order_by("position")]
        tier.save(update_fields=["feature_texts"])


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0004_incoming_events"),
        ("listings", "0002_newest_enquiry_of_guest"),
    ]

    operations = [
        migrations.RenameField(model_name="tier", old_name="features", new_name="feature_texts"),
        migrations.CreateModel(
            name="Feature",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=30, unique=True)),
                ("text", models.CharField(max_length=100)),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        default=100, help_text="Lower ones come first."
                    ),
                ),
            ],
            options={"ordering": ["position", "pk"]},
        ),
        migrations.AddField(
            model_name="tier",
            name="features",
            field=models.ManyToManyField(blank=True, related_name="tiers", to="billing.feature"),
        ),
        migrations.RunPython(name_features, spell_features_out),
        migrations.CreateModel(
            name="ListingException",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.TextField()),
                ("until", models.DateField(verbose_name="last day")),
                ("granted_by", models.CharField(max_length=254)),
                ("granted_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_by", models.CharField(blank=True, max_length=254)),
                (
                    "property",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="listing_exceptions",
                        to="listings.property",
                    ),
                ),
                (
                    "tier",
                    models.ForeignKey(
                        help_text="What the house is listed as meanwhile.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listing_exceptions",
                        to="billing.tier",
                    ),
                ),
            ],
            options={
                "verbose_name": "exception",
                "ordering": ["-granted_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("property",),
                        name="listing_exception_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="listing_exception_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScheduledChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "billing_cycle",
                    models.CharField(
                        choices=[("annual", "Yearly"), ("monthly", "Monthly")], max_length=10
                    ),
                ),
                (
                    "net_pence",
                    models.PositiveIntegerField(verbose_name="price without VAT (pence)"),
                ),
                ("vat_pence", models.PositiveIntegerField(verbose_name="VAT (pence)")),
                ("starts_on", models.DateField()),
                (
                    "membership",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scheduled_change",
                        to="billing.membership",
                    ),
                ),
                (
                    "tier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scheduled_changes",
                        to="billing.tier",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency", "gbp")), name="plan_is_in_pounds"
            ),
        ),
    ]
