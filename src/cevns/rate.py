r"""THE fold: recoil spectra of a beam on one kind of scatterer.

.. math::
    \frac{dR_c}{dT} = G_F^2 (\hbar c)^2 \sum_{\text{blocks}}
        \Big[\sum_{kl} w^{c}_{kl}(\theta)\, f_k f_l\Big] \sum_n a_n(T)\, G_{c,n}(E_{\min}(T))

Couplings sit in :math:`w` alone, so a grid of couplings is a contraction of `Basis` arrays made
once; the moments G know no target, so a new nuclide costs one evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cevns.amplitudes import Block, Scatterer, Term, blocks
from cevns.beam import Component
from cevns.constants import G_F, hbar_c
from cevns.kinematics import coefficients, minimum_energy
from cevns.parameters import NOMINAL, Theta
from cevns.special import namespace

_STRENGTH = (G_F * hbar_c) ** 2


@dataclass(frozen=True, eq=False)
class Basis:
    """Everything of a recoil spectrum but the couplings.

    ``parts`` holds pairs of a `Block` and its kernel, shape (C, T): the flux-folded coefficients
    of each component. ``densities`` and ``signs`` are those of the components, ``size`` is the
    number of recoil energies.
    """

    parts: tuple[tuple[Block, Any], ...]
    densities: Any
    signs: Any
    size: int

    def spectrum(self, theta: Theta = NOMINAL) -> Any:
        """dR/dT of each component per scatterer, shape (..., C, T)."""
        total: Any = np.zeros((len(self.signs), self.size))
        for block, kernel in self.parts:
            weights = block.weights(self.densities, self.signs, theta)
            flat = weights.reshape(*weights.shape[:-2], -1)
            total = total + (flat @ block.flat_products) * kernel
        return total

    def project(self, matrix: Any) -> Projection:
        """The basis integrated over T: ``matrix`` has the shape (bins, T)."""
        arrays = []
        for block, kernel in self.parts:
            products = block.flat_products
            arrays.append(np.einsum("ct,pt,bt->cpb", kernel, products, matrix, optimize=True))
        return Projection(self, tuple(arrays), len(matrix))


@dataclass(frozen=True, eq=False)
class Projection:
    """Binned basis counts: arrays of shape (C, K·L, bins), one per block."""

    basis: Basis
    arrays: tuple[Any, ...]
    bins: int

    def counts(self, theta: Theta = NOMINAL) -> Any:
        """Counts of each component per scatterer, shape (..., C, bins), for any couplings."""
        total: Any = np.zeros((len(self.basis.signs), self.bins))
        for (block, _), array in zip(self.basis.parts, self.arrays, strict=True):
            weights = block.weights(self.basis.densities, self.basis.signs, theta)
            flat = weights.reshape(*weights.shape[:-2], 1, -1)
            total = total + (flat @ namespace(flat).asarray(array))[..., 0, :]
        return total


def make_basis(
    T: Any,
    components: Sequence[Component],
    scatterer: Scatterer,
    terms: Sequence[Term],
    theta: Theta = NOMINAL,
    kinematics: str = "exact",
) -> Basis:
    """The basis of a recoil spectrum at ``T`` > 0, shape (T,) [energy].

    The flux of a component is in the units of its spectrum: with φ per area and energy the
    spectrum comes out per scatterer and energy.
    """
    xp = namespace(T)
    moments: dict[str, Any] = {}
    parts = []
    for block in blocks(terms, scatterer, T, theta):
        row = coefficients(block.pair, scatterer.spin, T, scatterer.mass, block.mass, kinematics)
        if row is None:
            continue
        if block.outgoing not in moments:
            energy = minimum_energy(T, scatterer.mass, block.mass, kinematics)
            moments[block.outgoing] = xp.stack([c.spectrum.moments(energy) for c in components])
        folded = moments[block.outgoing]
        kernel = _STRENGTH * sum(a * folded[:, n] for n, a in enumerate(row))
        if scatterer.multiplicity is not None:
            kernel = kernel * scatterer.multiplicity(T, theta)
        parts.append((block, kernel))
    densities = np.stack([component.density for component in components])
    signs = np.array([-1.0 if component.antineutrino else 1.0 for component in components])
    return Basis(tuple(parts), densities, signs, T.shape[0])


def recoil_spectrum(
    T: Any,
    components: Sequence[Component],
    scatterer: Scatterer,
    terms: Sequence[Term],
    theta: Theta = NOMINAL,
    kinematics: str = "exact",
) -> Any:
    """dR/dT of each component on one scatterer, shape (C, T).

    ``T`` [energy] is one-dimensional and positive. Never negative: where the terms cancel to
    rounding at the end point the result is zero.
    """
    basis = make_basis(T, components, scatterer, terms, theta, kinematics)
    spectrum = basis.spectrum(theta)
    return namespace(spectrum).maximum(spectrum, 0.0)
