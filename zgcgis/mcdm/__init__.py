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

from .acceptability import (
    Acceptability,
    leave_one_out,
    rank_acceptability,
    sample_weights,
    stability_interval,
)
from .criteria import minmax, orient
from .disparity import (
    Convergence,
    Dagum,
    Theil,
    beta_convergence,
    dagum_gini,
    kernel_density,
    obstacle_degrees,
    sigma_convergence,
    theil,
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
from .weighting import (
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
    "Convergence",
    "Coupling",
    "Dagum",
    "Theil",
    "Vikor",
    "ahp",
    "ahp_group",
    "beta_convergence",
    "closeness",
    "combine_weights",
    "coupling",
    "coupling_of_many",
    "critic_weights",
    "dagum_gini",
    "deviation_weights",
    "entropy",
    "entropy_weights",
    "kernel_density",
    "leave_one_out",
    "minmax",
    "obstacle_degrees",
    "orient",
    "random_index",
    "rank",
    "rank_acceptability",
    "sample_weights",
    "sigma_convergence",
    "stability_interval",
    "theil",
    "topsis",
    "vikor",
    "weighted_sum",
    "weights_from_entropy",
]
