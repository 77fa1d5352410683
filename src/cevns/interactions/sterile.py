r"""One sterile neutrino, 3+1, at baselines where only its mass splitting matters.

With :math:`u_\alpha = |U_{\alpha4}|` and :math:`P = u u^{\mathsf T}` on the active flavours the
amplitudes between these are :math:`S = 1 + (e^{-i\varphi} - 1) P`,
:math:`\varphi = \Delta m^2_{41} L / 2E`, and a beam with the flavour density matrix ρ arrives with

.. math:: S\rho S^\dagger = \rho + (1 - \cos\varphi)\,\big[2P\rho P - P\rho - \rho P\big]
                            - i\sin\varphi\,\big[P\rho - \rho P\big]

(real :math:`U_{\alpha4}`; nothing else oscillates on the way). Its trace is the part that is still
active, :math:`1 - 4|U_{\alpha4}|^2|U_{s4}|^2\sin^2(\varphi/2)` for a pure flavour, which is all
that CEvNS sees with flavour-blind couplings; appearance and its interference with what
disappeared are there for couplings that tell flavours apart.

``convention`` "active-deficit" is this; "survival" leaves out what appears in other flavours: a
flavour counts with :math:`1 - 4|U_{\alpha4}|^2(1 - |U_{\alpha4}|^2)\sin^2(\varphi/2)`.

A Gaussian spread σ of the baseline (size of source and detector) multiplies cos φ and sin φ by
:math:`\exp(-(\sigma\varphi/L)^2/2)`. The factors :math:`u_a u_b` stand outside as norms of beam
components, so that a grid of them is a contraction; only Δm² and the baseline shape a spectrum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import pi
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import model_validator

from cevns.amplitudes import Term
from cevns.beam import Component
from cevns.constants import hbar_c
from cevns.errors import InputError, Mistake
from cevns.flavours import FLAVOURS
from cevns.interactions.base import Interaction
from cevns.parameters import Theta
from cevns.spec import Fraction, Quantity, mistake
from cevns.special import namespace
from cevns.spectra import Spectrum
from cevns.weighted import weighted

_LARGEST_PHASE = 600 * pi
"""Faster oscillations than this, at low energies, are taken for their average."""
_STEP = 1.5 * pi  # of the phase, in a panel


class Sterile(Interaction):
    """Oscillation of the beam into one sterile neutrino; it adds no amplitude."""

    name: ClassVar[str] = "sterile"
    summary: ClassVar[str] = "one sterile neutrino, 3+1: oscillation on the way"
    reference: ClassVar[str] = "Anderson et al. 2012 (arXiv:1201.3805); Giunti & Lasserre 2019"

    dm2: Annotated[float, Quantity("eV^2", range="positive")] | None = None
    Ue4_sq: Fraction = 0.0
    Umu4_sq: Fraction = 0.0
    Utau4_sq: Fraction = 0.0
    convention: Literal["active-deficit", "survival"] = "active-deficit"

    @model_validator(mode="after")
    def _unitary(self) -> Sterile:
        total = self.Ue4_sq + self.Umu4_sq + self.Utau4_sq
        if total > 1:
            raise mistake(f"a sum of |U_a4|^2 of {total:g}", "a sum of at most 1")
        return self

    def terms(self) -> Sequence[Term]:
        """None: what arrives is changed, not how it scatters."""
        return ()

    def propagate(self, component: Component, theta: Theta) -> Sequence[Component]:
        """The component as it is without, and what each product of the u's changes in it.

        Raises
        ------
        InputError
            For a source without a distance.
        """
        if component.baseline is None:
            found = "a source without one distance, on which the sterile neutrino oscillates"
            expected = "a source that has a 'distance' (radioactive: with 'geometry: point')"
            raise InputError(Mistake("source", found, expected))
        distance, spread = component.baseline.at(theta)
        dm2 = self.at("dm2", theta)
        disappeared: Spectrum
        interfering: Spectrum
        if dm2 is None:
            disappeared = interfering = _Undetermined(component.spectrum)
        else:
            wave = _Wave(dm2, distance, spread)
            disappeared = wave.times(component.spectrum, wave.lost)
            interfering = wave.times(component.spectrum, wave.turned)
        changes = [(k, m, disappeared) for k, m in self._losses(component.density)]
        changes += [(k, m, interfering) for k, m in self._turns(component.density)]
        return [
            component,
            *(
                component.change(matrix, spectrum, self._product(key))
                for key, matrix, spectrum in changes
                if np.any(matrix)
            ),
        ]

    def _product(self, flavours: tuple[int, ...]) -> Callable[[Theta], Any]:
        """θ → the product of the u's of ``flavours``; NaN in a grid where unitarity is lost."""

        def product(theta: Theta) -> Any:
            squares = [self.at(f"U{flavour}4_sq", theta) for flavour in FLAVOURS]
            total = sum(squares)
            if not np.ndim(total) and total > 1 + 1e-12:
                found = f"a sum of |U_a4|^2 of {float(total):g}"
                raise InputError(Mistake(self.name, found, "a sum of at most 1"))
            xp = namespace(*squares)
            value: Any = 1.0
            for flavour in flavours:
                value = value * squares[flavour] ** 0.5
            if np.any(value):
                self.required("dm2", theta, "1 eV^2")
            return xp.where(total > 1 + 1e-12, np.nan, value) if np.ndim(total) else value

        return product

    def _losses(self, rho: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
        """Products of u's and what they multiply in 2PρP − Pρ − ρP, or its part that survives."""
        if self.convention == "survival":
            yield from self._lost_alone(rho)
            return
        for pair in _PAIRS:
            yield pair, -(_MATRIX[pair] @ rho + rho @ _MATRIX[pair])
        quartic: dict[tuple[int, ...], Any] = {}
        for one in _PAIRS:
            for other in _PAIRS:
                key = tuple(sorted((*one, *other)))
                piece = 2 * _MATRIX[one] @ rho @ _MATRIX[other]
                quartic[key] = quartic.get(key, 0.0) + piece
        yield from quartic.items()

    def _lost_alone(self, rho: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
        """For each flavour α: −2u_α² + 2u_α⁴ of what the beam has of it."""
        if np.any(rho - np.diag(np.diagonal(rho))):
            found = "the convention 'survival' with a beam of mixed flavours"
            raise InputError(Mistake(self.name, found, "'active-deficit'"))
        for flavour in range(3):
            alone = np.zeros((3, 3), dtype=complex)
            alone[flavour, flavour] = rho[flavour, flavour]
            yield (flavour, flavour), -2 * alone
            yield (flavour,) * 4, 2 * alone

    def _turns(self, rho: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
        """Products of u's and what they multiply in −i(Pρ − ρP)."""
        if self.convention == "active-deficit":
            for pair in _PAIRS:
                yield pair, -1j * (_MATRIX[pair] @ rho - rho @ _MATRIX[pair])


_PAIRS = tuple(combinations_with_replacement(range(3), 2))


def _symmetric(a: int, b: int) -> Any:
    matrix = np.zeros((3, 3))
    matrix[a, b] = matrix[b, a] = 1.0
    return matrix


_MATRIX = {pair: _symmetric(*pair) for pair in _PAIRS}
"""P = Σ u_a u_b of these."""


@dataclass(frozen=True)
class _Wave:
    """cos φ and sin φ over a spread of baselines."""

    splitting: Any
    distance: Any
    spread: Any

    @property
    def _scale(self) -> Any:
        """φE [energy]."""
        return self.splitting * self.distance / (2 * hbar_c)

    def times(self, spectrum: Spectrum, weight: Callable[[Any], Any]) -> Spectrum:
        """``spectrum`` times one of the two weights below."""
        return weighted(spectrum, weight, self._edges(spectrum.breaks))

    def _edges(self, breaks: Sequence[float]) -> Any:
        """Energies between which the phase moves by a step at most; where the average begins."""
        top, bottom = self._scale / breaks[-1], self._scale / max(breaks[0], 1e-30 * breaks[-1])
        steps = np.arange(top, min(bottom, _LARGEST_PHASE), _STEP)[1:]
        return self._scale / np.append(steps, _LARGEST_PHASE)

    def _phase(self, energy: Any) -> tuple[Any, Any]:
        """φ, and minus the logarithm of what is left of the oscillation."""
        phase = self._scale / energy
        fast = phase > _LARGEST_PHASE
        damping = 0.5 * (phase * (self.spread / self.distance)) ** 2
        return np.where(fast, 0.0, phase), np.where(fast, np.inf, damping)

    def lost(self, energy: Any) -> Any:
        """1 − ⟨cos φ⟩, without a difference of nearly equal numbers."""
        phase, damping = self._phase(energy)
        return 2 * np.exp(-damping) * np.sin(phase / 2) ** 2 - np.expm1(-damping)

    def turned(self, energy: Any) -> Any:
        """⟨sin φ⟩."""
        phase, damping = self._phase(energy)
        return np.exp(-damping) * np.sin(phase)


@dataclass(frozen=True)
class _Undetermined:
    """A part that oscillates with a Δm² still to be given: nothing, as long as nothing mixes."""

    spectrum: Spectrum

    @property
    def breaks(self) -> tuple[float, ...]:
        return self.spectrum.breaks

    def moments(self, energy: Any) -> Any:
        return np.zeros((3, *np.shape(energy)))

    def __call__(self, energy: Any) -> Any:
        return np.zeros(np.shape(energy))
