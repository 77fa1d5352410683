"""The vocabulary of numbers: what can be said about how a claim of a paper is computed.

.. code-block:: yaml

   ours: {type: ratio, of: {type: counts, experiment: neon.yaml, threshold: 10 keV, of: [nu_e]},
          to: {type: counts, experiment: neon.yaml, threshold: 10 keV}}

A computation is evaluated at θ and may get grids: what it returns then has their shape. A number
that it sets itself (``at``) wins over the θ that it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from cevns.cross_sections import (
    differential_cross_section,
    flux_averaged_cross_section,
    total_cross_section,
)
from cevns.errors import InputError, Mistake, nearest
from cevns.parameters import NOMINAL, Theta
from cevns.reproductions.workbench import Workbench
from cevns.spec import Energy, Number, Observable, Quantity, Spec, Tagged

NeutrinoEnergy = Annotated[float, Quantity("MeV", range="positive")]
_BOUND = 1e-9  # of a largest energy: just below it


class Computation(Spec):
    """A number that can be computed from the declarations of a paper."""

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        """The number at θ, internal units; an array where θ holds grids."""
        raise NotImplementedError


COMPUTATIONS: dict[str, type[Computation]] = {}
"""``type`` → class. A module that defines computations adds them (`vocabulary`)."""


def vocabulary(*members: type[Computation]) -> None:
    """Add computations under the values of their ``type``."""
    COMPUTATIONS.update({member.model_fields["type"].default: member for member in members})


Computed = Annotated[Any, Tagged(lambda: COMPUTATIONS, "computation")]
"""A field that holds a computation."""


class OfExperiment(Computation):
    """What is computed from one experiment file: ``of`` flavours or groups, ``at`` numbers."""

    experiment: str
    of: tuple[str, ...] = ()
    at: dict[str, Any] = Field(default_factory=dict)

    def _theta(self, bench: Workbench, theta: Theta) -> dict[str, Any]:
        return bench.theta(self.experiment, theta, self.at)


class Counts(OfExperiment):
    """Events above ``threshold`` and below ``below``; without them all that the detector takes.

    ``channel`` is "cevns" or "electron", both where none is given.
    """

    type: Literal["counts"] = "counts"
    channel: str | None = None
    threshold: Observable | None = None
    below: Observable | None = None

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        low = -np.inf if self.threshold is None else self.threshold
        high = np.inf if self.below is None else self.below
        at = self._theta(bench, theta)
        return bench.events(self.experiment, [low, high], self.of, at, self.channel)[..., 0]


class RecoilSpectrum(OfExperiment):
    """dN/dT at one recoil energy over the exposure, before any response [1/energy]."""

    type: Literal["spectrum"] = "spectrum"
    recoil: Energy

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        at = self._theta(bench, theta)
        return float(bench.spectrum(self.experiment, [self.recoil], self.of, at)[0])


class CrossSection(OfExperiment):
    """σ above ``threshold`` at one neutrino energy, or dσ/dT at ``recoil``; per nucleus.

    Model, form factor, kinematics and, where no other is given, the target are those of the
    experiment; the target "electron" is a free electron. ``of`` is one flavour.
    """

    type: Literal["cross-section"] = "cross-section"
    energy: NeutrinoEnergy
    recoil: Energy | None = None
    threshold: Energy = 0.0
    target: str | None = None

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        if self.recoil is not None:
            return float(self.differential(bench, self.recoil, theta))
        target, options = self._target(bench), self._options(bench, theta)
        total = total_cross_section(self.energy, target, threshold=self.threshold, **options)
        return float(total)

    def differential(self, bench: Workbench, recoil: Any, theta: Theta = NOMINAL) -> Any:
        """dσ/dT [area/energy] at ``recoil``, the same shape."""
        target, options = self._target(bench), self._options(bench, theta)
        return differential_cross_section(self.energy, recoil, target, **options)

    def _target(self, bench: Workbench) -> Any:
        return self.target or bench.experiment(self.experiment).detector.target

    def _options(self, bench: Workbench, theta: Theta) -> dict[str, Any]:
        experiment = bench.experiment(self.experiment)
        return {
            "model": experiment.model,
            "form_factor": experiment.form_factor,
            "axial": experiment.axial,
            "kinematics": experiment.kinematics,
            "flavour": self.of[0] if self.of else "nu_e",
            "theta": self._theta(bench, theta),
        }


class FluxAveraged(OfExperiment):
    """⟨σ⟩ above ``threshold`` over all neutrinos of the experiment's source, per nucleus.

    On the target of the experiment, where no other is given.
    """

    type: Literal["flux-averaged"] = "flux-averaged"
    threshold: Energy = 0.0
    target: str | None = None

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        experiment = bench.experiment(self.experiment)
        ((_, source),) = experiment.sources
        return flux_averaged_cross_section(
            source,
            self.target or experiment.detector.target,
            model=experiment.model,
            form_factor=experiment.form_factor,
            axial=experiment.axial,
            kinematics=experiment.kinematics,
            theta=self._theta(bench, theta),
            threshold=self.threshold,
        )


class FluxDensity(OfExperiment):
    """Neutrinos per energy in the spectrum of the chosen components, of unit integral each.

    At ``energy``, or just below the end of the spectrum where none is given.
    """

    type: Literal["flux-density"] = "flux-density"
    energy: NeutrinoEnergy | None = None

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        spectra = [one.spectrum for one in bench.components(self.experiment, self.of)]
        end = max(spectrum.breaks[-1] for spectrum in spectra) * (1 - _BOUND)
        energy = np.array(end if self.energy is None else self.energy)
        return float(sum(spectrum(energy) for spectrum in spectra))


class LargestEnergy(OfExperiment):
    """The largest neutrino energy of the chosen components: a line, or where a spectrum ends."""

    type: Literal["largest-energy"] = "largest-energy"

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        chosen = bench.components(self.experiment, self.of)
        return float(max(component.spectrum.breaks[-1] for component in chosen))


class LargestRecoil(OfExperiment):
    """The largest recoil energy of the chosen components."""

    type: Literal["largest-recoil"] = "largest-recoil"

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        return max(bench.largest_recoils(self.experiment, self.of))


class MeanMomentumTransfer(OfExperiment):
    """⟨Q⟩ over the recoil spectrum, Q = √(2MT), for a target of one nuclide."""

    type: Literal["mean-momentum-transfer"] = "mean-momentum-transfer"

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        experiment = bench.experiment(self.experiment)
        (scatterer,) = experiment.scatterers
        x, weights = np.polynomial.legendre.leggauss(400)  # the spectrum has a step: 1e-3 of it
        Q = np.sqrt(2 * scatterer.mass * experiment.largest_recoil()) * 0.5 * (x + 1)
        at = self._theta(bench, theta)
        spectrum = bench.spectrum(self.experiment, Q**2 / (2 * scatterer.mass), self.of, at)
        shares = weights * spectrum * Q  # dT is proportional to Q dQ
        return float(shares @ Q / np.sum(shares))


class Square(Spec):
    """weight · (offset + Σ coefficient × number)², the numbers by their names in θ."""

    weight: Number = 1.0
    offset: Number = 0.0
    of: dict[str, Number]


class Squares(Computation):
    """A sum of squares of linear forms in θ plus a constant: an ellipse where it is a limit.

    What an experiment that is not in the package measured, as a function of couplings. The names
    in θ are free.
    """

    type: Literal["squares"] = "squares"
    squares: tuple[Square, ...]
    constant: Number = 0.0

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        known = {name for square in self.squares for name in square.of}
        for name in theta:
            if name not in known:
                expected = f"one of {', '.join(sorted(known))}"
                raise InputError(Mistake("squares", repr(name), expected, nearest(name, known)))
        total: Any = self.constant
        for square in self.squares:
            inside = sum(
                (c * theta.get(name, 0.0) for name, c in square.of.items()), start=square.offset
            )
            total = total + square.weight * inside**2
        return total


class MatterSplitting(Computation):
    r"""How far neutrinos of matter potentials are from what atmospheric oscillations allow.

    .. math:: \big|1 + \epsilon_{ee} + \epsilon_{\tau\tau} -
        \sqrt{(1 + \epsilon_{ee} - \epsilon_{\tau\tau})^2 + 4|\epsilon_{e\tau}|^2}\big|

    with ε the strength of a potential relative to that of the charged current: half of it is the
    second eigenvalue of the potential, which has to be small next to the atmospheric splitting
    (Friedland & Lunardini 2005, hep-ph/0506143, who require it to be below 0.4).
    ``weight`` is the number of quarks per electron that the couplings of θ are summed over; names
    in θ end in the flavours and the quark, as those of the interaction ``nsi``.
    """

    type: Literal["matter-splitting"] = "matter-splitting"
    weight: dict[Literal["u", "d"], Number]

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        ee, tautau, etau = (self._sum(pair, theta) for pair in ("ee", "tautau", "etau"))
        root = np.sqrt((1 + ee - tautau) ** 2 + 4 * np.abs(etau) ** 2)
        return np.abs(1 + ee + tautau - root)

    def _sum(self, pair: str, theta: Theta) -> Any:
        each: Mapping[str, Any] = {q: theta.get(f"nsi.eps_{pair}_{q}", 0.0) for q in self.weight}
        return sum(weight * each[quark] for quark, weight in self.weight.items())


vocabulary(Counts, RecoilSpectrum, CrossSection, FluxAveraged, FluxDensity, LargestEnergy)
vocabulary(LargestRecoil, MeanMomentumTransfer, Squares, MatterSplitting)
