import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "offers_site.settings")

# Between two sweeps about as much may become garbage as the busiest page makes.
BETWEEN_SWEEPS = 10_000

application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # before somebody waits for it
gc.collect()
gc.freeze()  # what is loaded by now stays: no sweep needs to look at it
gc.set_threshold(BETWEEN_SWEEPS, 10, 10)
