"""What every process of a drill needs, imported once: they are forked from here in milliseconds."""

import django

django.setup()
