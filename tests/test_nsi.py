"""Non-standard interactions: closed forms, explicit sums over final flavours, published lines.

Kinds: reference (Eq. 4 of Scholberg 2006 written out here, rows of shared/reference.csv, numbers of
that paper), property and unit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from probes import MIXED, S2W, argon, flavour, mixture, three_knots
from reference import reference_rows

from cevns.beam import Component
from cevns.cross_sections import differential_cross_section
from cevns.errors import InputError
from cevns.form_factors import FormFactor
from cevns.interactions import StandardModel
from cevns.interactions.nsi import PAIRS, Nsi
from cevns.rate import recoil_spectrum
from cevns.scatterers import nucleus
from cevns.spectra import LineSpectrum
from cevns.targets import Target
from cevns.testing import check_interaction
from cevns.units import MeV, keV

ROUNDING = 1e-12  # the same closed form on both sides
ENERGY, RECOIL = 30 * MeV, np.array([1.0, 5.0, 12.0]) * keV
SCHOLBERG = 0.2312  # sin²θ_W of the rows
STANDARD = StandardModel(sin2_theta_w=SCHOLBERG)


def exactly(value: Any, tolerance: float = ROUNDING) -> Any:
    """A purely relative comparison: the default abs=1e-12 would hide any cm²."""
    return pytest.approx(value, rel=tolerance, abs=0)


def ratio(target: str, kind: str = "nu_e", **eps: Any) -> Any:
    """NSI over Standard Model at one energy and several recoils."""
    both = [
        differential_cross_section(ENERGY, RECOIL, target, flavour=kind, model=model)
        for model in (STANDARD + Nsi(**eps), STANDARD)
    ]
    return both[0] / both[1]


# --- against the closed form ----------------------------------------------------------------------


def test_ratio_rows() -> None:
    """reference: nsi.ratio.*: Eq. 4 with two flavour-changing pairs; the form factor drops out."""
    for row in reference_rows("nsi.ratio."):
        given_ = row.inputs
        emu, etau = given_["flavour_changing (u,d) list (each beta != e once)"]
        ours = ratio(
            row.id.split(".")[2],
            eps_ee_u=given_["eps_ee_uV"],
            eps_ee_d=given_["eps_ee_dV"],
            eps_emu_u=emu[0],
            eps_emu_d=emu[1],
            eps_etau_u=etau[0],
            eps_etau_d=etau[1],
        )
        assert given_["s2w"] == SCHOLBERG
        assert ours == exactly(np.full(3, row.value))


def weak_charge(Z: int, N: int, s2w: float = SCHOLBERG) -> float:
    """Z g_V^p + N g_V^n at tree level."""
    return Z * (0.5 - 2 * s2w) - 0.5 * N


def slope(Z: int, N: int) -> float:
    """dε_u/dε_d of the lines along which the rate does not change."""
    return -(Z + 2 * N) / (2 * Z + N)


def intercept(Z: int, N: int) -> float:
    """ε_u at ε_d = 0 where the amplitude is minus that of the Standard Model."""
    return -2 * weak_charge(Z, N) / (2 * Z + N)


def test_line_rows() -> None:
    """reference: nsi.line.*: on both lines the rate is the Standard Model's."""
    (row,) = reference_rows("nsi.line.slope.20Ne")
    for d in (-1.0, 0.3, 2.0):
        assert ratio("Ne20", eps_ee_u=row.value * d, eps_ee_d=d) == exactly(np.ones(3))
    (row,) = reference_rows("nsi.line.intercept.132Xe")
    for d in (-0.5, 0.0, 1.0):
        u = row.value + slope(54, 78) * d
        assert ratio("Xe132", eps_ee_u=u, eps_ee_d=d) == exactly(np.ones(3))


def test_published_lines() -> None:
    """reference: slope −1 and −1.129, intercept 0.308 and 0.398 for ²⁰Ne and ¹³²Xe (Eq. 5)."""
    assert [slope(10, 10), slope(54, 78)] == [-1.0, pytest.approx(-1.129, abs=5e-4)]
    assert [intercept(10, 10), intercept(54, 78)] == pytest.approx([0.308, 0.398], abs=5e-4)


def test_two_targets_cross_once_more() -> None:
    """reference: nsi.NeXe.point3.u, where the second lines of neon and xenon meet."""
    (row,) = reference_rows("nsi.NeXe.point3.u")
    d = (row.value - intercept(10, 10)) / slope(10, 10)
    for target in ("Ne20", "Xe132"):
        point = ratio(target, eps_ee_u=row.value, eps_ee_d=d)
        assert point == exactly(np.ones(3), 1e-11)  # digits that ε_d lost


def test_lma_dark_row() -> None:
    """reference: nsi.lma0.ettmin: where ε_ee of that solution cancels ν_e on neon altogether."""
    (row,) = reference_rows("nsi.lma0.ettmin")
    eps = row.inputs["eps11_u=eps11_d"] + row.value * row.inputs["sin2_theta23"]
    assert np.all(ratio("Ne20", eps_ee_u=eps, eps_ee_d=eps) < 1e-24)  # rounding, squared


def matrix(eps: dict[str, complex], quark: str) -> Any:
    """The hermitian matrix ε^q written out."""
    get = {pair: eps.get(f"eps_{pair}_{quark}", 0.0) for pair in PAIRS}
    return np.array(
        [
            [get["ee"], get["emu"], get["etau"]],
            [np.conj(get["emu"]), get["mumu"], get["mutau"]],
            [np.conj(get["etau"]), np.conj(get["mutau"]), get["tautau"]],
        ]
    )


def brute(state: Any, eps: dict[str, complex], Z: int, N: int, bar: bool) -> float:
    """Σ_α |Σ_β Q_αβ ψ_β|² over the final flavours, in units of the Standard Model's Q_V²."""
    total = 0.0
    u, d = matrix(eps, "u"), matrix(eps, "d")
    for final in range(3):
        amplitude = 0.0 + 0.0j
        for initial in range(3):
            up, down = u[final, initial], d[final, initial]
            if bar:
                up, down = np.conj(up), np.conj(down)
            charge = Z * (2 * up + down) + N * (up + 2 * down)
            if final == initial:
                charge += weak_charge(Z, N)
            amplitude += charge * state[initial]
        total += abs(amplitude) ** 2
    return total / weak_charge(Z, N) ** 2


EXAMPLE: dict[str, complex] = {
    "eps_ee_u": 0.11,
    "eps_ee_d": -0.07,
    "eps_emu_u": 0.05 - 0.2j,
    "eps_emu_d": 0.3j,
    "eps_etau_u": -0.1 + 0.15j,
    "eps_mumu_u": -0.21,
    "eps_mumu_d": 0.13,
    "eps_mutau_d": 0.08 + 0.04j,
    "eps_tautau_d": 0.4,
}
STATES = {
    "nu_e": [1.0, 0.0, 0.0],
    "nu_mu": [0.0, 1.0, 0.0],
    "nu_tau": [0.0, 0.0, 1.0],
    "real": [0.6, 0.8, 0.0],
    "complex": [0.48, 0.64j, 0.36 - 0.48j],
}


@pytest.mark.parametrize("bar", [False, True])
@pytest.mark.parametrize("state", STATES)
def test_explicit_sum(state: str, bar: bool) -> None:
    """reference: all entries, complex ones too, on states of mixed flavour; F drops out."""
    psi = np.array(STATES[state])
    rho = np.outer(psi, psi.conj())
    (part,) = Target("Ar40").constituents
    scatterer = nucleus(part, FormFactor("helm"), 1.0)
    beam = [Component(state, rho, bar, LineSpectrum([ENERGY], [1.0]))]
    spectra = [
        recoil_spectrum(RECOIL, beam, scatterer, model.terms())[0]
        for model in (STANDARD + Nsi(**EXAMPLE), STANDARD)
    ]
    expected = brute(psi, EXAMPLE, 18, 22, bar)
    assert spectra[0] / spectra[1] == exactly(np.full(3, expected))


def test_antineutrinos_are_conjugate() -> None:
    """reference: ν̄ in the state ψ* scatters like ν in ψ, in ψ itself it does not."""
    psi = np.array(STATES["complex"])
    neutrino = brute(psi, EXAMPLE, 18, 22, False)
    assert brute(psi.conj(), EXAMPLE, 18, 22, True) == exactly(neutrino)
    assert abs(brute(psi, EXAMPLE, 18, 22, True) / neutrino - 1) > 0.1
    for kind in ("nu_e", "nu_mu", "nu_tau"):  # pure flavours do not tell
        assert ratio("Ar40", kind, **EXAMPLE) == exactly(ratio("Ar40", f"{kind}_bar", **EXAMPLE))


def test_row_and_column() -> None:
    """reference: C[α, β] is the amplitude of ν_β → ν_α, so that ε_eμ stands in the first row."""
    proton, neutron = (np.asarray(t.coupling({})) for t in Nsi(eps_emu_u=0.1 + 0.2j).terms()[:2])
    assert proton[0, 1] == exactly(2 * (0.1 + 0.2j)) and proton[1, 0] == exactly(2 * (0.1 - 0.2j))
    assert neutron[0, 1] == exactly(0.1 + 0.2j) and np.count_nonzero(neutron) == 2


# --- properties -----------------------------------------------------------------------------------

numbers = st.floats(-2.0, 2.0)


@settings(max_examples=8, deadline=None)
@given(diagonal=numbers, real=numbers, imaginary=numbers)
def test_any_couplings(diagonal: float, real: float, imaginary: float) -> None:
    """property: the public checks; zero couplings are the Standard Model exactly."""
    eps = complex(real, imaginary)
    check_interaction(Nsi(eps_ee_u=diagonal, eps_mumu_d=real, eps_emu_u=eps, eps_mutau_d=eps))


def test_real_couplings_stay_real() -> None:
    """unit: a complex number without imaginary part costs no complex arithmetic."""
    theta = {"nsi.eps_emu_u": 0.3 + 0j, "nsi.eps_ee_d": np.array([0.1, 0.2])}
    for term in Nsi().terms()[:2]:
        matrices = np.asarray(term.coupling(theta))
        assert matrices.dtype == np.float64
        assert matrices.shape == (2, 3, 3)
        assert not np.asarray(term.coupling({})).any()


def test_grids_are_loops() -> None:
    """property: real and complex arrays of any shape, through the binned counts."""
    model = StandardModel(sin2_theta_w=S2W) + Nsi(eps_mumu_u=0.1)
    beam = [flavour("nu_mu_bar", three_knots()), mixture(three_knots(), False, MIXED)]
    experiment = argon(model, *beam)
    edges = np.array([1.0, 5.0, 20.0]) * keV
    u = np.linspace(-0.5, 0.5, 3)[:, None]
    phase = 0.2 * np.exp(1j * np.array([0.0, 1.0, 2.0, 3.0]))
    grid = experiment.counts(edges, {"nsi.eps_ee_u": u, "nsi.eps_emu_d": phase})
    assert grid.shape == (3, 4, 2, 1, 2)
    loop = np.array(
        [
            [
                experiment.counts(edges, {"nsi.eps_ee_u": x, "nsi.eps_emu_d": complex(y)})
                for y in phase
            ]
            for x in u[:, 0]
        ]
    )
    assert grid == exactly(loop)


def test_addresses() -> None:
    """unit: twelve numbers of quarks and twelve of electrons, as they are written."""
    found = {one.address: one.value for one in Nsi(eps_emu_u=0.1j).numbers()}
    fermions = ("u", "d", "eL", "eR")
    assert set(found) == {f"nsi.eps_{pair}_{fermion}" for pair in PAIRS for fermion in fermions}
    assert found["nsi.eps_emu_u"] == 0.1j and found["nsi.eps_ee_u"] == 0.0
    latex = {one.address: one.latex for one in Nsi().numbers()}
    assert latex["nsi.eps_emu_u"] == r"\varepsilon_{e\mu}^{uV}"
    assert latex["nsi.eps_tautau_eL"] == r"\varepsilon_{\tau\tau}^{eL}"


def test_text() -> None:
    """unit: complex numbers of a file are text; a bare zero is a number."""
    made = Nsi.check({"eps_etau_d": "0.2 + 0.05j", "eps_ee_u": 0, "eps_emu_u": "1e-2j"})
    assert made == Nsi(eps_etau_d=0.2 + 0.05j, eps_emu_u=0.01j)


WRONG: dict[str, tuple[str, Any]] = {
    "eps_ee_u: found '0.1j', expected a real number": ("eps_ee_u", "0.1j"),
    "eps_emu_u: found 'x', expected a number": ("eps_emu_u", "x"),
    "eps_emu_u: found 'inf', expected": ("eps_emu_u", "inf"),
    "eps_emu_u: found true, expected": ("eps_emu_u", True),
    "eps_mue_u: found the unknown key 'eps_mue_u'": ("eps_mue_u", 0.1),
}


@pytest.mark.parametrize("message", WRONG)
def test_bad_input(message: str) -> None:
    """unit: named, in one line."""
    key, value = WRONG[message]
    with pytest.raises(InputError, match=message) as caught:
        Nsi.check({key: value}, "")
    assert "\n" not in str(caught.value)


def test_a_diagonal_coupling_is_real() -> None:
    """unit: also where θ gives it."""
    with pytest.raises(InputError, match=r"nsi\.eps_mumu_d: found a complex number"):
        Nsi().terms()[0].coupling({"nsi.eps_mumu_d": np.array([0.1j, 0.2])})
