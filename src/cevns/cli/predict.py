"""``cevns predict FILE``."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cevns.cli.output import print_json, with_json, with_output

if TYPE_CHECKING:
    from cevns.budget import Alternative
    from cevns.config.study import Study
    from cevns.prediction import Prediction
    from cevns.uncertainty import Uncertainty

EPILOG = """\b
Examples:
  cevns predict examples/scholberg-2006-argon.yaml
  cevns predict examples/coherent-lar-2020.yaml --json
  cevns predict examples/coherent-csi-2021.yaml --budget
  cevns predict examples/coherent-csi-2021.yaml --output output/csi
  cevns predict --experiment nucleus
"""

_POINTS = 200  # of a curve against the threshold, at least


@click.command("predict", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--experiment",
    metavar="NAME",
    help="An entry of the catalogue in the place of FILE (cevns list catalogue).",
)
@with_json
@with_output(
    "Write results, resolved configuration and figures into this folder, over earlier ones."
)
@click.option(
    "--budget", "with_budget", is_flag=True, help="Also show how the total moves with each choice."
)
def command(
    file: Path | None,
    experiment: str | None,
    as_json: bool,
    output: Path | None,
    with_budget: bool,
) -> None:
    """Expected counts, spectrum and figure for the experiment file FILE."""
    study = _study(file, experiment)
    predictions = {name: study.predict(name) for name in study.experiments}
    errors = _errors(study)
    budgets = _budgets(study) if with_budget else {}
    result = _result(study, predictions, errors, budgets)
    written = _write(study, predictions, errors, result, output) if output is not None else []
    if as_json:
        print_json(result)
    else:
        _print(predictions, errors, budgets, written)
        _say_doubts(study)


def _study(file: Path | None, experiment: str | None) -> Study:
    """The study in a file, or that of an entry of the catalogue."""
    from cevns.catalogue import entry_file
    from cevns.config.study import load
    from cevns.errors import InputError, Mistake

    if file is not None and experiment is not None:
        raise InputError(Mistake("--experiment", str(file), "no FILE beside it"))
    if file is not None:
        return load(file)
    if experiment is None:
        expected = "an experiment file, or --experiment NAME"
        raise InputError(Mistake("", "no FILE", expected))
    return load(entry_file(experiment, "--experiment"))


def _errors(study: Study) -> dict[str, Uncertainty]:
    """How well each prediction is known, where the file has priors."""
    if not any(parameter.prior for parameter in study.parameters.values()):
        return {}
    from cevns.uncertainty import uncertainty

    found = {name: uncertainty(study, name) for name in study.experiments}
    return {name: one for name, one in found.items() if one is not None}


def _budgets(study: Study) -> dict[str, list[Alternative]]:
    """For each experiment, how its total moves with one choice."""
    from cevns.budget import budget

    return {
        name: budget(experiment, study.theta(name))
        for name, experiment in study.experiments.items()
    }


def _result(
    study: Study,
    predictions: dict[str, Prediction],
    errors: dict[str, Uncertainty],
    budgets: dict[str, list[Alternative]],
) -> dict[str, Any]:
    """The object of ``--json``: the prediction, or one per experiment."""
    from cevns.config.write import versions

    single = {name: prediction.as_dict() for name, prediction in predictions.items()}
    for name, error in errors.items():
        single[name]["uncertainty"] = error.as_dict()
    for name, alternatives in budgets.items():
        single[name]["budget"] = [vars(one) for one in alternatives]
    result = single.get("", {"name": study.name, "experiments": single})
    return {**result, "versions": versions()}


def _print(
    predictions: dict[str, Prediction],
    errors: dict[str, Uncertainty],
    budgets: dict[str, list[Alternative]],
    written: list[Path],
) -> None:
    from cevns.display import report

    for name, prediction in predictions.items():
        report.show(*report.prediction_tables(prediction, errors.get(name)))
        if name in budgets:
            report.show(report.budget_table(budgets[name], prediction.name))
    if written:
        report.show("Written: " + ", ".join(str(path) for path in written))


def _say_doubts(study: Study) -> None:
    """Which numbers of a file are of references that nobody could confirm."""
    from cevns.display import report

    references = study.together.about.references
    doubtful = [path for path, text in references.items() if "not confirmed" in text]
    if doubtful:
        report.show(f"Not confirmed, see about.references: {', '.join(doubtful)}")


def _write(
    study: Study,
    predictions: dict[str, Prediction],
    errors: dict[str, Uncertainty],
    result: dict[str, Any],
    output: Path,
) -> list[Path]:
    """Results, resolved configuration and one figure per experiment."""
    from cevns.config.write import write_config, write_json
    from cevns.display import plot
    from cevns.display.plot_style import save

    output.mkdir(parents=True, exist_ok=True)
    written = [output / "results.json", write_config(study, output)]
    write_json(written[0], result)
    for name, own in predictions.items():
        title = own.name if own.name == study.name else f"{study.name}, {own.name}"
        prediction = replace(own, name=title.removeprefix(", "))
        figures = {"prediction": plot.prediction_figure(prediction, errors.get(name))}
        if len(prediction.above_edges) > 1:
            figures["threshold"] = plot.threshold_figure(
                *_over_thresholds(study, name, prediction.edges),
                f"{prediction.name}: events over threshold",
                prediction.axis,
                prediction,
            )
        for kind, figure in figures.items():
            for suffix in ("png", "svg"):
                written.append(output / f"{kind}{f'-{name}' if name else ''}.{suffix}")
                save(figure, written[-1])
    return written


def _over_thresholds(study: Study, name: str, edges: Any) -> tuple[Any, dict[str, Any]]:
    """Thresholds at and between the edges, and the events over each by group.

    As many as a curve needs that falls to zero between two edges.
    """
    import numpy as np

    from cevns.prediction import sums_by_name

    experiment, theta = study.experiments[name], study.theta(name)
    bins = len(edges) - 1
    places = np.linspace(0, bins, bins * math.ceil(_POINTS / bins) + 1)
    thresholds = np.interp(places, np.arange(bins + 1), edges)
    counts = experiment.counts(np.append(thresholds, np.inf), theta).sum(axis=1)
    passing = experiment.time_fractions(theta=theta).sum(axis=1)
    above = np.cumsum((counts * passing[:, None])[:, ::-1], axis=1)[:, ::-1]
    return thresholds, sums_by_name((one.group for one in experiment.components), above)
