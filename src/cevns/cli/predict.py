"""``cevns predict FILE``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cevns.budget import Alternative
    from cevns.config.study import Study
    from cevns.prediction import Prediction

EPILOG = """\b
Examples:
  cevns predict examples/scholberg-2006-argon.yaml
  cevns predict examples/coherent-lar-2020.yaml --json
  cevns predict examples/coherent-csi-2021.yaml --budget
  cevns predict examples/coherent-csi-2021.yaml --output output/csi
"""


@click.command("predict", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write results, resolved configuration and figures into this folder.",
)
@click.option(
    "--budget", "with_budget", is_flag=True, help="Also show how the total moves with each choice."
)
def command(file: Path, as_json: bool, output: Path | None, with_budget: bool) -> None:
    """Expected counts, spectrum and figure for the experiment file FILE."""
    from cevns.config.study import load

    study = load(file)
    predictions = {name: study.predict(name) for name in study.experiments}
    budgets = _budgets(study) if with_budget else {}
    result = _result(study, predictions, budgets)
    written = _write(study, predictions, result, output) if output is not None else []
    if as_json:
        click.echo(json.dumps(result, allow_nan=False, ensure_ascii=False))
    else:
        _print(predictions, budgets, written)


def _budgets(study: Study) -> dict[str, list[Alternative]]:
    """For each experiment, how its total moves with one choice."""
    from cevns.budget import budget

    return {
        name: budget(experiment, study.theta(name))
        for name, experiment in study.experiments.items()
    }


def _result(
    study: Study, predictions: dict[str, Prediction], budgets: dict[str, list[Alternative]]
) -> dict[str, Any]:
    """The object of ``--json``: the prediction, or one per experiment."""
    from cevns.config.write import versions

    single = {name: prediction.as_dict() for name, prediction in predictions.items()}
    for name, alternatives in budgets.items():
        single[name]["budget"] = [vars(one) for one in alternatives]
    result = single.get("", {"name": study.name, "experiments": single})
    return {**result, "versions": versions()}


def _print(
    predictions: dict[str, Prediction],
    budgets: dict[str, list[Alternative]],
    written: list[Path],
) -> None:
    from cevns import report

    for name, prediction in predictions.items():
        report.show(*report.prediction_tables(prediction))
        if name in budgets:
            report.show(report.budget_table(budgets[name], prediction.name))
    if written:
        report.show("Written: " + ", ".join(str(path) for path in written))


def _write(
    study: Study, predictions: dict[str, Prediction], result: dict[str, Any], output: Path
) -> list[Path]:
    """Results, resolved configuration and one figure per experiment."""
    from cevns import plot
    from cevns.config.write import write_config, write_json
    from cevns.plot_style import save

    output.mkdir(parents=True, exist_ok=True)
    written = [output / "results.json", write_config(study, output)]
    write_json(written[0], result)
    for name, prediction in predictions.items():
        figures = {"prediction": plot.prediction_figure(prediction)}
        if len(prediction.above_edges) > 1:
            figures["threshold"] = plot.threshold_figure(
                prediction.edges,
                prediction.above_edges,
                f"{prediction.name}: events over threshold",
                prediction.axis,
                prediction,
            )
        for kind, figure in figures.items():
            for suffix in ("png", "svg"):
                written.append(output / f"{kind}{f'-{name}' if name else ''}.{suffix}")
                save(figure, written[-1])
    return written
