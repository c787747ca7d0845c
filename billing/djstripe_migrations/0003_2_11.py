"""Upstream's name for a step that 0001_initial already contains."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("djstripe", "0002_2_10")]

    operations = []
