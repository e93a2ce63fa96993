"""Efficiency of many units and of many resampled frontiers: ``python -m tests.benchmarks.efficiency``."""

from __future__ import annotations

import time
import warnings

import numpy as np

from zgcgis import dea


def units(count: int, inputs: int = 2, outputs: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Units below a smooth frontier, sizes over three powers of ten."""
    rng = np.random.default_rng(count)
    x = np.exp(rng.normal(0, 1, (count, inputs)))
    inside = np.exp(-np.abs(rng.normal(0, 0.5, (count, 1))))
    y = x.prod(axis=1, keepdims=True) ** (0.8 / inputs) * inside
    return x, y * np.exp(rng.normal(0, 0.3, (count, outputs)))


def main() -> None:
    """Print seconds by what was asked."""
    warnings.simplefilter("ignore")
    asked = {
        "2 000 units, radial, constant returns": lambda: dea.efficiency(*units(2_000)),
        "10 000 units, radial, constant returns": lambda: dea.efficiency(*units(10_000)),
        "10 000 units, radial, variable returns": lambda: dea.efficiency(
            *units(10_000), returns="vrs"
        ),
        "2 000 draws on 31 units, variable returns": lambda: dea.bootstrap(*units(31), draws=2_000),
    }
    for name, run in asked.items():
        start = time.perf_counter()
        run()
        print(f"{name}: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
