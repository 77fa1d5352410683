"""Write docs/choices.md: what the fits of the data sets give with other choices.

Where a release leaves something open, or its authors describe it in words only, the result depends
on how it is read. Usage: ``python tools/write_choices.py`` (needs the files of the data sets).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cevns import analysis as analysis_module
from cevns.analysis import analysis_of
from cevns.config.study import study_from
from cevns.datasets.analysis import Analysis, read_analysis
from cevns.inference.fit import Fit, fit

OUTPUT = Path(__file__).parents[1] / "docs" / "choices.md"
EXPONENTIAL = {"type": "exponential", "sample": "anti-coincidence", "from": "0 us"}

HEAD = """# What the choices do

Made by `tools/write_choices.py`. Each line is the whole fit of a data set with one choice changed;
the first line of a table is what the package does. *CEvNS* is the fitted number of events, *Z* the
significance √q₀.
"""


def fitted(
    dataset: str, study: Mapping[str, Any] | None = None, changes: Mapping[str, Any] | None = None
) -> Fit:
    """The fit of ``dataset`` with changes to the experiment file and to its ``analysis.yaml``."""
    declared = read_analysis(dataset)
    if changes:
        content = declared.model_dump(by_alias=True, exclude_unset=True)
        declared = Analysis.model_validate(_merged(content, changes), context={"file": False})
    # The norms and widths of backgrounds are read with the file, the templates with the data.
    with patch.object(analysis_module, "read_analysis", lambda _: declared):
        found = analysis_of(study_from({"data": dataset, **(study or {})}))
        return fit(found.likelihood, found.interest)


def _merged(content: Any, changes: Mapping[str, Any]) -> Any:
    merged = dict(content)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        # A block of another type takes the place of the old one, an empty one as well.
        deeper = both and value and "type" not in value
        merged[key] = _merged(merged[key], value) if deeper else value
    return merged


def _row(title: str, found: Fit) -> str:
    (events,) = found.events.values()
    number, error = events["cevns"]
    rest = ", ".join(f"{name} {n:.1f}" for name, (n, _) in events.items() if name != "cevns")
    strength = next(iter(found.significances.values()), float("nan"))
    cells = (title, f"{number:.1f} ± {error:.1f}", f"{strength:.2f}", f"{found.minimum.value:.2f}")
    return f"| {' | '.join(cells)} | {rest} |"


def _table(rows: Iterator[tuple[str, Fit]]) -> list[str]:
    head = ["| choice | CEvNS | Z | −2 ln L | others |", "|---|---|---|---|---|"]
    return [*head, *(_row(title, found) for title, found in rows)]


def csi_2017() -> Iterator[tuple[str, Fit]]:
    """The steady state of CsI 2017, and the times of its signal."""
    name = "coherent-csi-2017"

    def steady(time: Any, **more: Any) -> Fit:
        return fitted(name, changes={"backgrounds": {"steady-state": {"time": time, **more}}})

    yield "exponential, fitted over 0–12 µs (τ = 17 µs)", fitted(name)
    yield "exponential, fitted over 0–6 µs", steady({**EXPONENTIAL, "to": "6 us"})
    yield "flat in time", steady({"type": "flat"})
    yield "times as counted", steady({"type": "counts", "sample": "anti-coincidence"})
    yield (
        "no beam neutrons",
        fitted(
            name, {"parameters": {"background.beam-neutrons.norm": {"value": 0, "fixed": True}}}
        ),
    )
    yield (
        "steady state without a constraint",
        fitted(name, {"parameters": {"background.steady-state.norm": {"prior": 100}}}),
    )
    yield "times of a Gaussian pulse at 440 ns", fitted(name, changes={"signal": {"arrival": {}}})
    yield "Klein–Nystrand form factor", fitted(name, {"form_factor": "klein-nystrand"})


def csi_2021_means() -> Iterator[tuple[str, Fit]]:
    """CsI 2021 against the mean of the pulse."""
    name = "coherent-csi-2021"
    yield "mean free (the package's choice)", fitted(name)
    for mean in (300, 350, 400, 440, 500, 550, 600, 650):
        held = {"parameters": {"source.pulse.mean": {"value": f"{mean} ns", "fixed": True}}}
        yield f"mean held at {mean} ns", fitted(name, held)


def csi_2021() -> Iterator[tuple[str, Fit]]:
    """Other choices in CsI 2021."""
    name = "coherent-csi-2021"
    shapes = ("quenching-0", "quenching-1", "efficiency")
    held = {f"shape.{key}": {"fixed": True} for key in shapes}
    yield "as the package does", fitted(name)
    yield "quenching and efficiency held", fitted(name, {"parameters": held})
    yield (
        "steady state from the anti-coincident count, 1295 ± 36",
        fitted(
            name,
            {"parameters": {"background.steady-state.norm": {"prior": 0.0278}}},
            {"backgrounds": {"steady-state": {"events": 1295}}},
        ),
    )
    yield (
        "neutron times without the time efficiency",
        fitted(
            name,
            changes={
                "backgrounds": {
                    k: {"time": {"type": "table", "file": f}}
                    for k, f in (
                        ("beam-neutrons", "brnTrec.txt"),
                        ("neutrino-induced-neutrons", "ninTrec.txt"),
                    )
                }
            },
        ),
    )
    yield "Klein–Nystrand form factor", fitted(name, {"form_factor": "klein-nystrand"})


def lar_2020() -> Iterator[tuple[str, Fit]]:
    """The signal's shape and the nuisances of LAr 2020."""
    name = "coherent-lar-2020"
    shapes = ("f90", "cevns-time-mean", "neutron-energy", "neutron-time-mean", "neutron-time-width")
    profiled = {f"shape.{key}": {"fixed": False} for key in shapes}
    predicted = {"data": {"name": name, "signal": "predicted"}}
    yield "released shape of the signal, shapes held", fitted(name)
    yield "released shape, all five shapes profiled", fitted(name, {"parameters": profiled})
    yield "shape predicted here, shapes held", fitted(name, predicted)
    yield (
        "shape predicted here, all five profiled",
        fitted(name, {**predicted, "parameters": profiled}),
    )
    yield (
        "steady state 3152, as the template sums",
        fitted(name, changes={"backgrounds": {"steady-state": {"events": 3152}}}),
    )


SECTIONS = (
    ("CsI 2017: steady state, neutrons, times", csi_2017),
    ("CsI 2021: the mean of the proton pulse", csi_2021_means),
    ("CsI 2021: other choices", csi_2021),
    ("LAr 2020: the shape of the signal", lar_2020),
)


def page() -> str:
    """The whole page."""
    lines = [HEAD.strip()]
    for title, rows in SECTIONS:
        lines += ["", f"## {title}", "", *_table(rows())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    OUTPUT.write_text(page(), "utf-8")
