"""Taking a file into a zone: examine, mend with a record, store, and say so in the ledger.

The record of a layer stands in the layer's own file, so that the two are replaced in one step.
``ledger.json`` and ``ledger.csv`` beside it tell a person the same, with the dates.
"""

from .delivery import import_all
from .single import Intake, import_file

__all__ = ["Intake", "import_all", "import_file"]
