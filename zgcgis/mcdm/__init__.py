"""Weights and rankings from many criteria (多准则决策), on arrays and frames.

Rows are units, columns are criteria, and **larger is better** unless a function is given
`directions`. Nothing here knows what a unit or a criterion is; labels that come in come out, and
two tables with labels are put together by label, never by position.

Two things are never silent. The variant of a method is a named argument, because the same
table has an "entropy weight" of 2 % or of 31 % by the variant and shift chosen. And a table that
cannot be weighed -- a missing number, a negative area, one unit, a column that says nothing --
is refused or warned of in one sentence.
"""

from __future__ import annotations

from .certainty import (
    Acceptability,
    leave_one_out,
    rank_acceptability,
    sample_weights,
    stability_interval,
)
from .ranking import (
    Coupling,
    Vikor,
    closeness,
    coupling,
    coupling_of_many,
    rank,
    topsis,
    vikor,
    weighted_sum,
)
from .tables import minmax, orient
from .weighing import (
    Ahp,
    ahp,
    ahp_group,
    combine_weights,
    critic_weights,
    deviation_weights,
    entropy,
    entropy_weights,
    random_index,
    weights_from_entropy,
)

__all__ = [
    "Acceptability",
    "Ahp",
    "Coupling",
    "Vikor",
    "ahp",
    "ahp_group",
    "closeness",
    "combine_weights",
    "coupling",
    "coupling_of_many",
    "critic_weights",
    "deviation_weights",
    "entropy",
    "entropy_weights",
    "leave_one_out",
    "minmax",
    "orient",
    "random_index",
    "rank",
    "rank_acceptability",
    "sample_weights",
    "stability_interval",
    "topsis",
    "vikor",
    "weighted_sum",
    "weights_from_entropy",
]
