"""The words of a tier's features stand on the features themselves."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("billing", "0008_features_and_exceptions")]

    operations = [migrations.RemoveField(model_name="tier", name="feature_texts")]
