"""Foreign files in: read in a sandbox, examined stage by stage, never taken at their word."""

from __future__ import annotations

from .examine import examine
from .layer import FileReport, Layer, Options

__all__ = ["FileReport", "Layer", "Options", "examine"]
