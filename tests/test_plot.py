"""Figures: what they show and say, and that they are written whole and the same every time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from cevns.display.plot import (
    AXIS_LABELS,
    ComparisonPanel,
    comparison_figure,
    prediction_figure,
    threshold_figure,
)
from cevns.display.plot_style import save
from cevns.errors import InputError
from cevns.prediction import AXIS_SCALE, Prediction
from cevns.uncertainty import Uncertainty
from cevns.units import keV, us

T = np.linspace(0.5, 150, 300) * keV
FLAVOURS = {
    "nu_mu": 300 * np.clip(1 - T / (48 * keV), 0, None) / keV,
    "nu_mu_bar": 300 * np.exp(-T / (20 * keV)) / keV,
    "nu_e": 300 * np.exp(-T / (15 * keV)) / keV,
}
Axes = Any  # matplotlib types its artists too loosely to be asked for what they hold
SHAPE = 100 * np.exp(-np.arange(20) / 8)
FORMATS = ("png", "svg", "pdf")


def make(**changes: Any) -> Prediction:
    """A prediction without backgrounds and without a time axis, and what is to be different."""
    plain = Prediction(
        name="argon",
        axis="keV",
        by_flavour={},
        by_nuclide={"Ar40": float(SHAPE.sum())},
        by_channel={},
        by_group={},
        edges=np.linspace(0, 100, 21) * keV,
        counts=SHAPE,
        below=0.0,
        above=0.0,
        recoil_energy=T,
        recoil_spectrum=sum(FLAVOURS.values()),
        recoil_by_flavour=FLAVOURS,
    )
    return replace(plain, **changes)


def timed(**changes: Any) -> Prediction:
    plane = np.outer(SHAPE, [0.1, 0.6, 0.3])
    return make(time_edges=np.array([0.0, 0.5, 1, 6]) * us, counts_2d=plane, **changes)


NOTHING = {
    "counts": 0 * SHAPE,
    "recoil_spectrum": 0 * T,
    "recoil_by_flavour": dict.fromkeys(FLAVOURS, 0 * T),
    "by_nuclide": {"Ar40": 0.0},
}
FLAT = np.full(20, 30.0)
PREDICTIONS = {
    "plain": make(),
    "keVee": make(axis="keVee", edges=np.linspace(0, 20, 21) * AXIS_SCALE["keVee"]),
    "PE": make(axis="PE", edges=np.linspace(0, 60, 21) * AXIS_SCALE["PE"]),
    "logarithmic": make(edges=np.geomspace(0.1, 100, 21) * keV),
    "timed": timed(),
    "backgrounds": timed(backgrounds={"flat": FLAT, "_hidden $": 2 * FLAT}),
    "swamped": make(backgrounds={"flat": 1000 * FLAT}),
    "many backgrounds": make(backgrounds={f"line {n}": FLAT for n in range(12)}),
    "steep": make(counts=SHAPE * np.exp(-2 * np.arange(20))),
    "equal": make(counts=10 * np.eye(20)[3]),
    "no flavours": make(recoil_by_flavour={}),
    "one flavour": make(recoil_by_flavour={"nu_tau_bar": FLAVOURS["nu_e"]}),
    "nothing": make(**NOTHING),
    "nothing timed": replace(timed(**NOTHING), counts_2d=np.zeros((20, 3))),
    "only backgrounds": make(**NOTHING, backgrounds={"flat": FLAT}),
    "no name": make(name=""),
    "long name": make(name="a $very$ long_name\n" * 20),
}


def compared(zero: float = 1.0) -> list[ComparisonPanel]:
    """Two panels with an empty bin and one that is far off."""
    released = np.array([0.0, 40, 30, 0.1])
    ours = np.array([1.0, 38, 33, 5]) * zero
    edges = [0.0, 10, 20, 40, 60]
    return [
        ComparisonPanel(edges, ours, released * zero, "Light", "PE"),
        ComparisonPanel(edges, ours, released, "Time", "µs"),
    ]


THRESHOLDS = np.linspace(0, 100, 51) * keV
COUNTS: Mapping[str, Any] = {
    "prompt": 7000 * np.clip(1 - THRESHOLDS / (48 * keV), 0, None),
    "delayed": 19000 * np.exp(-THRESHOLDS / (20 * keV)),
}


def figures() -> Iterator[Any]:
    for name, prediction in PREDICTIONS.items():
        yield pytest.param(lambda p=prediction: prediction_figure(p), id=name)
    over = {
        "threshold": lambda: threshold_figure(THRESHOLDS, COUNTS, "argon", "keV"),
        "two panels": lambda: threshold_figure(THRESHOLDS, COUNTS, "argon", "keV", make()),
        "nothing over": lambda: threshold_figure(THRESHOLDS, {"Xe": 0 * T[:51]}, "argon", "keVee"),
        "comparison": lambda: comparison_figure(compared(), "ours"),
        "one column": lambda: comparison_figure(compared()[:1], "ours"),
        "nothing compared": lambda: comparison_figure(compared(0.0), "ours"),
    }
    for name, build in over.items():
        yield pytest.param(build, id=name)


def legend(axes: Axes) -> list[str]:
    drawn = axes.get_legend()
    return [] if drawn is None else [text.get_text() for text in drawn.get_texts()]


def drawn_values(axes: Axes) -> Iterator[Any]:
    for line in axes.lines:
        yield from (line.get_xdata(), line.get_ydata())
    for patch in axes.patches:
        yield from (patch.get_data().values, patch.get_data().edges)


@pytest.mark.parametrize("build", list(figures()))
def test_every_figure_is_labelled_finite_and_tidy(build: Any) -> None:
    """Also no warning while drawing: here warnings are errors."""
    figure = build()
    figure.draw_without_rendering()
    for axes in figure.axes:
        check_words(axes)
        assert all(np.all(np.isfinite(values)) for values in drawn_values(axes))
        limits = (*axes.get_xlim(), *axes.get_ylim())
        assert np.all(np.isfinite(limits)) and limits[0] < limits[1] and limits[2] < limits[3]
    assert figure.axes[-1].get_xlabel()
    check_places(figure)


def check_words(axes: Axes) -> None:
    """Axis labels with units, and a legend."""
    assert axes.get_xlabel() == "" or axes.get_xlabel().endswith("]")
    if axes.get_ylabel() != "cevns /\nreleased":
        assert "vents" in axes.get_ylabel()
        assert legend(axes) and "nan" not in " ".join(legend(axes))


def check_places(figure: Any) -> None:
    """No panel, with its labels, reaches into another or out of the page; nor does the title."""
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    boxes.append(figure._suptitle.get_window_extent())
    for index, box in enumerate(boxes):
        assert figure.bbox.x0 - 1 <= box.x0 and box.x1 <= figure.bbox.x1 + 1
        assert figure.bbox.y0 - 1 <= box.y0 and box.y1 <= figure.bbox.y1 + 1
        assert not any(box.padded(-1).overlaps(other.padded(-1)) for other in boxes[index + 1 :])


def axes_of(figure: Figure) -> list[Axes]:
    return list(figure.axes)


def panels(prediction: Prediction) -> list[Axes]:
    return axes_of(prediction_figure(prediction))


def test_a_prediction_without_time_has_two_panels_and_with_it_three() -> None:
    assert len(panels(make())) == 2
    spectrum, counts, time = panels(timed())
    assert spectrum.get_xlabel() == "Recoil energy [keVnr]"
    assert counts.get_ylabel() == "Events / 5 keV"
    assert time.get_ylabel() == "Events / µs"  # its bins are uneven
    assert time.get_xlabel() == "Time [µs]"
    assert time.get_xlim() == pytest.approx((0, 6))


@pytest.mark.parametrize("axis", ["keV", "keVee", "PE"])
def test_the_observable_is_named_with_its_unit(axis: str) -> None:
    prediction = make(axis=axis, edges=np.linspace(0, 60, 21) * AXIS_SCALE[axis])
    counts = panels(prediction)[1]
    assert counts.get_xlabel() == AXIS_LABELS[axis]
    assert f"[{axis}]" in counts.get_xlabel()
    assert counts.get_xlim() == pytest.approx((0, 60))


def test_the_spectrum_is_in_events_per_keV_by_flavour() -> None:
    axes = panels(make())[0]
    assert legend(axes) == ["Total", r"$\nu_{\mu}$", r"$\bar{\nu}_{\mu}$", r"$\nu_{e}$"]
    total, nu_mu, nu_mu_bar, nu_e = axes.lines
    assert total.get_ydata() == pytest.approx(make().recoil_spectrum * keV)
    assert nu_e.get_xdata() == pytest.approx(T / keV)
    assert nu_mu.get_color() == nu_mu_bar.get_color() != nu_e.get_color()
    assert (nu_mu.get_linestyle(), nu_mu_bar.get_linestyle()) == ("-", "--")


def test_the_spectrum_shows_at_most_five_decades_and_no_empty_energies() -> None:
    steep = np.exp(-T / (2 * keV)) / keV
    axes = panels(make(recoil_spectrum=steep, recoil_by_flavour={}))[0]
    low, high = axes.get_ylim()
    peak = np.max(steep) * keV
    assert axes.get_yscale() == "log"
    assert low == pytest.approx(1e-5 * peak) and peak < high < 10 * peak
    assert axes.get_xlim()[1] == pytest.approx(0.5 + 2 * np.log(1e5), abs=1)


def test_logarithmic_bins_make_the_energy_axes_logarithmic() -> None:
    spectrum, counts = panels(PREDICTIONS["logarithmic"])
    assert spectrum.get_xscale() == counts.get_xscale() == "log"
    assert spectrum.get_xlim()[0] == pytest.approx(0.1)
    assert [axes.get_xscale() for axes in panels(make())] == ["linear", "linear"]
    bins = make(axis="PE", edges=np.geomspace(1, 100, 21) * AXIS_SCALE["PE"])
    assert panels(bins)[0].get_xlim()[0] == pytest.approx(1e-4 * panels(bins)[0].get_xlim()[1])


def test_the_signal_stands_on_the_backgrounds() -> None:
    axes = panels(PREDICTIONS["backgrounds"])[1]
    assert legend(axes)[0] == "flat (600)"
    assert legend(axes)[1] == r"hidden \$ (1,200)"
    filled = [patch for patch in axes.patches if patch.get_fill()]
    assert filled[2].get_data().baseline == pytest.approx(3 * FLAT)
    assert filled[2].get_data().values == pytest.approx(3 * FLAT + SHAPE)
    assert axes.get_yscale() == "linear"
    assert "without backgrounds" in legend(panels(PREDICTIONS["backgrounds"])[2])[0]


def test_uneven_bins_are_densities() -> None:
    """unit: signal, backgrounds and the band, on both axes; the legend has the events."""
    edges = np.append(np.arange(0, 20, 1.0), 60) * AXIS_SCALE["PE"]
    widths = np.append(np.ones(19), 41)
    prediction = timed(axis="PE", edges=edges, backgrounds={"flat": FLAT})
    _, counts, time = axes_of(prediction_figure(prediction, Uncertainty((), 1.0, FLAT / 10, 0.0)))
    assert (counts.get_ylabel(), time.get_ylabel()) == ("Events / PE", "Events / µs")
    background, signal, band = [
        one for one in counts.patches if one.get_data().baseline is not None
    ]
    assert background.get_data().values == pytest.approx(FLAT / widths)
    assert signal.get_data().values == pytest.approx((FLAT + SHAPE) / widths)
    assert band.get_data().values == pytest.approx((1.1 * FLAT + SHAPE) / widths)
    assert legend(counts)[:2] == ["flat (600)", f"Signal ({SHAPE.sum():.4g})"]
    in_time = next(one for one in time.patches if one.get_fill())
    assert in_time.get_data().values @ [0.5, 0.5, 5] == pytest.approx(SHAPE.sum())


def test_a_signal_that_would_not_be_seen_gets_a_logarithmic_axis() -> None:
    swamped = panels(PREDICTIONS["swamped"])[1]
    assert swamped.get_yscale() == "log"
    signal = [patch for patch in swamped.patches if patch.get_fill()][-1]
    assert signal.get_data().values == pytest.approx(SHAPE)
    assert swamped.get_ylim()[0] < np.min(SHAPE)
    assert panels(PREDICTIONS["steep"])[1].get_yscale() == "log"


@pytest.mark.parametrize("name", ["plain", "backgrounds", "swamped", "steep", "many backgrounds"])
def test_the_legend_of_a_histogram_is_above_it(name: str) -> None:
    figure: Any = prediction_figure(PREDICTIONS[name])
    figure.draw_without_rendering()
    axes = figure.axes[1]
    box = axes.get_legend().get_window_extent().transformed(axes.transData.inverted())
    assert box.y0 > max(np.max(patch.get_data().values) for patch in axes.patches)


def test_what_is_off_the_axis_is_said() -> None:
    inside = float(SHAPE.sum())
    assert legend(panels(make())[1]) == [f"Signal ({inside:.4g})"]
    more = make(by_nuclide={"Ar40": inside + 50})
    assert legend(panels(more)[1]) == [f"Signal ({inside:.4g} of {inside + 50:.4g})"]


def test_the_title_has_the_name_and_the_total() -> None:
    figure = prediction_figure(make(name="50 $ of argon", by_nuclide={"Ar40": 26043.6}))
    assert figure.get_suptitle() == r"50 \$ of argon: 26,044 signal events"
    assert prediction_figure(PREDICTIONS["nothing"]).get_suptitle() == "argon: 0 signal events"
    long = prediction_figure(PREDICTIONS["long name"]).get_suptitle()
    assert "…: 781.2 signal events" in long.replace("\n", " ") and long.count("\n") < 3


def test_counts_over_threshold() -> None:
    figure = threshold_figure(THRESHOLDS, COUNTS, "argon", "keV", make())
    top, bottom = figure.axes
    assert legend(top) == ["Prompt", "Delayed"]
    assert top.get_yscale() == "log" and top.get_ylabel() == "Events over threshold"
    assert top.get_xlabel() == "Threshold in recoil energy [keV]"
    assert top.lines[1].get_xdata() == pytest.approx(THRESHOLDS / keV)
    assert top.get_xlim() == bottom.get_xlim()


def test_a_line_that_is_nowhere_in_sight_is_not_in_the_legend() -> None:
    counts = {**COUNTS, "capture": 1e-9 * COUNTS["delayed"], "none": 0 * THRESHOLDS}
    top, bottom = axes_of(threshold_figure(THRESHOLDS, counts, "argon", "keV", make()))
    assert legend(top) == ["Prompt", "Delayed"]
    low = make(edges=np.linspace(50, 100, 21) * keV)
    over = {name: values[25:] for name, values in COUNTS.items()}
    _, bottom = axes_of(threshold_figure(THRESHOLDS[25:], over, "argon", "keV", low))
    assert legend(bottom) == ["Total", r"$\bar{\nu}_{\mu}$", r"$\nu_{e}$"]  # of nu_mu up to 48 keV


def test_many_lines_differ() -> None:
    figure = threshold_figure(THRESHOLDS, {f"A{n}": T[:51] / keV for n in range(20)}, "many", "keV")
    looks = {(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines}
    assert len(looks) == 20


def test_a_comparison_has_a_ratio_only_where_something_is_released() -> None:
    upper, lower = axes_of(comparison_figure(compared()[:1], "ours"))
    assert legend(upper) == ["cevns (77)", "released (70.1)"]
    _, inside, above, below = lower.lines
    assert inside.get_xdata() == pytest.approx([15, 30])
    assert inside.get_ydata() == pytest.approx([38 / 40, 33 / 30])
    assert above.get_xdata() == pytest.approx([50]) and len(below.get_xdata()) == 0
    assert above.get_ydata()[0] < lower.get_ylim()[1]
    assert upper.get_ylabel() == "Events / PE"  # its bins are uneven
    assert upper.lines[0].get_ydata() == pytest.approx([0.0, 4.0, 1.5, 0.005])
    assert upper.patches[0].get_data().values == pytest.approx([0.1, 3.8, 1.65, 0.25])


@pytest.mark.parametrize("kind", FORMATS)
def test_saved_figures_are_the_same_bytes(kind: str, tmp_path: Path) -> None:
    figure = prediction_figure(PREDICTIONS["backgrounds"])
    again = prediction_figure(PREDICTIONS["backgrounds"])
    paths = [tmp_path / f"{n}.{kind}" for n in range(3)]
    for path, one in zip(paths, (figure, figure, again), strict=True):
        save(one, path)
    contents = {path.read_bytes() for path in paths}
    assert len(contents) == 1 and len(contents.pop()) > 1000
    assert sorted(tmp_path.iterdir()) == paths


def test_the_users_matplotlib_settings_neither_show_nor_change(tmp_path: Path) -> None:
    save(prediction_figure(make()), tmp_path / "plain.svg")
    odd: Any = {
        "font.size": 30,
        "axes.facecolor": "red",
        "svg.fonttype": "none",
        "svg.hashsalt": None,
    }
    with matplotlib.rc_context(odd):
        before = dict(matplotlib.rcParams)
        save(prediction_figure(make()), tmp_path / "odd.svg")
        assert dict(matplotlib.rcParams) == before
    assert (tmp_path / "odd.svg").read_bytes() == (tmp_path / "plain.svg").read_bytes()


def test_svg_has_outlines_instead_of_fonts_and_no_date(tmp_path: Path) -> None:
    save(prediction_figure(make()), tmp_path / "figure.svg")
    text = (tmp_path / "figure.svg").read_text()
    assert "<text" not in text and "<dc:date>" not in text


def test_a_figure_that_cannot_be_drawn_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "figure.png"
    path.write_bytes(b"old")

    def fail(self: Figure, where: Path, **options: object) -> None:
        Path(where).write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="no space"):
        save(prediction_figure(make()), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["figure.jpg", "figure", "figure.svgz"])
def test_other_formats_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected .*\.pdf"):
        save(prediction_figure(make()), tmp_path / name)


def test_matplotlib_is_imported_when_a_figure_is_made_and_pyplot_never() -> None:
    program = (
        "import sys, cevns.display.plot as plot; assert 'matplotlib' not in sys.modules;"
        "plot.comparison_figure([plot.ComparisonPanel([0, 1], [1], [1], 'Light', 'PE')], '');"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
