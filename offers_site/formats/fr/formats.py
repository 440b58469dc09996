"""The short month, as beside a year: 13 nov. And 10 000 with the narrow space of the language."""

MONTH_DAY_FORMAT = "j N"
THOUSAND_SEPARATOR = "\u202f"
