"""Ends with a sentence where a Python is not one that pyproject.toml allows; any Python reads it."""

import sys

if not (3, 11) <= sys.version_info[:2] < (3, 14):
    sys.exit(
        "zgcgis needs Python 3.11, 3.12 or 3.13 (fiona has no wheels for 3.14 yet); this is "
        + sys.version.split()[0]
        + ". Name another: make atlas PYTHON=python3.12"
    )
