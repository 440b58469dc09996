"""The short month, as beside a year: 13 nov."""

MONTH_DAY_FORMAT = "j N"
