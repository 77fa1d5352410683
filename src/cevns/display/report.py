"""Results as text: the tables that the command line prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from cevns.budget import Alternative
    from cevns.parameters import Parameter, Parameters
    from cevns.prediction import Prediction
    from cevns.uncertainty import Uncertainty

PRETTY = {
    "nu_e": "ν_e",
    "nu_mu": "ν_μ",
    "nu_tau": "ν_τ",
    "nu_e_bar": "ν̄_e",
    "nu_mu_bar": "ν̄_μ",
    "nu_tau_bar": "ν̄_τ",
}
_ROWS = 12  # bins shown at most
_PIPE_WIDTH = 132  # characters, where nobody's window says how many


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], numeric: int = 1
) -> Any:
    """A table of text; columns from ``numeric`` on are aligned to the right.

    The first column is never cut: names are there to be typed again.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    heading = Text(title, style="bold")
    made = Table(title=heading, box=SIMPLE_HEAD, title_justify="left")
    for index, column in enumerate(columns):
        justify: Any = "right" if index >= numeric else "left"
        made.add_column(Text(column), justify=justify, no_wrap=index == 0, overflow="fold")
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))
    return made


def show(*parts: Any) -> None:
    """Print tables and lines to standard output, plain and wide where it is not a terminal."""
    import sys

    from rich.console import Console

    console = Console(
        highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPE_WIDTH
    )
    for part in parts:
        console.print(part, markup=False) if isinstance(part, str) else console.print(part)


def events(value: float) -> str:
    """A number of events with what digits it deserves."""
    if value == 0 or abs(value) >= 1e7 or abs(value) < 1e-3:
        return f"{value:.4g}"
    digits = max(0, 4 - int(np.floor(np.log10(abs(value)))))
    return f"{value:,.{min(digits, 6)}f}"


def prediction_tables(prediction: Prediction, error: Uncertainty | None = None) -> list[Any]:
    """Totals by flavour and nuclide, the bins of the observable, and what is uncertain."""
    title = f"{prediction.name}: expected events"
    return [
        table(title, ["", "events", "share"], _totals(prediction, error)),
        _bins(prediction),
        *([] if error is None else [uncertainty_table(error, prediction.total)]),
    ]


def uncertainty_table(error: Uncertainty, total: float) -> Any:
    """What one standard deviation of each prior does to the signal and the backgrounds."""
    rows = [
        (
            one.parameter.address,
            _prior(one.parameter),
            f"{one.down:+.4g}",
            f"{one.up:+.4g}",
            _share(abs(one.signal), total),
            f"{one.background:+.4g}" if one.background else "",
        )
        for one in error.effects
    ]
    rows.append(("together", "", "", "", _share(error.total, total), ""))
    columns = ["Uncertain", "prior", "signal −1σ", "signal +1σ", "share", "background"]
    return table("What the priors mean", columns, rows)


def _prior(parameter: Parameter) -> str:
    return f"{(parameter.prior or 0.0) / parameter.scale:.4g} {parameter.unit}".rstrip()


def _totals(prediction: Prediction, error: Uncertainty | None) -> list[tuple[str, str, str]]:
    total = prediction.total
    known = "" if error is None else f" ± {events(error.total)}"
    rows = [("signal, all that passes", events(total) + known, "")]

    def add(title: str, parts: Mapping[str, float], names: Mapping[str, str]) -> None:
        if len(parts) > 1:
            rows.append((title, "", ""))
            rows.extend(
                (f"  {names.get(name, name)}", events(value), _share(value, total))
                for name, value in parts.items()
                if value or not total
            )

    add("by part of the source", prediction.by_group, {})
    add("by flavour at the detector", prediction.by_flavour, PRETTY)
    add("by target", prediction.by_nuclide, {})
    off = prediction.below + prediction.above
    if off > 1e-9 * total:
        axis = f"off the {prediction.axis} axis (below {events(prediction.below)}, above "
        rows.append((f"  {axis}{events(prediction.above)})", events(off), _share(off, total)))
    rows.extend(
        (f"background: {name}", events(float(np.sum(counts))), "")
        for name, counts in prediction.backgrounds.items()
    )
    return rows


def _share(value: float, total: float) -> str:
    return f"{value / total:.2%}" if total else ""


def _bins(prediction: Prediction) -> Any:
    """The bins, joined to a dozen rows where there are more."""
    from cevns.prediction import AXIS_SCALE

    edges = prediction.edges / AXIS_SCALE[prediction.axis]
    joined = _joined(len(prediction.counts))
    starts = np.arange(0, len(prediction.counts), joined)
    signal = np.add.reduceat(prediction.counts, starts)
    backgrounds = {k: np.add.reduceat(v, starts) for k, v in prediction.backgrounds.items()}
    ends = np.append(edges[starts[1:]], edges[-1])
    rows = [
        (
            f"{low:.4g} – {high:.4g}",
            events(float(signal[i])),
            *(events(float(counts[i])) for counts in backgrounds.values()),
        )
        for i, (low, high) in enumerate(zip(edges[starts], ends, strict=True))
    ]
    title = "Observable" + (f" ({joined} bins in a row)" if joined > 1 else "")
    return table(title, [prediction.axis, "signal", *backgrounds], rows)


def _joined(bins: int) -> int:
    """How many bins make a row: enough to fit, and without a rest where that is possible."""
    least = max(1, -(-bins // _ROWS))
    return next((size for size in range(least, 2 * least) if bins % size == 0), least)


def budget_table(alternatives: Sequence[Alternative], name: str = "") -> Any:
    """Which choice matters: the total with one choice changed."""
    rows = [
        (one.choice, one.becomes, events(one.total), f"{one.change:+.2%}") for one in alternatives
    ]
    title = f"{name}: which choice matters" if name else "Which choice matters"
    return table(title, ["choice", "becomes", "events", "change"], rows, numeric=2)


def parameter_rows(parameters: Parameters) -> list[dict[str, Any]]:
    """Parameters as plain data, in their own units; what is not set is absent.

    A bound that there is not is None.
    """
    rows = []
    for address, p in parameters.items():
        row: dict[str, Any] = {"address": address}
        if p.value is not None:
            complex_ = isinstance(p.value, complex)
            row["value"] = str(p.value) if complex_ else float(p.value / p.scale)
        if p.unit:
            row["unit"] = p.unit
        if p.prior is not None:
            row["prior"] = float(p.prior / p.scale)
        if p.bounds is not None:
            row["bounds"] = [
                float(f"{b / p.scale:.12g}") if np.isfinite(b) else None for b in p.bounds
            ]
        if not p.fixed:
            row["floats"] = True
        if p.same_as:
            row["same_as"] = p.same_as
        if p.source:
            row["source"] = p.source
        rows.append(row)
    return rows


def correlation_table(correlations: Iterable[Mapping[str, Any]]) -> Any:
    """Correlations between the priors of parameters: {between, rho}."""
    rows = [(*one["between"], f"{one['rho']:g}") for one in correlations]
    return table("Correlations of priors", ["between", "and", "rho"], rows, numeric=2)


def _bound(value: float | None, absent: str) -> str:
    return absent if value is None else str(value)


def parameter_table(parameters: Parameters) -> Any:
    """Address, value, unit, prior, bounds of every parameter, and whether a fit varies it."""
    rows = []
    for row in parameter_rows(parameters):
        value = row.get("value", "to be given")
        low, high = row.get("bounds", (None, None))
        rows.append(
            (
                row["address"],
                f"{value:.6g}" if isinstance(value, float) else value,
                row.get("unit", ""),
                f"± {row['prior']:.4g}" if "prior" in row else "",
                f"[{_bound(low, '-inf')}, {_bound(high, 'inf')}]" if "bounds" in row else "",
                "yes" if "floats" in row else "",
                f"= {row['same_as']}" if "same_as" in row else row.get("source", ""),
            )
        )
    columns = ["address", "value", "unit", "prior", "bounds", "floats", "source"]
    return table("Parameters", columns, rows, numeric=9)
