"""A χ² takes counts for normal, which few counts are not."""

from __future__ import annotations

import warnings

from cevns.errors import InputError
from cevns.sensitivity.design import POISSON, Design
from cevns.sensitivity.samples import SPECTRUM

_FEW = 10.0
"""Events below which a χ² is doubtful, as is customary (Cochran, Ann. Math. Stat. 23 (1952) 315).

Of 10 counts the 90 % interval by their Poisson likelihood ends 17 % closer below and 18 % further
above than ± √27.1; of 3 counts these are 29 % and 34 %.
"""


def warn_of_few(design: Design) -> None:
    """Warn of a χ² of few counts at the nominal point, also at the ends of the settings.

    Not of the statistic that a paper chose, which is what its reproduction is about: this is for
    who asks for a study.
    """
    if not design.counting:
        return
    fewest = design.counted(design.study).fewest
    ends = [{name: one.values[i]} for name, one in design.settings.items() for i in (0, -1)]
    for end in ends:
        try:
            fewest = min(fewest, design.counted(design.variant(end)).fewest)
        except InputError:  # of such an end the result says why there is none
            continue
    if fewest < _FEW:
        where = "bin" if design.observable == SPECTRUM else "sample"
        text = f"a {where} with {fewest:.2g} expected events, fewer than {_FEW:g}: "
        text += f"a χ² is no good approximation there, use statistic: {POISSON}"
        warnings.warn(text, UserWarning, stacklevel=2)
