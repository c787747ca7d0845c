"""What the server of the forks imports, once: Django made ready, and no connection opened."""

import django

django.setup()

from crm.tests.faults import lives  # noqa: E402  (its models need Django)

lives.warm_up()
