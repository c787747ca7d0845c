"""dj-stripe 2.11's schema in one step; see docs/decisions/dj-stripe-migrations.md.

The empty migrations after `0001_initial` bear upstream's names, so that upstream's next release
applies on top. Regenerate with `manage.py makemigrations djstripe` when dj-stripe moves.
"""
