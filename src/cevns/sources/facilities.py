"""Stopped-pion facilities: what the collaborations state for their beams.

``pions_per_proton`` is the number of π⁺ decaying at rest per proton on target, which is the number
of neutrinos of each flavour per proton. A file overrides any of these by giving the key itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from cevns.timing import GaussianPulse
from cevns.units import MW, GeV, ns


@dataclass(frozen=True)
class Facility:
    """A beam: the family shares one flux parameter, ``<family>.flux``."""

    family: str
    power: float
    proton_energy: float
    pions_per_proton: float
    pulse: GaussianPulse | None
    reference: str


# The Gaussian trace of the protons, from the LAr release (arXiv:2006.12659).
_SNS_PULSE = GaussianPulse(mean=440 * ns, width=150 * ns)

FACILITIES = {
    "sns-2017": Facility(
        "sns", 1.4 * MW, 1 * GeV, 0.08, _SNS_PULSE, "Science 357 (2017) 1123, arXiv:1708.01294"
    ),
    "sns-2020": Facility(
        "sns", 1.4 * MW, 1 * GeV, 0.09, _SNS_PULSE, "PRL 126 (2021) 012002, arXiv:2006.12659"
    ),
    "sns-2021": Facility(
        "sns", 1.4 * MW, 1 * GeV, 0.0848, _SNS_PULSE, "PRL 129 (2022) 081801, arXiv:2110.07730"
    ),
}
