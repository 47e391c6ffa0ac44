"""What uvicorn serves. It takes its database from the environment and never starts one of its own."""

import os
import sys

from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

try:
    application = get_asgi_application()
except ImproperlyConfigured as error:
    sys.stderr.write(f"The shop does not start: {error}\n")
    sys.exit(3)  # by which a gunicorn above knows that trying again is of no use
