r"""Cross-sections of a target as public functions, without any source of neutrinos.

For a compound or a natural element the value is the mean per nucleus,
:math:`\sum_i x_i \sigma_i / \sum_i x_i` over the nuclides with their numbers in the formula; for a
nuclide it is that of the nucleus. The target "electron" is a free electron at rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cevns.amplitudes import Scatterer, Term, by_lepton
from cevns.beam import Component, pure_state
from cevns.electrons import free_electron
from cevns.errors import InputError
from cevns.exposure import KINDS, Exposure
from cevns.form_factor_spec import parse_form_factor
from cevns.interactions import Interaction, Model, StandardModel
from cevns.kinematics import check_kinematics, recoil_range
from cevns.nodes import beam_breaks, panel_nodes
from cevns.parameters import NOMINAL, Theta
from cevns.quantities import unit_scale
from cevns.rate import recoil_spectrum
from cevns.scatterers import nucleus
from cevns.sources.base import Source
from cevns.spins import NoSpins, spins_named
from cevns.targets import Target, TargetSpec

ELECTRON = "electron"
_ORDER = 64


class _MatchedLines:
    """One unit line per recoil energy, its moments read where they are asked for."""

    def __init__(self, energies: Any):
        self._energies = energies
        self.breaks: tuple[float, ...] = ()

    def moments(self, energy: Any) -> Any:
        open_ = energy <= self._energies
        return np.stack([np.where(open_, self._energies**-n, 0.0) for n in (0.0, 1.0, 2.0)])

    def __call__(self, energy: Any) -> Any:
        return 0.0 * energy


def target_parts(
    target: Target | TargetSpec, form_factor: Any = "helm", axial: str | NoSpins = "none"
) -> list[tuple[float, Scatterer]]:
    """(share of the nuclei, scatterer) for each nuclide, or a free electron."""
    if target == ELECTRON:
        return [(1.0, free_electron())]
    target = target if isinstance(target, Target) else Target(target, "target")
    model, spins = parse_form_factor(form_factor), spins_named(axial)
    total = sum(part.count for part in target.constituents)
    return [(part.count / total, nucleus(part, model, 1.0, spins)) for part in target.constituents]


def _kinematics(kinematics: str, target: Any) -> str:
    """What was asked for; on electrons T/E is not small."""
    check_kinematics(kinematics)
    return "exact" if target == ELECTRON else kinematics


def _pointwise(
    energy: Any,
    T: Any,
    scatterer: Scatterer,
    flavour: str,
    terms: Sequence[Term],
    theta: Theta,
    kinematics: str,
) -> Any:
    """dσ/dT for arrays of energies and recoils that belong together, same one-dimensional shape."""
    density, antineutrino = pure_state(flavour)
    component = Component(flavour, density, antineutrino, _MatchedLines(energy))
    return recoil_spectrum(T, [component], scatterer, terms, theta, kinematics)[0]


def differential_cross_section(
    energy: Any,
    recoil: Any,
    target: Target | TargetSpec,
    *,
    flavour: str = "nu_e",
    model: Interaction | Model | None = None,
    form_factor: Any = "helm",
    axial: str | NoSpins = "none",
    kinematics: str = "exact",
    theta: Theta = NOMINAL,
) -> Any:
    """dσ/dT [area/energy] of neutrinos of ``energy`` at recoils ``recoil`` > 0.

    Parameters
    ----------
    energy, recoil : array
        Neutrino energy and recoil energy [energy]; they broadcast.
    target : Target, str or mapping
        "Ar40", "CsI", ...; "electron" for a free one.
    flavour : str
        "nu_e", "nu_mu_bar", ...
    model : Interaction or Model, optional
        The Standard Model at tree level by default.
    form_factor, axial, kinematics, theta
        As for `cevns.Experiment`.

    Returns
    -------
    array, the broadcast shape; zero beyond the largest recoil.

    Examples
    --------
    >>> import cevns
    >>> from cevns.units import MeV, cm, keV
    >>> value = cevns.differential_cross_section(
    ...     30 * MeV, 5 * keV, "Xe132", form_factor="helm-lewin-smith"
    ... )
    >>> print(f"{value / (cm**2 / keV):.3e}")
    1.523e-39
    """
    kinematics = _kinematics(kinematics, target)
    model = StandardModel() if model is None else model
    terms = model.terms()
    E, T = np.broadcast_arrays(np.asarray(energy, dtype=float), np.asarray(recoil, dtype=float))
    total = 0.0
    for share, scatterer in target_parts(target, form_factor, axial):
        value = _pointwise(E.ravel(), T.ravel(), scatterer, flavour, terms, theta, kinematics)
        total = total + share * value
    return np.reshape(total, E.shape)[()]


def total_cross_section(
    energy: Any,
    target: Target | TargetSpec,
    *,
    threshold: float = 0.0,
    flavour: str = "nu_e",
    model: Interaction | Model | None = None,
    form_factor: Any = "helm",
    axial: str | NoSpins = "none",
    kinematics: str = "exact",
    theta: Theta = NOMINAL,
) -> Any:
    """σ(E) [area] for recoils above ``threshold`` [energy], in the shape of ``energy``.

    The integral to the end point by 64 Gauss–Legendre nodes in √T. See
    `differential_cross_section` for the other arguments.

    Examples
    --------
    >>> import cevns
    >>> from cevns.units import MeV, cm
    >>> print(f"{cevns.total_cross_section(10 * MeV, 'Ar40', form_factor='point') / cm**2:.3e}")
    1.889e-40
    """
    kinematics = _kinematics(kinematics, target)
    model = StandardModel() if model is None else model
    E = np.asarray(energy, dtype=float)
    x, w = np.polynomial.legendre.leggauss(_ORDER)
    x, w = 0.5 * (x + 1), 0.5 * w
    total = np.zeros(E.size)
    for share, scatterer in target_parts(target, form_factor, axial):
        for m4, terms in by_lepton(model.terms(), scatterer, theta):
            low, high = recoil_range(E.ravel(), scatterer.mass, m4, kinematics)
            start, stop = np.sqrt(np.maximum(low, threshold)), np.sqrt(high)
            width = np.maximum(stop - start, 0.0)[:, None]
            root = start[:, None] + width * x
            energies = np.broadcast_to(E.ravel()[:, None], root.shape)
            T = np.where(root > 0, root**2, 1.0).ravel()
            value = _pointwise(energies.ravel(), T, scatterer, flavour, terms, theta, kinematics)
            total += share * np.sum(value.reshape(root.shape) * 2 * root * width * w, axis=1)
    return np.reshape(total, E.shape)[()]


def flux_averaged_cross_section(
    source: Source,
    target: Target | TargetSpec,
    *,
    model: Interaction | Model | None = None,
    form_factor: Any = "helm",
    axial: str | NoSpins = "none",
    kinematics: str = "exact",
    theta: Theta = NOMINAL,
    exposure: Exposure | None = None,
    threshold: float = 0.0,
) -> float:
    """⟨σ⟩ [area] over the spectrum of ``source``: the mean over its neutrinos of all flavours.

    For a stopped-pion source: over ν_μ, ν̄_μ and ν_e in equal numbers. ``exposure`` matters only
    where the shares of the components change with it (a decaying source); without it a unit of
    the kind that the source takes. ``threshold`` is the smallest recoil counted.

    Examples
    --------
    >>> import cevns
    >>> from cevns.units import cm, s
    >>> source = cevns.StoppedPion(flux=1 / cm**2 / s)
    >>> value = cevns.flux_averaged_cross_section(source, "CsI", form_factor="helm-lewin-smith")
    >>> print(f"{value / cm**2:.3e}")
    1.873e-38
    """
    kinematics = _kinematics(kinematics, target)
    terms = (StandardModel() if model is None else model).terms()
    components = source.components("source", theta)
    shares = np.array(_fluences(source, exposure, theta), dtype=float)
    each = [float(c.spectrum.moments(np.zeros(1))[0, 0]) for c in components]
    neutrinos = float(shares @ each)
    total = 0.0
    for share, scatterer in target_parts(target, form_factor, axial):
        breaks = beam_breaks(components, scatterer, terms, theta, kinematics)
        T, weights = panel_nodes(breaks, [threshold])
        weights = np.where(threshold < T, weights, 0.0)
        spectra = recoil_spectrum(T, components, scatterer, terms, theta, kinematics)
        total += share * float(shares @ (spectra @ weights))
    return total / neutrinos


def _fluences(source: Source, exposure: Exposure | None, theta: Theta) -> Sequence[Any]:
    """Fluences of the components over ``exposure``, or over a unit of the first kind that fits."""
    if exposure is not None:
        return source.fluences(exposure, theta, "source")
    *others, last = (Exposure(unit_scale(unit), kind) for kind, unit in KINDS.items())
    for one in others:
        try:
            return source.fluences(one, theta, "source")
        except InputError:
            continue
    return source.fluences(last, theta, "source")
