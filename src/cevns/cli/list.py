"""``cevns list WHAT``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cevns.cli.output import print_json, with_json

EPILOG = """\b
Examples:
  cevns list sources
  cevns list targets --json
  cevns list catalogue
  cevns list catalogue nucleus > my-experiment.yaml
  cevns list parameters examples/coherent-csi-2021.yaml
"""
WHAT = (
    *("sources", "interactions", "targets", "form-factors", "facilities", "units"),
    *("catalogue", "parameters"),
)


@click.command("list", epilog=EPILOG)
@click.argument("what")
@click.argument("file", metavar="[FILE|NAME]", required=False)
@with_json
def command(what: str, file: str | None, as_json: bool) -> None:
    """List what there is: sources, interactions, targets, form-factors, facilities, units, the
    catalogue of experiments or the file of its entry NAME, or the parameters of the experiment
    file FILE."""
    from cevns.display import report
    from cevns.errors import InputError, Mistake, unknown_name

    if what not in WHAT:
        raise unknown_name("", what, WHAT, "list")
    if what == "catalogue" and file is not None:
        _show_entry(file)
        return
    if (what == "parameters") != (file is not None):
        expected = "cevns list parameters FILE" if file is None else "no file"
        raise InputError(Mistake(what, "no file" if file is None else file, expected))
    if file is not None:
        _show_parameters(Path(file), as_json)
        return
    rows = _LISTS[what]()
    if as_json:
        print_json({what: rows})
    else:
        columns = list(rows[0])
        body = [[row.get(column, "") for column in columns] for row in rows]
        report.show(report.table(what.capitalize(), columns, body, numeric=len(columns)))


def _show_entry(name: str) -> None:
    """The file of an entry of the catalogue, to be copied: its tables by where they are."""
    import re

    from cevns.catalogue import entry_file

    path = entry_file(name, "catalogue")

    def located(found: re.Match[str]) -> str:
        return f"file: {(path.parent / found[1]).resolve()}"

    click.echo(re.sub(r"\bfile: ([\w./-]+)", located, path.read_text("utf-8")), nl=False)


def _catalogue() -> list[dict[str, Any]]:
    from cevns.catalogue import entries, entry_file, not_given
    from cevns.merge import extended
    from cevns.yaml_reader import read_file

    rows = []
    for name in entries():
        path = entry_file(name)
        content = extended(read_file(path), path.parent)
        missing = ", ".join(not_given(content))
        rows.append({"name": name, "what": content["about"]["title"], "not given": missing})
    return rows


def _show_parameters(file: Path, as_json: bool) -> None:
    """The parameters of an experiment file and the correlations between their priors."""
    from cevns.config.study import load
    from cevns.display import report

    study = load(file)
    correlations = [
        {"between": list(one.between), "rho": float(one.rho)} for one in study.together.correlations
    ]
    if as_json:
        rows = report.parameter_rows(study.parameters)
        content = {"parameters": rows, "correlations": correlations}
        print_json(content)
        return
    report.show(report.parameter_table(study.parameters))
    if correlations:
        report.show(report.correlation_table(correlations))


def _sources() -> list[dict[str, Any]]:
    from cevns.sources import SOURCES

    return [
        {
            "name": name,
            "what": source.summary,
            "reference": source.reference,
        }
        for name, source in SOURCES.items()
    ]


def _interactions() -> list[dict[str, Any]]:
    from cevns.interactions import INTERACTIONS

    return [
        {
            "name": name,
            "what": interaction.summary,
            "reference": interaction.reference,
        }
        for name, interaction in INTERACTIONS.items()
    ]


def _targets() -> list[dict[str, Any]]:
    from cevns.nuclides import elements, natural_isotopes
    from cevns.units import fm

    rows = []
    for symbol in elements():
        isotopes = natural_isotopes(symbol)
        radius = max(isotopes, key=lambda n: n.abundance).charge_radius
        rows.append(
            {
                "element": symbol,
                "nuclides": " ".join(f"{n.name} ({n.abundance:.2%})" for n in isotopes),
                "charge radius [fm]": f"{radius / fm:.4f}" if radius else "",
            }
        )
    return rows


def _form_factors() -> list[dict[str, Any]]:
    what = {
        "helm": "Helm with the physical proton radius of each nuclide (default)",
        "helm-lewin-smith": "Helm with Lewin and Smith's radius",
        "klein-nystrand": "Klein-Nystrand, R_A = 1.2 A^(1/3) fm; or with an rms_radius",
        "symmetrized-fermi": "symmetrised Fermi with the physical proton radius",
        "gaussian": "Gaussian, for the lightest nuclei",
        "point": "none (F = 1)",
    }
    return [{"name": name, "what": text} for name, text in what.items()]


def _facilities() -> list[dict[str, Any]]:
    from cevns.sources.facilities import FACILITIES
    from cevns.units import MW, GeV, s, year

    def shown(number: float | None, unit: float = 1.0) -> str:
        return "" if number is None else f"{number / unit:.3g}"

    return [
        {
            "name": name,
            "power [MW]": shown(one.power, MW),
            "protons [GeV]": shown(one.proton_energy, GeV),
            "pions per proton": shown(one.pions_per_proton),
            "neutrinos per year": shown(one.neutrino_rate, 1 / year),
            "pulses [Hz]": shown(one.repetition, 1 / s),
            "duty": shown(one.duty),
            "reference": one.reference,
        }
        for name, one in FACILITIES.items()
    ]


def _units() -> list[dict[str, Any]]:
    from cevns.quantities import KNOWN_UNITS

    return [{"unit": name} for name in KNOWN_UNITS]


_LISTS = {
    "sources": _sources,
    "interactions": _interactions,
    "targets": _targets,
    "form-factors": _form_factors,
    "facilities": _facilities,
    "units": _units,
    "catalogue": _catalogue,
}
