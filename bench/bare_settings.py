"""The product with two views more, for `bench.decisions`: no installation uses these settings."""

from offers_site.settings import *  # noqa: F403 (they are the product's)

ROOT_URLCONF = "bench.bare"
