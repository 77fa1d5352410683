"""Form factors of nuclides: radii, models, and the parameters they read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevns.constants import hbar_c
from cevns.errors import InputError
from cevns.form_factors import (
    KINDS,
    FormFactor,
    FormFactorModel,
    PerElement,
    SplitFormFactor,
    gaussian,
    helm,
    helm_lewin_smith,
    klein_nystrand,
    lewin_smith_half_density_radius,
    neutron_radius,
    nuclear_form_factors,
    parameters_of,
    physical_proton_radius,
    point_proton_radius,
    symmetrized_fermi,
    symmetrized_fermi_rms,
)
from cevns.nuclides import all_nuclides, natural_isotopes, nuclide
from cevns.parameters import NOMINAL, Parameters, Recorder
from cevns.units import MeV, fm

BY_RADIUS = ("helm", "klein-nystrand", "symmetrized-fermi", "gaussian")
Q = np.linspace(0, 300, 61) * MeV

# --- kind: reference (radii) ---------------------------------------------------------------------


@pytest.mark.parametrize(("name", "physical"), [("Cs133", 4.821), ("I127", 4.767), ("Ar40", 3.448)])
def test_physical_proton_radii(name: str, physical: float) -> None:
    """As in fits of COHERENT data (Cadeddu et al.). Tolerance: half of the last digit printed."""
    radius = physical_proton_radius(nuclide(name))
    assert radius is not None
    assert radius / fm == pytest.approx(physical, abs=5e-4)


def test_point_proton_radii() -> None:
    """By hand for 133Cs: 4.8041² + (78/55) 0.1155 − 0.8409² − 0.0332; and the two definitions.

    Tolerance 1e-4 fm: 3/(4m_p²) is rounded to 1e-4 fm² by hand.
    """
    by_hand = math.sqrt(4.8041**2 + 78 / 55 * 0.1155 - 0.8409**2 - 0.0332)
    radius = point_proton_radius(nuclide("Cs133"))
    assert radius is not None
    assert radius / fm == pytest.approx(by_hand, abs=1e-4)
    for entry in all_nuclides():
        physical, centres = physical_proton_radius(entry), point_proton_radius(entry)
        if physical is None or centres is None:
            assert physical is None and centres is None and entry.charge_radius is None
        else:
            # r_p² + 3/(4m_p²) = 0.7403 fm²; tolerance as above.
            assert (physical**2 - centres**2) / fm**2 == pytest.approx(0.7403, abs=1e-4)


# --- kind: property ------------------------------------------------------------------------------


@given(R=st.floats(0.9, 8), skin=st.floats(-0.3, 2))
def test_neutron_radius(R: float, skin: float) -> None:
    """(R_pt + skin)² + r_p² + 3/(4m_p²), R_p without a skin. Tolerance: rounding."""
    size = 0.8409**2 + 0.75 * (hbar_c / fm / MeV / 938.27208816) ** 2
    expected = math.sqrt((math.sqrt(R**2 - size) + skin) ** 2 + size)
    assert float(neutron_radius(R * fm, skin * fm)) / fm == pytest.approx(expected, rel=1e-12)
    assert float(neutron_radius(R * fm, 0.0)) == pytest.approx(R * fm, rel=1e-15)


MODELS: list[FormFactorModel] = [
    *(FormFactor(kind) for kind in KINDS),
    *(FormFactor(kind, 4.2 * fm) for kind in BY_RADIUS),
    SplitFormFactor(FormFactor("klein-nystrand"), FormFactor("helm", 5.0 * fm)),
    PerElement({"Cs": FormFactor("helm", 5.0 * fm), "I": SplitFormFactor()}),
]


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_every_model_on_every_nuclide(model: FormFactorModel) -> None:
    """F(0) = 1, bounded, finite, the shape of q."""
    q = np.linspace(0, 300, 7) * MeV
    for entry in all_nuclides():
        factors = nuclear_form_factors(model, entry)
        for values in (factors.proton(q, NOMINAL), factors.neutron(q, NOMINAL)):
            assert values.shape == q.shape and values[0] == 1
            assert np.all(np.abs(values) <= 1)


@pytest.mark.parametrize("model", MODELS, ids=str)
@pytest.mark.parametrize("symbols", [("Cs", "I"), ("Xe",), ("S", "V", "Pa")])
def test_declared_is_what_is_read(model: FormFactorModel, symbols: tuple[str, ...]) -> None:
    """The declared addresses are those read from θ; each at its nominal value changes nothing."""
    isotopes = [entry for symbol in symbols for entry in natural_isotopes(symbol)]
    declared = Parameters(parameters_of(model, isotopes))
    q = np.array([30.0, 80.0]) * MeV
    read: set[str] = set()
    for entry in isotopes:
        factors, theta = nuclear_form_factors(model, entry), Recorder(NOMINAL)
        factors.proton(q, theta)
        factors.neutron(q, theta)
        read |= theta.read
    assert read <= set(declared)
    if not isinstance(model, PerElement):
        assert read == set(declared)
    for parameter in declared.values():
        assert parameter.bounds is not None
        assert parameter.bounds[0] < parameter.value < parameter.bounds[1]
        assert parameter.unit == "fm" and parameter.scale == fm
        assert parameter.source and parameter.latex


# --- kind: unit (models) -------------------------------------------------------------------------


def test_default_is_helm_with_the_physical_radius() -> None:
    caesium = nuclide("Cs133")
    factors = nuclear_form_factors(FormFactor(), caesium)
    expected = helm(Q, physical_proton_radius(caesium))
    assert np.array_equal(factors.proton(Q, NOMINAL), expected)
    # Tolerance: R_n is the root of R_p², one rounding more.
    assert np.allclose(factors.neutron(Q, NOMINAL), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", ["S33", "Pa231"])
def test_lewin_smith_where_no_radius_is_measured(name: str) -> None:
    """Helm and symmetrised Fermi of Lewin & Smith. Tolerance: rounding of the radius."""
    entry = nuclide(name)
    ours = nuclear_form_factors(FormFactor("helm"), entry).proton(Q, NOMINAL)
    assert np.allclose(ours, helm_lewin_smith(Q, entry.A), rtol=0, atol=1e-14)
    ours = nuclear_form_factors(FormFactor("symmetrized-fermi"), entry).proton(Q, NOMINAL)
    c = lewin_smith_half_density_radius(entry.A)
    assert np.allclose(ours, symmetrized_fermi(Q, c), rtol=0, atol=1e-13)


def test_hydrogen_is_a_gaussian() -> None:
    """A proton of 0.878 fm (Angeli & Marinova) has no room for a surface of 0.9 fm."""
    for kind in ("helm", "symmetrized-fermi"):
        factors = nuclear_form_factors(FormFactor(kind), nuclide("H1"))
        expected = gaussian(Q, 0.8783 * fm)
        assert np.allclose(factors.proton(Q, NOMINAL), expected, rtol=0, atol=1e-15)


def test_theta_moves_radius_and_skin() -> None:
    """A radius holds for all isotopes and both nucleons, a skin for the neutrons."""
    for entry in natural_isotopes("Xe"):
        factors = nuclear_form_factors(FormFactor(), entry)
        theta = {"Xe.rms_radius": 5.1 * fm, "Xe.neutron_skin": 0.2 * fm, "I.rms_radius": 1 * fm}
        assert np.array_equal(factors.proton(Q, theta), helm(Q, 5.1 * fm))
        expected = helm(Q, neutron_radius(5.1 * fm, 0.2 * fm))
        assert np.array_equal(factors.neutron(Q, theta), expected)


@pytest.mark.parametrize("kind", ["helm-lewin-smith", "klein-nystrand", "point"])
def test_forms_without_a_radius_read_nothing(kind: str) -> None:
    factors = nuclear_form_factors(FormFactor(kind), nuclide("Ge76"))
    theta = Recorder({"Ge.rms_radius": 9 * fm, "Ge.neutron_skin": 1 * fm})
    expected = {
        "helm-lewin-smith": helm_lewin_smith(Q, 76),
        "klein-nystrand": klein_nystrand(Q, 1.2 * fm * math.cbrt(76)),
        "point": np.ones_like(Q),
    }[kind]
    assert np.array_equal(factors.proton(Q, theta), expected)
    assert np.array_equal(factors.neutron(Q, theta), expected)
    assert not theta.read
    assert parameters_of(FormFactor(kind), [nuclide("Ge76")]) == []


def test_split_is_each_form_by_itself() -> None:
    """Each nucleon as if the other were not there. Tolerance: rounding of the skin it implies."""
    iodine = nuclide("I127")
    model = SplitFormFactor(FormFactor("helm"), FormFactor("symmetrized-fermi", 5.2 * fm))
    factors = nuclear_form_factors(model, iodine)
    assert np.array_equal(factors.proton(Q, NOMINAL), helm(Q, physical_proton_radius(iodine)))
    expected = symmetrized_fermi_rms(Q, 5.2 * fm)
    assert np.allclose(factors.neutron(Q, NOMINAL), expected, rtol=0, atol=1e-13)
    radius, skin = parameters_of(model, [iodine])
    assert (radius.source, skin.source) == ("Angeli & Marinova 2013", "input")
    assert 0.4 < skin.value / fm < 0.5


def test_split_declares_a_radius_alone_for_protons_alone() -> None:
    model = SplitFormFactor(FormFactor("helm"), FormFactor("point"))
    assert [p.address for p in parameters_of(model, [nuclide("I127")])] == ["I.rms_radius"]


def test_per_element() -> None:
    """Named elements take their own, the others Helm."""
    model = PerElement({"Cs": FormFactor("helm", 5.0 * fm)})
    caesium, iodine = nuclide("Cs133"), nuclide("I127")
    ours = nuclear_form_factors(model, caesium).proton(Q, NOMINAL)
    assert np.array_equal(ours, helm(Q, 5.0 * fm))
    assert nuclear_form_factors(model, iodine) == nuclear_form_factors(FormFactor(), iodine)
    assert hash(model) == hash(PerElement({"Cs": FormFactor("helm", 5.0 * fm)}))


def test_parameters_show_the_most_abundant_isotope() -> None:
    radius, skin = parameters_of(FormFactor(), natural_isotopes("Ar"))
    assert (radius.address, skin.address) == ("Ar.rms_radius", "Ar.neutron_skin")
    assert radius.value == physical_proton_radius(nuclide("Ar40"))
    assert skin.value == 0 and skin.source == "no skin"
    (radius, _) = parameters_of(FormFactor("helm", 3.0 * fm), natural_isotopes("Ar"))
    assert (radius.value, radius.source) == (3.0 * fm, "input")


@pytest.mark.parametrize(
    ("kind", "radius"),
    [("helmet", None), ("point", 1.0), ("helm", 0.0), ("helm", -1.0), ("helm", math.nan)],
)
def test_bad_models(kind: str, radius: float | None) -> None:
    with pytest.raises(InputError) as caught:
        FormFactor(kind, radius)
    (mistake,) = caught.value.mistakes
    assert mistake.path.startswith("form_factor")
    assert (mistake.nearest == "helm") == (kind == "helmet")


# --- kind: property (gradients) ------------------------------------------------------------------


@pytest.mark.parametrize("kind", BY_RADIUS)
def test_gradients_are_finite(kind: str) -> None:
    """dF/dR and dF/dskin under JAX: zero at q = 0, equal to finite differences elsewhere."""
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        q = np.array([0.0, 1e-6, 1.0, 30.0, 100.0]) * MeV

        def neutron(radius: Any, skin: Any) -> Any:
            theta = {"Cs.rms_radius": radius, "Cs.neutron_skin": skin}
            return nuclear_form_factors(FormFactor(kind), nuclide("Cs133")).neutron(q, theta)

        for R in (1.2 * fm, 4.8 * fm):
            slopes = jax.jacobian(neutron, argnums=(0, 1))(R, 0.0)
            for slope, step in zip(slopes, [(1e-5, 0.0), (0.0, 1e-5)], strict=True):
                up = neutron(R + step[0] * fm, step[1] * fm)
                down = neutron(R - step[0] * fm, -step[1] * fm)
                # Tolerance: rounding over the step, and its square.
                assert np.allclose(slope * fm, (up - down) / 2e-5, rtol=1e-6, atol=1e-9)
                assert slope[0] == 0
    finally:
        jax.config.update("jax_enable_x64", before)
