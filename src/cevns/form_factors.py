"""Nuclear form factors: F_p and F_n of a nuclide as functions of q and θ.

*Radii* turn the measured charge radius into those of protons and neutrons. *Models*
(`FormFactor`, `SplitFormFactor`, `PerElement`) say which shape is used for what;
`nuclear_form_factors` applies one to a nuclide. The shapes themselves are in
`cevns.form_factor_shapes` and can be had from here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cevns.constants import hbar_c, m_p
from cevns.errors import InputError, Mistake, show, unknown_name
from cevns.form_factor_shapes import (
    gaussian,
    helm,
    helm_lewin_smith,
    klein_nystrand,
    klein_nystrand_radius,
    klein_nystrand_rms,
    lewin_smith_half_density_radius,
    lewin_smith_rms_radius,
    point,
    symmetrized_fermi,
    symmetrized_fermi_rms,
)
from cevns.nuclides import Nuclide
from cevns.parameters import Parameter, Theta
from cevns.special import namespace
from cevns.units import fm

__all__ = [
    "KINDS",
    "FormFactor",
    "FormFactorModel",
    "NuclearFormFactors",
    "PerElement",
    "SplitFormFactor",
    "gaussian",
    "helm",
    "helm_lewin_smith",
    "klein_nystrand",
    "klein_nystrand_radius",
    "klein_nystrand_rms",
    "lewin_smith_half_density_radius",
    "lewin_smith_rms_radius",
    "neutron_radius",
    "nuclear_form_factors",
    "parameters_of",
    "physical_proton_radius",
    "point",
    "point_proton_radius",
    "symmetrized_fermi",
    "symmetrized_fermi_rms",
]

PROTON_RADIUS = 0.8409 * fm  # PDG 2024, rms charge radius of the proton
NEUTRON_RADIUS_SQUARED = -0.1155 * fm**2  # PDG 2024, mean square charge radius of the neutron
DARWIN_FOLDY = 0.75 * (hbar_c / m_p) ** 2  # 3/(4 m_p²) = 0.0332 fm²
NUCLEON_SIZE_SQUARED = PROTON_RADIUS**2 + DARWIN_FOLDY

# --- radii ----------------------------------------------------------------------------------------


def physical_proton_radius(nuclide: Nuclide) -> float | None:
    """R_p = √(R_ch² − (N/Z)⟨r_n²⟩): protons with their own size; None where none is measured.

    The charge radius without what neutrons add to it (physics of R_ch: Ong, Berengut & Flambaum,
    Phys. Rev. C 82 (2010) 014320, doi:10.1103/PhysRevC.82.014320). Its form factor is
    used as it is, with no further nucleon factor.
    """
    if nuclide.charge_radius is None:
        return None
    neutrons = nuclide.N / nuclide.Z * NEUTRON_RADIUS_SQUARED
    return math.sqrt(nuclide.charge_radius**2 - neutrons)


def point_proton_radius(nuclide: Nuclide) -> float | None:
    """Radius of the proton centres, √(R_ch² − (N/Z)⟨r_n²⟩ − ⟨r_p²⟩ − 3/(4m_p²)), or None.

    Its form factor must be multiplied by that of the nucleon: left alone it is 1.5 % too
    large (squared, at 50 MeV).
    """
    radius = physical_proton_radius(nuclide)
    return None if radius is None else float(_point_radius(radius))


def _point_radius(physical: Any) -> Any:
    """Radius of the centres of nucleons whose distribution, own size included, has that radius."""
    xp = namespace(physical)
    square = physical**2 - NUCLEON_SIZE_SQUARED
    # Doubled `where`: the slope of the root stays finite where there is nothing left.
    return xp.where(square > 0, xp.where(square > 0, square, 1.0 * fm**2) ** 0.5, 0.0)


def neutron_radius(proton_radius: Any, skin: Any) -> Any:
    """Physical rms radius of the neutrons: R_n² = (R_p,point + skin)² + ⟨r_p²⟩ + 3/(4m_p²).

    Written as R_p² + skin (2R_p,point + skin), it is R_p at no skin, whatever R_p is.

    Parameters
    ----------
    proton_radius : float or array
        Physical rms radius of the protons, R_p [length].
    skin : float or array
        Difference of the rms radii of neutron and proton centres [length].
    """
    return (proton_radius**2 + skin * (2 * _point_radius(proton_radius) + skin)) ** 0.5


# --- models: F_p and F_n of a nuclide as functions of q and θ ------------------------------------

_BY_RADIUS: dict[str, Callable[[Any, Any], Any]] = {
    "helm": helm,
    "klein-nystrand": klein_nystrand_rms,
    "symmetrized-fermi": symmetrized_fermi_rms,
    "gaussian": gaussian,
}
_BY_MASS_NUMBER: dict[str, Callable[[Any, int], Any]] = {
    "helm-lewin-smith": helm_lewin_smith,
    "klein-nystrand": lambda q, A: klein_nystrand(q, klein_nystrand_radius(A)),
    "point": lambda q, A: point(q),
}
KINDS = tuple(sorted({*_BY_RADIUS, *_BY_MASS_NUMBER}))
"""Names of the form factors."""


@dataclass(frozen=True, slots=True)
class FormFactor:
    """A form factor by name: one of `KINDS`.

    ``rms_radius`` [length] is for "helm", "klein-nystrand", "symmetrized-fermi" and "gaussian".
    Without it they take the physical proton radius of each nuclide (`lewin_smith_rms_radius` where
    none is measured), but "klein-nystrand", which then has R_A = 1.2 A^{1/3} fm.

    Raises
    ------
    InputError
        For an unknown kind, a radius where there is none to set, and one that is not positive.
    """

    kind: str = "helm"
    rms_radius: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown_name("form_factor", self.kind, KINDS, "form factor")
        if self.rms_radius is None:
            return
        path = "form_factor.rms_radius"
        if self.kind not in _BY_RADIUS:
            raise InputError(Mistake(path, show(self.rms_radius), f"no radius for {self.kind}"))
        if not 0 < self.rms_radius < math.inf:
            raise InputError(Mistake(path, show(self.rms_radius), "a positive length"))

    @property
    def has_radius(self) -> bool:
        """Whether it depends on an rms radius, and so on θ."""
        return self.rms_radius is not None or self.kind not in _BY_MASS_NUMBER

    def nominal_radius(self, nuclide: Nuclide) -> float:
        """The radius asked for, else the measured one, else that of Lewin & Smith."""
        radius = self.rms_radius or physical_proton_radius(nuclide)
        return radius or lewin_smith_rms_radius(nuclide.A)


@dataclass(frozen=True, slots=True)
class SplitFormFactor:
    """One form factor for the protons, another for the neutrons."""

    proton: FormFactor = FormFactor()
    neutron: FormFactor = FormFactor()


@dataclass(frozen=True, init=False)
class PerElement:
    """A form factor by element; elements that are not named take Helm."""

    by_element: tuple[tuple[str, FormFactor | SplitFormFactor], ...]

    def __init__(self, by_element: Mapping[str, FormFactor | SplitFormFactor]):
        object.__setattr__(self, "by_element", tuple(sorted(by_element.items())))


FormFactorModel = FormFactor | SplitFormFactor | PerElement


@dataclass(frozen=True, slots=True)
class NuclearFormFactors:
    """F_p and F_n of one nuclide.

    Two addresses are read: ``<element>.rms_radius``, the physical rms radius of the protons, and
    ``<element>.neutron_skin``. Their nominal values reproduce the form factors asked for; a
    radius moves the neutrons along. θ speaks of the element: it holds for all of its isotopes.
    """

    element: str
    A: int
    proton_form: FormFactor
    neutron_form: FormFactor
    rms_radius: float
    neutron_skin: float

    def proton(self, q: Any, theta: Theta) -> Any:
        """F_p, in the shape of q [energy]."""
        if not self.proton_form.has_radius:
            return _BY_MASS_NUMBER[self.proton_form.kind](q, self.A)
        return _BY_RADIUS[self.proton_form.kind](q, self._radius(theta))

    def neutron(self, q: Any, theta: Theta) -> Any:
        """F_n, in the shape of q [energy]."""
        if not self.neutron_form.has_radius:
            return _BY_MASS_NUMBER[self.neutron_form.kind](q, self.A)
        skin = theta.get(f"{self.element}.neutron_skin", self.neutron_skin)
        radius = neutron_radius(self._radius(theta), skin)
        return _BY_RADIUS[self.neutron_form.kind](q, radius)

    def _radius(self, theta: Theta) -> Any:
        return theta.get(f"{self.element}.rms_radius", self.rms_radius)


def nuclear_form_factors(model: FormFactorModel, nuclide: Nuclide) -> NuclearFormFactors:
    """The pair (F_p, F_n) of a nuclide under a model."""
    if isinstance(model, PerElement):
        model = dict(model.by_element).get(nuclide.symbol, FormFactor())
    if isinstance(model, FormFactor):
        model = SplitFormFactor(model, model)
    proton, neutron = model.proton, model.neutron
    R_p, R_n = proton.nominal_radius(nuclide), neutron.nominal_radius(nuclide)
    # Neutrons with a radius of their own are neutrons with a skin.
    skin = float(_point_radius(R_n) - _point_radius(R_p))
    return NuclearFormFactors(nuclide.symbol, nuclide.A, proton, neutron, R_p, skin)


def parameters_of(model: FormFactorModel, nuclides: Iterable[Nuclide]) -> list[Parameter]:
    """Radius and skin of each element, in order of appearance, where the model depends on them.

    An element of several isotopes shows the value of the one that is most abundant in nature;
    at the nominal point every isotope keeps its own.
    """
    shown: dict[str, Nuclide] = {}
    for nuclide in nuclides:
        known = shown.setdefault(nuclide.symbol, nuclide)
        if nuclide.abundance > known.abundance:
            shown[nuclide.symbol] = nuclide
    parameters = []
    for nuclide in shown.values():
        parameters.extend(_declare(nuclear_form_factors(model, nuclide), nuclide))
    return parameters


def _declare(factors: NuclearFormFactors, nuclide: Nuclide) -> list[Parameter]:
    element, neutron = nuclide.symbol, factors.neutron_form.has_radius
    if not (neutron or factors.proton_form.has_radius):
        return []
    measured = "Lewin & Smith 1996" if nuclide.charge_radius is None else "Angeli & Marinova 2013"
    source = "input" if factors.proton_form.rms_radius else measured
    radius = Parameter(
        f"{element}.rms_radius",
        factors.rms_radius,
        unit="fm",
        scale=fm,
        bounds=(0.0, 15 * fm),
        latex=rf"R_\mathrm{{rms}}(\mathrm{{{element}}})",
        source=source,
    )
    skin = Parameter(
        f"{element}.neutron_skin",
        factors.neutron_skin,
        unit="fm",
        scale=fm,
        bounds=(-2 * fm, 4 * fm),
        latex=rf"\Delta R_{{np}}(\mathrm{{{element}}})",
        source="input" if factors.neutron_skin else "no skin",
    )
    return [radius, skin] if neutron else [radius]
