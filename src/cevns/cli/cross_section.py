"""``cevns cross-section TARGET``."""

from __future__ import annotations

from typing import Any

import click

from cevns.cli.output import print_json, with_json
from cevns.flavours import NEUTRINOS

EPILOG = """\b
Examples:
  cevns cross-section Ar40 --energy "30 MeV"
  cevns cross-section CsI --source stopped-pion --json
  cevns cross-section Xe --energy "30 MeV" --recoil "5 keV" --form-factor klein-nystrand
  cevns cross-section Na23 --energy "30 MeV" --axial shell-model
  cevns cross-section electron --energy "10 MeV" --flavour nu_mu
"""


@click.command("cross-section", epilog=EPILOG)
@click.argument("target")
@click.option("--energy", help='Neutrino energy, such as "30 MeV".')
@click.option("--recoil", help='Recoil energy for one value of dσ/dT, such as "10 keV".')
@click.option(
    "--source", "source", type=click.Choice(["stopped-pion"]), help="Average over this spectrum."
)
@click.option("--threshold", default="0 keV", show_default=True, help="Smallest recoil counted.")
@click.option("--flavour", type=click.Choice(NEUTRINOS), help="With --energy; nu_e by default.")
@click.option("--form-factor", default="helm", show_default=True)
@click.option(
    "--axial",
    type=click.Choice(["none", "simple", "shell-model"]),
    default="none",
    show_default=True,
    help="What the spins of nuclei do.",
)
@click.option("--scheme", type=click.Choice(["tree", "radiative", "radiative-q"]), default="tree")
@click.option("--sin2-theta-w", type=float, default=None, help="sin²θ_W; 0.23857 by default.")
@click.option(
    "--kinematics", type=click.Choice(["exact", "no-T-over-E"]), default="exact", show_default=True
)
@with_json
def command(target: str, as_json: bool, **options: Any) -> None:
    """Cross-sections of TARGET ("Ar40", "Xe", "CsI"), per nucleus.

    For a compound or a natural element: the mean over its nuclei. The TARGET "electron" is a free
    electron.
    """
    result = _compute(target, **options)
    if as_json:
        print_json(result)
    else:
        _print(result)


def _compute(
    target: str,
    energy: str | None,
    recoil: str | None,
    source: str | None,
    threshold: str,
    flavour: str | None,
    form_factor: str,
    axial: str,
    scheme: str,
    sin2_theta_w: float | None,
    kinematics: str,
) -> dict[str, Any]:
    import cevns
    from cevns.errors import InputError, Mistake
    from cevns.form_factor_spec import parse_form_factor
    from cevns.interactions.standard_model import SIN2_THETA_W
    from cevns.units import cm, keV, s

    if energy is None and source is None:
        raise InputError(Mistake("", "neither --energy nor --source", "one of them, or both"))
    s2 = SIN2_THETA_W if sin2_theta_w is None else sin2_theta_w
    couplings = {"scheme": scheme, "sin2_theta_w": s2}
    shared: dict[str, Any] = {
        "model": cevns.StandardModel.check(couplings, "", from_file=False),
        "form_factor": parse_form_factor(form_factor, path="--form-factor"),
        "axial": axial,
        "kinematics": kinematics,
    }
    made = target if target == "electron" else cevns.Target(target, "TARGET")
    result: dict[str, Any] = {"target": target, "couplings": couplings}
    if source is not None:
        pions = cevns.StoppedPion(flux=1 / cm**2 / s)
        T_min = _positive(threshold, "keV", "--threshold", zero=True)
        average = cevns.flux_averaged_cross_section(pions, made, threshold=T_min, **shared)
        result["flux_averaged_cm2"] = float(average / cm**2)
        result["threshold_keV"] = float(T_min / keV)
    if energy is not None:
        at = {**shared, "flavour": flavour or "nu_e"}
        result.update(_at(made, energy, recoil, threshold, at))
    for option, value in (("--recoil", recoil), ("--flavour", flavour)):
        if energy is None and value is not None:
            raise InputError(Mistake(option, repr(value), "an --energy beside it"))
    return result


def _at(
    target: Any, energy: str, recoil: str | None, threshold: str, shared: dict[str, Any]
) -> dict[str, Any]:
    """Total and differential cross-sections at one energy."""
    import numpy as np

    import cevns
    from cevns.cross_sections import target_parts
    from cevns.kinematics import maximum_recoil
    from cevns.nodes import spectrum_grid
    from cevns.units import MeV, cm, keV

    E = _positive(energy, "MeV", "--energy")
    T_min = _positive(threshold, "keV", "--threshold", zero=True)
    masses = [scatterer.mass for _, scatterer in target_parts(target)]
    T_max = max(maximum_recoil(E, mass, shared["kinematics"]) for mass in masses)
    grid = spectrum_grid(T_max)
    if recoil is not None:
        grid = np.array([_positive(recoil, "keV", "--recoil")])
    total = cevns.total_cross_section(E, target, threshold=T_min, **shared)
    differential = cevns.differential_cross_section(E, grid, target, **shared)
    return {
        "energy_MeV": float(E / MeV),
        "flavour": shared["flavour"],
        "threshold_keV": float(T_min / keV),
        "maximum_recoil_keV": float(T_max / keV),
        "total_cm2": float(total / cm**2),
        "differential": {
            "recoil_energy_keV": [float(T / keV) for T in grid],
            "cm2_per_keV": [float(value / (cm**2 / keV)) for value in differential],
        },
    }


def _positive(text: str, unit: str, option: str, zero: bool = False) -> float:
    from cevns.errors import InputError, Mistake
    from cevns.spec import Quantity

    try:
        return Quantity(unit, range="non-negative" if zero else "positive").parse(text, True)
    except InputError as error:
        first = error.mistakes[0]
        raise InputError(Mistake(option, first.found, first.expected, first.nearest)) from None


def _print(result: dict[str, Any]) -> None:
    from cevns.display import report

    rows = []
    if "total_cm2" in result:
        at = f"{result['flavour']}, {result['energy_MeV']:g} MeV"
        above = f", T > {result['threshold_keV']:g} keV" if result["threshold_keV"] else ""
        rows.append((f"σ ({at}{above})", f"{result['total_cm2']:.6e}", "cm²"))
        rows.append(("largest recoil", f"{result['maximum_recoil_keV']:.4f}", "keV"))
        differential = result["differential"]
        points = list(
            zip(differential["recoil_energy_keV"], differential["cm2_per_keV"], strict=True)
        )
        step = max(1, len(points) // 12)
        shown = points if len(points) < 13 else points[30::step]
        rows.extend((f"dσ/dT at {T:.4g} keV", f"{value:.6e}", "cm²/keV") for T, value in shown)
    if "flux_averaged_cm2" in result:
        above = f", T > {result['threshold_keV']:g} keV" if result["threshold_keV"] else ""
        rows.append(
            (f"⟨σ⟩ (stopped-pion flux{above})", f"{result['flux_averaged_cm2']:.6e}", "cm²")
        )
    target = result["target"]
    whole = "of one at rest" if target == "electron" else "per nucleus"
    title = f"{target}: cross-section {whole}"
    report.show(report.table(title, ["", "value", "unit"], rows))
