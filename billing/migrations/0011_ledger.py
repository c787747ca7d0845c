from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_dunning_and_notices")]

    operations = [
        migrations.AddField("payment", "step", models.PositiveSmallIntegerField(default=1)),
        migrations.AddField("payment", "owner_name", models.CharField(max_length=320, blank=True)),
        migrations.AddField(
            "payment",
            "fee_pence",
            models.IntegerField("Stripe's fee (pence)", null=True, blank=True),
        ),
        migrations.AlterField("payment", "stripe_object_id", models.CharField(max_length=255)),
        migrations.AddConstraint(
            "payment",
            models.UniqueConstraint(
                fields=["stripe_object_id", "step"], name="payment_once_per_step"
            ),
        ),
        migrations.CreateModel(
            "ReconcileRun",
            [
                ("id", models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                )),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True, blank=True)),
                ("since", models.DateTimeField(null=True, blank=True)),
                ("counts", models.JSONField(default=dict, blank=True)),
                ("found", models.PositiveIntegerField("differences found", default=0)),
                ("differences", models.PositiveIntegerField("differences left", default=0)),
                ("listed", models.JSONField(default=list, blank=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "verbose_name": "comparison with Stripe",
                "verbose_name_plural": "comparisons with Stripe",
                "ordering": ["-started_at", "-pk"],
                "get_latest_by": "started_at",
                "indexes": [
                    models.Index(fields=["-started_at", "-id"], name="reconcile_run_newest")
                ],
            },
        ),
    ]
