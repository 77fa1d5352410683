r"""What the spins of nuclei offer to axial, pseudoscalar and tensor currents.

A nucleus of spin :math:`J` at rest, unpolarised, scatters by its spins with

.. math:: \frac{d\sigma}{dT} \propto \Big(\sum_N a_N s_N\Big)^2, \qquad
          s_N^2(0) = \frac43 \frac{J+1}{J} \langle S_N\rangle^2,

so that one nucleon alone has :math:`s = 1`; the squares of several multipoles add up. The axial
current is that of quarks, :math:`\sum_q a_q \bar q\gamma^\mu\gamma_5 q` with :math:`\pm\frac12` for
u and d in the Standard Model, and a proton has :math:`\Delta_q` of each. Pictures of a nucleus:

- ``none``: no spins; every nucleus scatters as if it had J = 0.
- ``simple``: that of Scholberg 2020, Eqs. 1–3: a point of spin 1/2 with
  :math:`s_p = Z_+ - Z_-`, :math:`s_n = N_+ - N_-`, +1 for an odd number and 0 else, times the form
  factor of the vector current. A proton has the spin of one u quark, a neutron that of one d, so
  that :math:`G_A = \pm\frac12`. The axial and the vector current interfere.
- ``shell-model``: :math:`\langle S_N\rangle` of ``data/spins.csv``, which fall off with q as the
  odd nucleon does in its oscillator orbit: :math:`\Sigma'_L` across the momentum transfer (axial,
  tensor), :math:`\Sigma''_L` along it (pseudoscalar). One-body currents, no interference
  (Hoferichter, Menéndez & Schwenk 2020, arXiv:2007.08529).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from math import sqrt
from typing import Any, ClassVar

from cevns.amplitudes import SiteFunction
from cevns.constants import hbar_c, m_n, m_p
from cevns.errors import unknown_name
from cevns.form_factors import NuclearFormFactors
from cevns.nuclides import Nuclide
from cevns.packaged import packaged_rows
from cevns.parameters import Parameter, Theta
from cevns.special import namespace
from cevns.units import fm

AXIAL = ("none", "simple", "shell-model")
M_NUCLEON = (m_p + m_n) / 2

Charges = Mapping[str, tuple[float, float]]
"""Site → its charge on protons and on neutrons."""


class NoSpins:
    """Every nucleus as if it had none."""

    label: ClassVar[str] = "0"

    def sites(self, nuclide: Nuclide, factors: NuclearFormFactors) -> dict[str, SiteFunction]:
        """Sites on the spins of ``nuclide``, which scatters by the rows of spin ``label``."""
        return {}

    def parameters(self, nuclides: Iterable[Nuclide]) -> Iterator[Parameter]:
        """Their numbers."""
        yield from ()


@dataclass(frozen=True)
class SimpleSpins(NoSpins):
    """Nucleons counted: spin up minus spin down, times the form factors of the vector current.

    ``counts`` gives (Z₊ − Z₋, N₊ − N₋) of nuclides that differ from the rule, by name: Dutta et
    al. 2016 (arXiv:1508.07981) have ``{"Ge72": (-2, 2)}``.
    """

    label: ClassVar[str] = "1/2"
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def sites(self, nuclide: Nuclide, factors: NuclearFormFactors) -> dict[str, SiteFunction]:
        """Sites of the odd nucleons; none where all are paired."""
        odd = (nuclide.Z % 2, nuclide.N % 2) if nuclide.spin else (0, 0)
        protons, neutrons = self.counts.get(nuclide.name, odd)
        ratio = nuclide.mass / M_NUCLEON

        def p(q: Any, theta: Theta) -> Any:
            return protons * factors.proton(q, theta)

        def n(q: Any, theta: Theta) -> Any:
            return neutrons * factors.neutron(q, theta)

        def along_p(q: Any, theta: Theta) -> Any:
            return ratio * p(q, theta)

        def along_n(q: Any, theta: Theta) -> Any:
            return ratio * n(q, theta)

        if not (protons or neutrons):
            return {}
        return {"sp": p, "sn": n, "su": p, "sd": n, "lp": along_p, "ln": along_n}


class ShellModelSpins(NoSpins):
    """⟨S_p⟩ and ⟨S_n⟩ of the table, with the response of the orbit of the odd nucleon."""

    label: ClassVar[str] = "J"

    def sites(self, nuclide: Nuclide, factors: NuclearFormFactors) -> dict[str, SiteFunction]:
        """Sites of a nuclide of the table; none for others, whose spins are not known."""
        content = spin_table().get(nuclide.name)
        if content is None:
            return {}
        spins = _NuclearSpins(nuclide, content)
        return {
            "sp": lambda q, theta: spins.transverse(q, theta, 1.0, 0.0),
            "sn": lambda q, theta: spins.transverse(q, theta, 0.0, 1.0),
            "lp": lambda q, theta: spins.longitudinal(q, theta, 1.0, 0.0),
            "ln": lambda q, theta: spins.longitudinal(q, theta, 0.0, 1.0),
            "su": lambda q, theta: spins.transverse(q, theta, *quark_spins(theta)["u"]),
            "sd": lambda q, theta: spins.transverse(q, theta, *quark_spins(theta)["d"]),
            "ss": lambda q, theta: spins.transverse(q, theta, *quark_spins(theta)["s"]),
        }

    def parameters(self, nuclides: Iterable[Nuclide]) -> Iterator[Parameter]:
        """⟨S_p⟩ and ⟨S_n⟩ of each nuclide of the table, and what quarks have of a nucleon's."""
        known = [nuclide for nuclide in nuclides if nuclide.name in spin_table()]
        if known:
            yield from NUCLEON_SPIN.values()
        for nuclide in known:
            content = spin_table()[nuclide.name]
            for kind, (value, spread) in content.spins.items():
                yield Parameter(
                    f"{nuclide.name}.S_{kind}",
                    value,
                    prior=spread or None,
                    bounds=(-2.0, 2.0),
                    latex=rf"\langle S_{kind}\rangle(^{{{nuclide.A}}}\mathrm{{{nuclide.symbol}}})",
                    source=content.method,
                )


PICTURES: dict[str, NoSpins] = {
    "none": NoSpins(),
    "simple": SimpleSpins(),
    "shell-model": ShellModelSpins(),
}


def spins_named(axial: str | NoSpins) -> NoSpins:
    """The picture called ``axial``; an `InputError` for a name that is not in `AXIAL`."""
    if isinstance(axial, NoSpins):
        return axial
    if axial not in PICTURES:
        raise unknown_name("axial", axial, AXIAL, "picture of nuclear spins")
    return PICTURES[axial]


# --- the nucleon ----------------------------------------------------------------------------------

NUCLEON_SPIN = {
    "g_A": Parameter("axial.g_A", 1.2764, prior=0.0006, latex="g_A", source="arXiv:1812.04666"),
    "isoscalar": Parameter(
        "axial.isoscalar", 0.415, prior=0.017, latex=r"\Delta_u+\Delta_d", source="hep-ex/0609039"
    ),
    "strange": Parameter(
        "axial.strange", -0.085, prior=0.018, latex=r"\Delta_s", source="hep-ex/0609039"
    ),
}
"""Δ_u − Δ_d, Δ_u + Δ_d and Δ_s of the proton: beta decay of the neutron, and HERMES 2007."""


def quark_spins(theta: Theta) -> Charges:
    """Δ_q of quarks u, d and s on the proton and, by u ↔ d, on the neutron."""
    vector, scalar, strange = (
        theta.get(one.address, one.value)
        for one in (NUCLEON_SPIN[name] for name in ("g_A", "isoscalar", "strange"))
    )
    up, down = (scalar + vector) / 2, (scalar - vector) / 2
    return {"u": (up, down), "d": (down, up), "s": (strange, strange)}


# --- the nucleus ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class SpinContent:
    """A row of the table: {"p": (⟨S_p⟩, its uncertainty), "n": ...}, orbit and its length b."""

    spins: Mapping[str, tuple[float, float]]
    method: str
    orbit: str
    length: float


@cache
def spin_table() -> dict[str, SpinContent]:
    """Name of a nuclide → its spins."""
    return {
        row["nuclide"]: SpinContent(
            {kind: (float(row[f"S_{kind}"]), float(row[f"S_{kind}_uncertainty"])) for kind in "pn"},
            row["method"],
            row["orbit"],
            float(row["b [fm]"]) * fm,
        )
        for row in packaged_rows("spins.csv")
    }


@cache
def _responses() -> dict[tuple[str, str], tuple[tuple[float, ...], ...]]:
    """(orbit, direction) → polynomials of L = 1, 3, ..."""
    found: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for row in packaged_rows("spin_responses.csv"):
        powers = tuple(float(number) for number in row["coefficients"].split())
        found.setdefault((row["orbit"], row["direction"]), []).append(powers)
    return {key: tuple(some) for key, some in found.items()}


class _NuclearSpins:
    """Strengths of a nuclide, shape (L, T): nothing at L = 0, then the odd L up to 2J."""

    def __init__(self, nuclide: Nuclide, content: SpinContent):
        self._content = content
        self._addresses = {kind: f"{nuclide.name}.S_{kind}" for kind in content.spins}
        self._size = sqrt(4 / 3 * (nuclide.spin + 1) / nuclide.spin)
        self._multipoles = int(nuclide.spin + 0.5)  # odd ones up to 2J
        self._ratio = nuclide.mass / M_NUCLEON

    def transverse(self, q: Any, theta: Theta, protons: Any, neutrons: Any) -> Any:
        """Σ′_L with the given charges of protons and neutrons."""
        return self._spin(theta, protons, neutrons) * self._shape(q, "transverse")

    def longitudinal(self, q: Any, theta: Theta, protons: Any, neutrons: Any) -> Any:
        """Σ″_L, times M/m_N: a pseudoscalar acts on a nucleon's spin by q/m_N, not q/M."""
        return self._ratio * self._spin(theta, protons, neutrons) * self._shape(q, "longitudinal")

    def _spin(self, theta: Theta, protons: Any, neutrons: Any) -> Any:
        charges = {"p": protons, "n": neutrons}
        total = sum(
            charges[kind] * theta.get(self._addresses[kind], value)
            for kind, (value, _) in self._content.spins.items()
        )
        return self._size * total

    def _shape(self, q: Any, direction: str) -> Any:
        xp = namespace(q)
        y = (q * self._content.length / (2 * hbar_c)) ** 2
        rows = [0.0 * y]
        for powers in _responses()[self._content.orbit, direction][: self._multipoles]:
            total = 0.0 * y
            for coefficient in reversed(powers):
                total = total * y + coefficient
            rows.append(total * xp.exp(-y))
        return xp.stack(rows)
