"""What gunicorn serves. It takes its database from the environment and never starts one of its own."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

try:
    application = get_wsgi_application()
except ImproperlyConfigured as error:
    sys.stderr.write(f"The shop does not start: {error}\n")
    sys.exit(3)  # by which gunicorn knows that trying again is of no use
