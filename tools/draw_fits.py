"""Draw docs/figures/fit-*.png: the data sets of docs/fits.md with the components of their fits.

What ``cevns fit --output`` draws of examples/fits; needs the files of the data sets (``cevns data
fetch``, or CEVNS_DATA) and two minutes. Usage: ``python tools/draw_fits.py``.
"""

from __future__ import annotations

from pathlib import Path

from cevns.analysis import analysis_of
from cevns.config.study import load
from cevns.display.plot_fit import data_figure
from cevns.display.plot_style import save
from cevns.inference.fit import fit

ROOT = Path(__file__).parents[1]
FIGURES, EXAMPLES = ROOT / "docs" / "figures", ROOT / "examples" / "fits"

SHOWN = {
    "fit-csi-2021": ("signal-csi-2021", ""),
    "fit-lar-2020": ("signal-lar-2020", ""),
    "fit-xenonnt-sr2": ("signal-xenonnt-b8", "sr2"),
    "fit-dresden-ii": ("signal-dresden-ii", ""),
}
"""Figure → the example that is fitted, and which of its channels is shown."""


def main() -> None:
    """Fit and draw all of them."""
    for name, (example, shown) in SHOWN.items():
        analysis = analysis_of(load(EXAMPLES / f"{example}.yaml"))
        found = fit(analysis.likelihood, analysis.interest)
        (channel,) = (one for one in found.likelihood.channels if one.name == shown)
        save(data_figure(channel, found), FIGURES / f"{name}.png")


if __name__ == "__main__":
    main()
