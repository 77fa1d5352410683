"""Quenching: E_ee(T) per element, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import reference_rows
from test_response import CONUS, CSI, chain

from cevns.errors import InputError
from cevns.response.quenching import LindhardQuenching, invert
from cevns.units import MeV, keV

Q = "detector.quenching"


# Kind: reference. Closed form, so the header of the table asks for 1e-6.
def test_lindhard_reference() -> None:
    rows = reference_rows("lindhard.")
    assert rows
    for row in rows:
        T = np.array([row.inputs["T_keV"] * keV])
        model = LindhardQuenching(k=row.inputs["k"])
        factor = model.electron_equivalent(T, row.inputs["Z"], 72.6, {}, Q) / T
        assert factor == pytest.approx([row.value], rel=1e-10)


# Kind: reference. physics.md §6 quotes k ≈ 0.157 for germanium, to the digits printed.
def test_lindhard_k_of_the_element() -> None:
    T = np.array([0.0, 1e-9, 0.3, 300.0]) * keV
    own = LindhardQuenching().electron_equivalent(T, 32, 72.63, {}, Q)
    given_k = LindhardQuenching(k=0.133 * 32 ** (2 / 3) * 72.63**-0.5)
    assert own == pytest.approx(given_k.electron_equivalent(T, 32, 72.63, {}, Q), rel=1e-14)
    assert float(given_k.k or 0) == pytest.approx(0.157, abs=5e-4)
    assert own[0] == 0.0


# Kind: unit.
def test_quenching_forms_and_overrides(tmp_path: Path) -> None:
    T = np.array([0.0, 0.5, 20.0]) * keV
    (tmp_path / "q.csv").write_text("energy [keVnr],quenching\n1,0.1\n30,0.25\n")
    t = T / keV
    polynomial = {"type": "polynomial", "unit": "keV", "coefficients": [0.2, 1e-3]}
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"type": "constant", "value": 0.0878}, 0.0878 * t),
        ({"type": "linear", "a": 0.246, "b": "0.00078 / keVnr"}, (0.246 + 0.00078 * t) * t),
        (polynomial, 0.2 * t + 1e-3 * t**2),
        ({"type": "table", "file": "q.csv"}, np.interp(t, [1, 30], [0.1, 0.25]) * t),
    ]
    for block, expected in cases:
        model = chain(tmp_path, quenching=block).quenching
        assert model is not None
        assert model.electron_equivalent(T, 18, 40, {}, Q) / keV == pytest.approx(expected)
    model = chain(quenching=polynomial).quenching
    assert model is not None
    theta = {f"{Q}.coefficients.2": 2e-3}
    moved = model.electron_equivalent(T, 18, 40, theta, Q) / keV
    assert moved == pytest.approx(0.2 * t + 2e-3 * t**2)
    assert [parameter.address for parameter in model.parameters(Q)] == [
        f"{Q}.coefficients.1",
        f"{Q}.coefficients.2",
    ]


# Kind: unit.
def test_quenching_per_element() -> None:
    blocks = {"Na": {"type": "lindhard"}, "I": {"type": "constant", "value": "6 %"}}
    model = chain(quenching=blocks).quenching
    assert model is not None
    T = np.array([1.0, 10.0]) * keV
    sodium = LindhardQuenching().electron_equivalent(T, 11, 23, {}, Q)
    assert model.electron_equivalent(T, 11, 23, {}, Q) == pytest.approx(sodium)
    iodine = model.electron_equivalent(T, 53, 127, {f"{Q}.I.value": 0.08}, Q)
    assert iodine == pytest.approx(0.08 * T)
    assert [parameter.address for parameter in model.parameters(Q)] == [f"{Q}.I.value"]
    assert str(model.missing(["Na", "Tl"], Q)[0]) == (
        "detector.quenching: found quenching of Na, I only, "
        "expected the element 'Tl' of the target too"
    )
    with pytest.raises(InputError, match="'Tl'"):
        model.electron_equivalent(T, 81, 204, {}, Q)
    dumped = model.model_dump()
    assert dumped["I"] == {"type": "constant", "value": 0.06}


# Kind: unit. Below the cut-off nothing; a polynomial that dips below zero counts as zero.
def test_quenching_never_negative() -> None:
    T = np.linspace(0, 5, 11) * keV
    cut = LindhardQuenching(cutoff=2 * keV)
    energy = cut.electron_equivalent(T, 32, 72.6, {}, Q)
    assert (energy > 0).tolist() == [number >= 4 for number in range(11)]
    assert cut.breaks(32, {}, Q) == pytest.approx([2 * keV])
    dip = chain(quenching={"type": "polynomial", "unit": "keV", "coefficients": [-0.1, 0.05]})
    assert dip.quenching is not None
    assert np.all(dip.quenching.electron_equivalent(T, 32, 72.6, {}, Q) >= 0)


# Kind: property.
@given(st.floats(0.05, 0.3), st.floats(1e-4, 20.0))
@settings(deadline=None)
def test_invert_round_trip(k: float, T: float) -> None:
    model = LindhardQuenching(k=k)

    def curve(values: Any) -> Any:
        return model.electron_equivalent(values, 32, 72.6, {}, Q)

    target = curve(np.array([T * keV]))
    found = invert(curve, [*target, -np.inf, np.inf, 0.0], 30 * keV)
    # The target itself is rounded to 1e-16, and E_ee(T) is steeper than T.
    assert found == pytest.approx([T * keV], rel=1e-13)


# Kind: unit. Every crossing of a curve that turns, and the place of a jump.
def test_invert_all_crossings() -> None:
    found = invert(lambda T: keV * np.sin(T / keV), [0.5 * keV], 12 * keV)
    expected = np.pi * np.array([1 / 6, 5 / 6, 13 / 6, 17 / 6])
    assert found / keV == pytest.approx(expected, rel=1e-13)
    cut = LindhardQuenching(cutoff=2 * keV)
    level = 0.1 * keV  # E_ee(2 keV) is above it
    found = invert(
        lambda T: cut.electron_equivalent(T, 32, 72.6, {}, Q), [level], 9 * keV, [2 * keV]
    )
    assert found == pytest.approx([2 * keV], rel=1e-13)


# Kind: unit. A polynomial in MeV is the same whatever the internal units are.
def test_polynomial_unit() -> None:
    model = chain(**CSI).quenching
    assert model is not None
    t = 0.02
    expected = 0.0554628 * t + 4.30681 * t**2 - 111.707 * t**3 + 840.384 * t**4
    found = model.electron_equivalent(np.array([t * MeV]), 55, 133, {}, Q) / MeV
    assert found == pytest.approx([expected], rel=1e-13)


# Kind: unit. Only numbers that are given have an address; k of the element is no parameter.
def test_parameters_that_are_given() -> None:
    model = chain(**CONUS)
    assert model.quenching is not None and model.resolution is not None
    found = [*model.quenching.parameters("q"), *model.resolution.parameters("r")]
    assert [parameter.address for parameter in found] == [
        "q.k",
        "r.noise",
        "r.fano",
        "r.pair_energy",
    ]
    assert list(LindhardQuenching().parameters("q")) == []
