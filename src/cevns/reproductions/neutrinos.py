"""Numbers about what arrives, when, as which flavour, and how hard a single neutrino can hit."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import AfterValidator, model_validator

from cevns.cross_sections import target_parts
from cevns.errors import InputError, Mistake, nearest, show
from cevns.flavours import FLAVOURS, Flavour
from cevns.kinematics import maximum_recoil, minimum_energy
from cevns.parameters import NOMINAL, Theta
from cevns.reproductions.computations import (
    Computation,
    NeutrinoEnergy,
    OfExperiment,
    vocabulary,
)
from cevns.reproductions.workbench import Workbench
from cevns.sources.facilities import FACILITIES
from cevns.spec import Quantity, mistake, relay

RecoilEnergy = Annotated[float, Quantity("keV", range="positive")]


def _check_target(name: str) -> str:
    try:
        target_parts(name)
    except InputError as error:
        raise relay(error, "target") from None
    return name


TargetName = Annotated[str, AfterValidator(_check_target)]
"""A nuclide, an element, a compound, or "electron"."""


class Arriving(OfExperiment):
    """Neutrinos per area that arrive during the exposure in the time window of the detector.

    Those of the chosen components; per energy where ``energy`` is given, without lines, which have
    no density. Without a time axis of the detector all of them count.
    """

    type: Literal["arriving"] = "arriving"
    energy: NeutrinoEnergy | None = None

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        experiment = bench.experiment(self.experiment)
        at = self._theta(bench, theta)
        passing = experiment.time_fractions(theta=at).sum(axis=1)
        weights = experiment.fluences(at) * passing * bench.chosen(self.experiment, self.of)
        return weights @ self._spectra(experiment.components_at(at))

    def _spectra(self, components: Any) -> Any:
        """The density at ``energy``, or the integral, of each component."""
        if self.energy is None:
            return np.array([float(c.spectrum.moments(np.zeros(1))[0, 0]) for c in components])
        energy = np.array(self.energy)
        return np.array([float(c.spectrum(energy)) for c in components])


class DutyFactor(Computation):
    """The share of the time that a pulsed facility's windows take: what is left of a background.

    ``window`` is open once in each pulse, as long as there is beam where none is given.
    """

    type: Literal["duty-factor"] = "duty-factor"
    facility: str
    window: Annotated[float, Quantity("us", range="positive")] | None = None

    @model_validator(mode="after")
    def _pulsed(self) -> Self:
        if self.facility not in FACILITIES:
            raise mistake(show(self.facility), "a facility", nearest(self.facility, FACILITIES))
        if FACILITIES[self.facility].repetition is None:
            raise mistake(show(self.facility), "a facility with pulses")
        if self.window is None and FACILITIES[self.facility].beam_on is None:
            raise mistake("no 'window'", "one, where nothing says how long the beam is on")
        return self

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        facility = FACILITIES[self.facility]
        window = facility.beam_on if self.window is None else self.window
        assert facility.repetition is not None and window is not None
        return facility.repetition * window


class FlavourShare(OfExperiment):
    """The share of ``flavour`` among the neutrinos of one ``energy``, of the chosen components.

    Where all start as that flavour it is their survival probability. NaN at an energy that none
    have.
    """

    type: Literal["flavour-share"] = "flavour-share"
    energy: NeutrinoEnergy
    flavour: Flavour = "nu_e"

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        experiment = bench.experiment(self.experiment)
        at = self._theta(bench, theta)
        components = experiment.components_at(at)
        energy = np.array(self.energy)
        density = np.array([float(c.spectrum(energy)) for c in components])
        weights = density * experiment.fluences(at) * bench.chosen(self.experiment, self.of)
        if not np.any(weights):
            return float("nan")
        row = FLAVOURS.index(self.flavour.removeprefix("nu_").removesuffix("_bar"))
        antineutrino = self.flavour.endswith("_bar")
        diagonals = np.array([np.real(np.diagonal(c.density)) for c in components])
        own = np.array([c.antineutrino == antineutrino for c in components])
        return float(weights @ (own * diagonals[:, row]) / (weights @ diagonals.sum(axis=1)))


class MeanRecoil(OfExperiment):
    """⟨T⟩ over the recoil spectrum of the chosen components, of one nuclide."""

    type: Literal["mean-recoil"] = "mean-recoil"

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        experiment = bench.experiment(self.experiment)
        if len(experiment.scatterers) > 1:
            found = f"{len(experiment.scatterers)} kinds of scatterers"
            raise InputError(Mistake(self.experiment, found, "a target of one nuclide"))
        at = self._theta(bench, theta)
        x, weights = np.polynomial.legendre.leggauss(400)  # a spectrum has steps: 1e-3 of it
        root = np.sqrt(max(bench.largest_recoils(self.experiment, self.of))) * 0.5 * (x + 1)
        spectrum = bench.spectrum(self.experiment, root**2, self.of, at)
        shares = weights * spectrum * root  # dT is proportional to √T d√T
        return float(shares @ root**2 / np.sum(shares))


class _Collision(Computation):
    """One neutrino and one of the nuclei of ``target``, or an "electron"."""

    target: TargetName
    kinematics: Literal["exact", "no-T-over-E"] = "exact"

    @property
    def _masses(self) -> list[float]:
        return [scatterer.mass for _, scatterer in target_parts(self.target)]


class RecoilLimit(_Collision):
    """The largest recoil energy that a neutrino of ``energy`` can give."""

    type: Literal["recoil-limit"] = "recoil-limit"
    energy: NeutrinoEnergy

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        each = (maximum_recoil(self.energy, mass, self.kinematics) for mass in self._masses)
        return float(max(each))


class LeastEnergy(_Collision):
    """The smallest energy of a neutrino that can give the recoil energy ``recoil``."""

    type: Literal["least-energy"] = "least-energy"
    recoil: RecoilEnergy

    def value(self, bench: Workbench, theta: Theta = NOMINAL) -> Any:
        each = (
            minimum_energy(self.recoil, mass, kinematics=self.kinematics) for mass in self._masses
        )
        return float(min(each))


vocabulary(Arriving, DutyFactor, FlavourShare, MeanRecoil, RecoilLimit, LeastEnergy)
