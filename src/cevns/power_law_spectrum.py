r"""A spectrum that is a power law between knots: how steep fluxes over decades are tabulated.

Between two knots :math:`\varphi = \varphi_b (E/E_b)^\gamma`, and with :math:`s = \gamma + 1 - n`

.. math::

   \int_E^{E_b} \varphi\, E'^{-n}\, dE'
   = \varphi_b E_b^{1-n} \, \frac{1 - (E/E_b)^s}{s},

which is :math:`-\varphi_b E_b^{1-n} \ln(E/E_b)` where :math:`s = 0`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake
from cevns.special import namespace
from cevns.spectra import ORDERS


class PowerLawSpectrum:
    """Panels between ``edges``, each a power law from ``lower`` to ``upper``; zero outside.

    Jumps between panels are allowed; `through` joins the points of a table.

    Parameters
    ----------
    edges : array, shape (n + 1,)
        Energies above zero, ascending.
    lower, upper : array, shape (n,)
        Densities at both ends of each panel, above zero.

    Raises
    ------
    InputError
        For anything else: a power law knows no zero.
    """

    def __init__(self, edges: Any, lower: Any, upper: Any):
        self.edges = np.asarray(edges, dtype=float)
        self.lower = np.asarray(lower, dtype=float)
        self.upper = np.asarray(upper, dtype=float)
        self._check()
        self._top = self.edges[1:]
        self._index = np.log(self.upper / self.lower) / np.log(self._top / self.edges[:-1])
        panels = self._partial(self.edges[:-1], np.arange(len(self._top)))
        above = np.cumsum(panels[:, ::-1], axis=1)[:, ::-1]
        self._above = np.concatenate([above[:, 1:], np.zeros((3, 1))], axis=1)

    @classmethod
    def through(cls, energies: Any, density: Any) -> PowerLawSpectrum:
        """Points joined by straight lines in the logarithms of both."""
        values = np.asarray(density, dtype=float)
        return cls(energies, values[:-1], values[1:])

    def _check(self) -> None:
        shapes = len(self.edges) == len(self.lower) + 1 == len(self.upper) + 1 >= 2
        if not shapes or self.edges[0] <= 0 or np.any(np.diff(self.edges) <= 0):
            found = f"{self.edges.size} energies"
            raise InputError(Mistake("spectrum", found, "two or more, ascending, above zero"))
        values = np.concatenate([self.lower, self.upper])
        if not np.all(np.isfinite(values) & (values > 0)):
            found = "a density that is zero or below"
            raise InputError(Mistake("spectrum", found, "finite densities above zero"))

    @property
    def breaks(self) -> tuple[float, ...]:
        """The knots."""
        return tuple(self.edges)

    def _partial(self, energy: Any, panel: Any) -> Any:
        """∫ φ E'⁻ⁿ dE' from ``energy`` to the top of ``panel``, in closed form."""
        xp = namespace(energy)
        top, upper, index = (xp.asarray(a)[panel] for a in (self._top, self.upper, self._index))
        # Close to the top of a panel only the difference keeps its digits.
        close = energy > 0.5 * top
        x = xp.where(
            close, xp.log1p(xp.where(close, (energy - top) / top, 0.0)), xp.log(energy / top)
        )
        rows = []
        for n in ORDERS:
            z = (index + 1 - n) * x
            # (1 − eᶻ)/s without cancellation, and its limit −x where s or x is zero.
            ratio = xp.where(z == 0, 1.0, xp.expm1(z) / xp.where(z == 0, 1.0, z))
            rows.append(-upper * top ** (1.0 - n) * x * ratio)
        return xp.stack(rows)

    def moments(self, energy: Any) -> Any:
        """G_n(energy), shape (3, \\*energy.shape)."""
        xp = namespace(energy)
        inside = xp.clip(energy, self.edges[0], self.edges[-1])
        panel = self._panel(inside)
        return xp.asarray(self._above)[:, panel] + self._partial(inside, panel)

    def __call__(self, energy: Any) -> Any:
        """The density at ``energy``, same shape."""
        xp = namespace(energy)
        safe = xp.clip(energy, self.edges[0], self.edges[-1])
        panel = self._panel(safe)
        top, upper, index = (xp.asarray(a)[panel] for a in (self._top, self.upper, self._index))
        inside = (energy >= self.edges[0]) & (energy <= self.edges[-1])
        return xp.where(inside, upper * (safe / top) ** index, 0.0)

    def _panel(self, energy: Any) -> Any:
        xp = namespace(energy)
        found = xp.searchsorted(xp.asarray(self.edges), energy, side="right") - 1
        return xp.clip(found, 0, len(self._top) - 1)
