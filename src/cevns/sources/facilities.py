"""Stopped-pion facilities: what is stated for their beams.

``pions_per_proton`` is the number of π⁺ decaying at rest per proton on target, which is the number
of neutrinos of each flavour per proton. A file overrides any of these by giving the key itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

from cevns.timing import BoxPulse, GaussianPulse, PulseShape
from cevns.units import MW, GeV, MeV, cm, kW, m, ms, ns, s, year


@dataclass(frozen=True)
class Facility:
    """A beam: the family shares one flux parameter, ``<family>.flux``.

    Its intensity is that of a beam of protons (``power``, ``proton_energy``,
    ``pions_per_proton``), or ``neutrinos_per_year`` of each flavour where only that is stated.
    ``pulse`` is None where no shape of `cevns.timing.PULSES` is like it, or none is known.

    Attributes
    ----------
    repetition : pulses per time
    beam_on : duration of the beam in one pulse
    """

    family: str
    reference: str
    power: float | None = None
    proton_energy: float | None = None
    pions_per_proton: float | None = None
    neutrinos_per_year: float | None = None
    pulse: PulseShape | None = None
    repetition: float | None = None
    beam_on: float | None = None

    @property
    def neutrino_rate(self) -> float:
        """Neutrinos of each flavour per time."""
        if self.neutrinos_per_year is not None:
            return self.neutrinos_per_year / year
        assert self.power and self.proton_energy and self.pions_per_proton
        return self.power / self.proton_energy * self.pions_per_proton

    @property
    def duty(self) -> float | None:
        """Share of the time with beam; its inverse is how far a steady background goes down."""
        if self.repetition is None or self.beam_on is None:
            return None
        return self.repetition * self.beam_on


# The Gaussian trace of the protons, from the LAr release (arXiv:2006.12659).
_SNS_PULSE = GaussianPulse(mean=440 * ns, width=150 * ns)
_SNS_ON = 2.355 * 150 * ns  # full width at half maximum
_AT_20_M = 4 * pi * (20 * m) ** 2


def _sns(pions_per_proton: float, reference: str) -> Facility:
    """The first target station at 1.4 MW and 1 GeV, with the yield of one publication."""
    return Facility(
        *("sns", reference, 1.4 * MW, 1 * GeV, pions_per_proton),
        pulse=_SNS_PULSE,
        repetition=60 / s,
        beam_on=_SNS_ON,
    )


FACILITIES = {
    "sns-2017": _sns(0.08, "Science 357 (2017) 1123, arXiv:1708.01294"),
    "sns-2020": _sns(0.09, "PRL 126 (2021) 012002, arXiv:2006.12659"),
    "sns-2021": _sns(0.0848, "PRL 129 (2022) 081801, arXiv:2110.07730"),
    # 1e7 per flavour, cm² and s at 20 m, before there was a beam.
    "sns-2005-design": Facility(
        *("sns", "PRD 73 (2006) 033005, hep-ex/0511042"),
        neutrinos_per_year=1e7 / cm**2 / s * _AT_20_M * year,
        repetition=60 / s,
    ),
    # 4.3e7 of three flavours at 20 m and 1.4 MW.
    "sns-2015": Facility(
        *("sns", "arXiv:1509.08702", 1.4 * MW, 1 * GeV),
        pions_per_proton=4.3e7 / 3 / cm**2 / s * _AT_20_M * (1 * GeV) / (1.4 * MW),
        repetition=60 / s,
        beam_on=400 * ns,
    ),
    # The linear rise of the yield with energy in mercury, 0.14 T/GeV − 0.05, at 1.3 GeV.
    "sns-second-target": Facility(
        *("sns-second-target", "ORNL project parameters; yield as in mercury at 1.3 GeV"),
        *(0.7 * MW, 1.3 * GeV, 0.13),
        pulse=_SNS_PULSE,
        repetition=15 / s,
        beam_on=_SNS_ON,
    ),
    # 4.74e5 per flavour, cm² and s at 20 m from 6.2e14 protons per second (80 kW).
    "lujan": Facility(
        *("lujan", "CCM, PRD 106 (2022) 012001, arXiv:2105.14020", 80 * kW, 800 * MeV),
        pions_per_proton=4.74e5 / cm**2 / s * _AT_20_M * (800 * MeV) / (80 * kW),
        pulse=BoxPulse(width=290 * ns),
        repetition=20 / s,
        beam_on=290 * ns,
    ),
    # Two bunches of 100 ns, 540 ns apart. The yield is measured: 6.7(16)(17)e-9 ν_e per cm² and
    # proton at 24 m.
    "mlf": Facility(
        *("mlf", "JSNS2, arXiv:1705.08629; yield arXiv:2412.18509", 1 * MW, 3 * GeV),
        pions_per_proton=6.7e-9 / cm**2 * 4 * pi * (24 * m) ** 2,
        repetition=25 / s,
        beam_on=200 * ns,
    ),
    "ess": Facility(
        *("ess", "JHEP 02 (2020) 123, arXiv:1911.00762", 5 * MW, 2 * GeV, 0.3),
        pulse=BoxPulse(width=2.8 * ms),
        repetition=14 / s,
        beam_on=2.8 * ms,
    ),
    # Two bunches per pulse.
    "csns": Facility(
        *("csns", "CLOVERS, arXiv:2303.13423", 140 * kW, 1.6 * GeV, 0.17),
        repetition=25 / s,
    ),
    # Of one cyclotron of 800 MeV; it is on for 13 to 20 % of the time, in turn with others.
    "daedalus": Facility(
        *("daedalus", "PRD 86 (2012) 013004, arXiv:1201.3805"),
        neutrinos_per_year=4e22,
    ),
}
