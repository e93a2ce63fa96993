"""Areas of intersection by edges alone: no topology, no code shared with any geometry engine.

The area two polygons share is the sum over pairs of edges, one of each, of the signed integral
of the lower of the two over their common range of x. A hole or a part only changes signs, and
no point of intersection is ever built, so that nothing can go wrong at touching edges.
"""

from __future__ import annotations

import numpy as np
import shapely


def _edges(shape, origin):
    """Rows (x1, y1, x2, y2, sign) with x1 < x2; sign +1 where the polygon lies below."""
    rows = []
    for part in shapely.get_parts(shape):
        for number, ring in enumerate(shapely.get_rings(part)):
            p = shapely.get_coordinates(ring) - origin
            a, b = p[:-1], p[1:]
            twice = np.sum(a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1])
            turn = (1.0 if twice > 0 else -1.0) * (1.0 if number == 0 else -1.0)
            right = a[:, 0] < b[:, 0]
            left = b[:, 0] < a[:, 0]
            rows.append(np.c_[a[right], b[right], np.full(right.sum(), -turn)])
            rows.append(np.c_[b[left], a[left], np.full(left.sum(), turn)])
    return np.concatenate(rows)


def pair_area(one, other):
    """Area that two polygons share."""
    west, south, _, _ = shapely.bounds(one)
    origin = np.array([west, south])
    e, f = _edges(one, origin), _edges(other, origin)
    reach = e[:, 2].max()
    f = f[(f[:, 2] > 0) & (f[:, 0] < reach)]
    low = np.maximum(e[:, None, 0], f[None, :, 0])
    high = np.minimum(e[:, None, 2], f[None, :, 2])
    i, j = np.nonzero(high > low)
    low, high = low[i, j], high[i, j]

    def at(edge, x):
        slope = (edge[:, 3] - edge[:, 1]) / (edge[:, 2] - edge[:, 0])
        return edge[:, 1] + slope * (x - edge[:, 0])

    e0, e1, f0, f1 = at(e[i], low), at(e[i], high), at(f[j], low), at(f[j], high)
    d0, d1 = e0 - f0, e1 - f1
    crossing = d0 * d1 < 0
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.where(crossing, (d0**2 + d1**2) / (np.abs(d0) + np.abs(d1)), np.abs(d0 + d1))
    lower = (e0 + e1 + f0 + f1 - apart) / 4  # mean height of the lower of the two
    return float(np.sum(e[i, 4] * f[j, 4] * (high - low) * lower))


def pair_areas(bigs, smalls, i, j):
    """Area that pairs of polygons share; the small one gives the origin."""
    return np.array([pair_area(smalls[b], bigs[a]) for a, b in zip(i, j, strict=True)])
