"""The catalogue of an environment as one file: read, judged, planned, applied and written."""
