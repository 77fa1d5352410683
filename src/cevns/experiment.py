"""An experiment: a source, a detector, an exposure and a model, and what they give together.

The only place that sees everything. It makes the quadrature nodes from the break points of beam,
interaction, target and detector, folds the basis of each nuclide with the detector's acceptance,
and keeps those arrays for as long as no *shape* parameter moves; couplings and norms only
multiply them.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from cevns.amplitudes import Scatterer, Term
from cevns.backgrounds import background_events
from cevns.beam import Component
from cevns.binning import Binning
from cevns.declared import SIGNAL_NORM, declared, named_sources
from cevns.detector import ADDRESS, Detector, windows
from cevns.divergence import diverging, refuse_diverging
from cevns.electrons import CHANNEL, check_binding
from cevns.errors import InputError, Mistake
from cevns.exposure import Exposure
from cevns.flavours import Couplings
from cevns.form_factor_spec import parse_form_factor
from cevns.interactions import Interaction, Model, StandardModel
from cevns.kinematics import check_kinematics
from cevns.memo import Memo
from cevns.nodes import beam_breaks, shown_recoils
from cevns.parameters import NOMINAL, Parameters, Theta, check_point
from cevns.prediction import Prediction, flavours_that_arrive, sums_by_name
from cevns.rate import (
    Basis,
    Fold,
    OnePoint,
    Projection,
    end_of_bulk,
    fold,
    joint_counts,
    make_basis,
)
from cevns.scatterers import target_scatterers
from cevns.sources.base import Source
from cevns.spins import NoSpins, spins_named
from cevns.time_window import fractions_of
from cevns.units import kg

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Experiment:
    """A source seen by a detector.

    Parameters
    ----------
    source : Source or sequence of Source
        Several sources add up; each then needs a ``name``.
    detector : Detector
    exposure : Exposure, or a float [time]
    model : Interaction or Model
    kinematics : {"exact", "no-T-over-E"}
    form_factor : str or form factor model
    axial : {"none", "simple", "shell-model"} or one of `cevns.spins`
        What the spins of nuclei do.
    electrons : {"none", "stepped", "free"}
        Whether neutrinos scatter on electrons, too, bound or free; always in exact kinematics.
    binning : Binning, optional
        100 linear bins up to the largest observable by default.
    name : str

    Raises
    ------
    InputError
        Where the parts do not fit together: no mass, an exposure the source cannot use, a time
        window without a pulse.
    """

    source: Source | Sequence[Source]
    detector: Detector
    exposure: Exposure | float
    model: Interaction | Model = field(default_factory=StandardModel)
    kinematics: str = "exact"
    form_factor: Any = "helm"
    axial: str | NoSpins = "none"
    electrons: str = "none"
    binning: Binning | None = None
    name: str = ""
    _memo: Memo = field(default_factory=Memo, init=False, repr=False)
    _folds: Memo = field(default_factory=lambda: Memo(values=4), init=False, repr=False)

    def __post_init__(self) -> None:
        check_kinematics(self.kinematics)
        check_binding(self.electrons)
        self._run.check_mass(self.detector.mass is not None, ADDRESS)
        self._check_times()
        _ = self.terms, self.scatterers, self._emitted(NOMINAL)  # each refuses what it cannot do
        model = Model(self._interactions)
        for doubt in (*model.doubts(), *model.idle(self._sites)):
            warnings.warn(doubt, UserWarning, stacklevel=2)

    # --- the parts ---------------------------------------------------------------------------

    @cached_property
    def sources(self) -> tuple[tuple[str, Source], ...]:
        """(address, source): "source", or "source.<name>" where there are several."""
        return named_sources(self.source)

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """The components of all sources at the nominal point."""
        return self.components_at(NOMINAL)

    def components_at(self, theta: Theta) -> tuple[Component, ...]:
        """What arrives of all sources, spectra at θ; made again only when those move."""
        return tuple(part for one in self._arriving(theta) for part in one)

    def _arriving(self, theta: Theta) -> list[list[Component]]:
        """For each component that is emitted, what the model makes of it on its way."""
        model = Model(self._interactions)

        def made(at: Theta) -> list[list[Component]]:
            at = OnePoint(at)
            emitted = (part for address, s in self.sources for part in s.components(address, at))
            return [model.propagate(part, at) for part in emitted]

        return self._memo.get("components", theta, made)

    @property
    def _interactions(self) -> tuple[Interaction, ...]:
        return self.model.interactions if isinstance(self.model, Model) else (self.model,)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The amplitude terms of the model that act on something in the target."""
        return tuple(term for term in self.model.terms() if term.site in self._sites)

    @cached_property
    def scatterers(self) -> tuple[Scatterer, ...]:
        """One scatterer per nuclide of the target, and one for its electrons if these count."""
        form_factor, spins = parse_form_factor(self.form_factor), spins_named(self.axial)
        return target_scatterers(self.detector.target, form_factor, spins, self.electrons)

    @cached_property
    def _sites(self) -> frozenset[str]:
        return frozenset(site for scatterer in self.scatterers for site in scatterer.sites)

    @property
    def _shown(self) -> Sequence[Scatterer]:
        """Those that set the range of an axis: the nuclides, beside which electrons go far."""
        return [s for s in self.scatterers if s.channel != CHANNEL] or self.scatterers

    def _kinematics(self, scatterer: Scatterer) -> str:
        """For electrons the exact one: T/E is not small."""
        return "exact" if scatterer.channel == CHANNEL else self.kinematics

    @cached_property
    def parameters(self) -> Parameters:
        """Every number of the experiment, by address."""
        form_factor, spins = parse_form_factor(self.form_factor), spins_named(self.axial)
        return Parameters(declared(self.sources, self.detector, self.model, form_factor, spins))

    # --- amounts and times -------------------------------------------------------------------

    @property
    def _run(self) -> Exposure:
        return Exposure.parse(self.exposure, from_file=False)

    def _mass(self, theta: Theta) -> Any:
        return kg if self.detector.mass is None else self.detector.get("mass", theta, ADDRESS)

    def fluences(self, theta: Theta = NOMINAL) -> Array:
        """Fluence of each component, norms included, with leading axes of those, shape (..., C)."""
        signal = theta.get(SIGNAL_NORM, 1.0)
        products = [
            amount * component.norm(theta) * signal
            for amount, arriving in zip(self._emitted(theta), self._arriving(NOMINAL), strict=True)
            for component in arriving
        ]
        return np.stack(np.broadcast_arrays(*products), axis=-1)

    def _emitted(self, theta: Theta) -> list[Any]:
        """Fluence of each component that is emitted, without norms."""
        run, sources = self._run.on_a_kilogram, self.sources
        return [one for address, source in sources for one in source.fluences(run, theta, address)]

    def _check_times(self) -> None:
        timed = self.detector.time is not None or (self.binning and self.binning.time)
        untimed = [component for component in self.components if component.timing is None]
        if timed and untimed:
            expected = "a 'pulse', since the detector has a time axis"
            raise InputError(Mistake("source", "no pulse", expected))

    def time_fractions(self, edges: Any = None, theta: Theta = NOMINAL) -> Array:
        """Fraction of each component that passes the time cuts, shape (C, bins).

        ``edges`` [time] are bin edges; None is the whole window as one bin.
        """
        profiles = [component.timing for component in self.components]
        return fractions_of(profiles, edges, self.detector.time, theta, f"{ADDRESS}.time")

    # --- recoils -----------------------------------------------------------------------------

    def recoil_spectra(self, T: Any, theta: Theta = NOMINAL) -> Array:
        """dN/dT over the exposure before any response, shape (C, scatterers, T) [1/energy]."""
        bases = self._bases(np.atleast_1d(np.asarray(T, dtype=float)), theta)
        return self._spectra(bases, theta)

    def _bases(self, T: Array, theta: Theta) -> list[Basis]:
        """The basis of each scatterer."""
        beam, terms = self.components_at(theta), self.terms
        return [make_basis(T, beam, s, terms, theta, self._kinematics(s)) for s in self.scatterers]

    def _spectra(self, bases: Sequence[Basis], theta: Theta) -> Array:
        """As `recoil_spectra`, of bases of the scatterers."""
        mass = self._mass(theta)
        rates = [
            basis.spectrum(theta) * (mass * s.density)
            for basis, s in zip(bases, self.scatterers, strict=True)
        ]
        # Where the terms cancel to rounding at the end point; a change on the way may be negative.
        lowest = np.array([0.0 if part.factor is None else -np.inf for part in self.components])
        spectra: Array = np.maximum(np.stack(rates, axis=1), lowest[:, None, None])
        return spectra * self.fluences(theta)[:, None, None]

    def recoil_spectrum(self, T: Any, theta: Theta = NOMINAL) -> Array:
        """dN/dT summed over flavours and nuclides, shape (T,) [1/energy]; T > 0 [energy]."""
        total: Array = np.maximum(np.sum(self.recoil_spectra(T, theta), axis=(0, 1)), 0.0)
        return total

    def largest_recoil(self, theta: Theta = NOMINAL) -> float:
        """The largest recoil energy of any nuclide."""
        return float(max(self._breaks(s, theta)[-1] for s in self._shown))

    def _breaks(self, scatterer: Scatterer, theta: Theta) -> Array:
        components = self.components_at(theta)
        return beam_breaks(components, scatterer, self.terms, theta, self._kinematics(scatterer))

    # --- counts ------------------------------------------------------------------------------

    def counts(self, edges: Any, theta: Theta = NOMINAL) -> Array:
        """Events per component, nuclide and bin of the observable, without any time cut.

        ``edges``, shape (bins + 1,), may start and end at ∓inf. Returns (..., C, scatterers, bins)
        with the leading axes of the grids in θ: couplings, norms, masses of mediators.
        """
        return self._joint(edges, theta, self._amounts(theta))

    def binned(self, edges: Any, theta: Theta = NOMINAL) -> Array:
        """Events in each bin that pass the time cuts, shape (..., bins): `counts`, but summed."""
        amounts = self._amounts(theta) * self.time_fractions(theta=theta).sum(axis=1)
        return self._joint(edges, theta, amounts, summed=True)

    def counts_above(self, thresholds: Any, theta: Theta = NOMINAL) -> Array:
        """Events whose observable is above each of ``thresholds``, in their order, shape (..., n).

        Efficiency and time cuts included; the detector's own threshold too.
        """
        levels, order = np.unique(np.asarray(thresholds, dtype=float), return_inverse=True)
        bins = np.moveaxis(self.binned(np.append(levels, np.inf), theta), -1, 0)
        above = list(accumulate(bins[::-1]))[::-1]
        return np.stack([above[place] for place in order], axis=-1)

    def _amounts(self, theta: Theta) -> Any:
        """Fluences times the mass of the target, shape (..., C)."""
        return self.fluences(theta) * np.asarray(self._mass(theta))[..., None]

    def _joint(
        self,
        edges: Any,
        theta: Theta,
        amounts: Any,
        summed: bool = False,
        flavour: int | None = None,
    ) -> Array:
        """`cevns.rate.joint_counts` at θ, of all flavours or of one alone."""
        edges = np.asarray(edges, dtype=float)
        projections = [(s.density, self._projection(s, edges, theta)) for s in self.scatterers]
        if flavour is not None:
            projections = [(number, one.only(flavour)) for number, one in projections]
        joint: Array = joint_counts(projections, Couplings(self.terms, theta), amounts, summed)
        return joint

    def _projection(self, scatterer: Scatterer, edges: Array, theta: Theta) -> Projection:
        """The folded basis of one nuclide, made again only when a shape parameter moves."""
        key, kinematics = (scatterer.name, edges.tobytes()), self._kinematics(scatterer)

        def folded(at: Theta) -> Fold:
            beam = self.components_at(at)
            return fold(scatterer, edges, beam, self.terms, self.detector, kinematics, at)

        def projected(at: Theta) -> tuple[Projection, tuple[Interaction, ...]]:
            made, beam = self._folds.get(key, at, folded), self.components_at(at)
            acting = self._interactions if made.open_below else ()
            endless = diverging(acting, beam, scatterer, at, kinematics, made.open_below)
            return made.basis.at(at).project(made.matrix), endless

        projection, endless = self._memo.get(key, theta, projected)
        refuse_diverging(endless, theta)
        return projection

    # --- the prediction ----------------------------------------------------------------------

    @cached_property
    def edges(self) -> Array:
        """Edges of the observable axis."""
        if self.binning is not None:
            self.binning.check_axis(self.detector.axis)
            return np.asarray(self.binning.energy.edges)
        return np.linspace(0.0, max(self._largest_observable(s) for s in self._shown), 101)

    def _largest_observable(self, scatterer: Scatterer) -> float:
        top = np.minimum(self._breaks(scatterer, NOMINAL)[-1:], self._bulk)
        return float(self.detector.expected_observable(top, scatterer, NOMINAL)[0])

    @cached_property
    def _bulk(self) -> float:
        """The recoil energy up to which the Standard Model shows something."""
        breaks = np.concatenate([self._breaks(s, NOMINAL) for s in self._shown])
        beam, amounts = [one[0] for one in self._arriving(NOMINAL)], self._emitted(NOMINAL)
        terms = StandardModel().terms()
        return end_of_bulk(np.unique(breaks), self._shown, beam, amounts, terms, self.kinematics)

    def predict(self, theta: Theta = NOMINAL) -> Prediction:
        """Expected counts, bins and recoil spectrum at θ.

        Raises
        ------
        InputError
            For an address in θ that is not one of `parameters`, and for arrays in θ.
        """
        check_point(theta, self.parameters)
        energy_counts = self.counts(windows(self.edges), theta)
        passing = self.time_fractions(theta=theta).sum(axis=1)
        counted = energy_counts * passing[:, None, None]
        each = counted.sum(axis=2)
        bins = counted.sum(axis=(0, 1))
        upwards = np.cumsum(counted.sum(axis=1)[:, :0:-1], axis=1)[:, ::-1]
        time_edges, plane = self._time_plane(energy_counts, theta)
        arriving, ends = self.components_at(theta), (self._bulk, self.largest_recoil(theta))
        T = shown_recoils(arriving, self._shown, self.kinematics, *ends)
        bases = self._bases(T, theta)
        spectra = self._spectra(bases, theta).sum(axis=1)
        groups = [component.group for component in self.components]

        def counted_of(flavour: int) -> Any:
            own = self._joint(windows(self.edges), theta, self._amounts(theta), flavour=flavour)
            return np.sum(own, axis=(1, 2)) * passing

        def spectra_of(flavour: int) -> Any:
            return self._spectra([basis.only(flavour) for basis in bases], theta).sum(axis=1)

        return Prediction(
            name=self.name,
            axis=self.detector.axis,
            by_flavour=flavours_that_arrive(arriving, each.sum(axis=1), counted_of),
            by_nuclide=sums_by_name((s.name for s in self.scatterers), each.sum(axis=0)),
            by_channel=sums_by_name((s.channel for s in self.scatterers), each.sum(axis=0)),
            by_group=sums_by_name(groups, each.sum(axis=1)),
            edges=self.edges,
            counts=bins[1:-1],
            below=float(bins[0]),
            above=float(bins[-1]),
            recoil_energy=T,
            recoil_spectrum=spectra.sum(axis=0),
            recoil_by_flavour=flavours_that_arrive(arriving, spectra, spectra_of),
            above_edges=sums_by_name(groups, upwards),
            time_edges=time_edges,
            counts_2d=plane,
            backgrounds=self.backgrounds(theta),
        )

    def _time_plane(self, energy_counts: Array, theta: Theta) -> tuple[Any, Any]:
        if self.binning is None or self.binning.time is None:
            return None, None
        edges = self.binning.time.edges
        fractions = self.time_fractions(edges, theta)
        return edges, np.einsum("csb,ct->bt", energy_counts[..., 1:-1], fractions)

    def backgrounds(self, theta: Theta = NOMINAL) -> Mapping[str, Array]:
        """Background events in each bin of the observable, by name; none below the threshold."""
        if not self.detector.backgrounds:
            return {}
        run = self._run.on_a_kilogram
        if run.live_time is None:
            found, expected = f"an exposure in {run.kind}", "one in time: the rates are per time"
            raise InputError(Mistake(f"{ADDRESS}.backgrounds", found, expected))
        amount = self._mass(theta) * run.live_time
        cut = self.detector.cut(theta)
        edges = self.edges if cut is None else np.maximum(self.edges, cut)
        own = self.detector.backgrounds
        return background_events(own, edges, amount, theta, f"{ADDRESS}.backgrounds")
