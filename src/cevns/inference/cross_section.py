"""The flux-averaged cross-section that a fitted strength of the signal stands for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cevns.cross_sections import flux_averaged_cross_section
from cevns.declared import SIGNAL_NORM
from cevns.experiment import Experiment
from cevns.inference.fit import Fit
from cevns.interactions import Model, StandardModel
from cevns.likelihood.channel import Channel
from cevns.parameters import Theta
from cevns.units import cm

_SAME = 1e-9  # relative change of a cross-section that is rounding


@dataclass(frozen=True)
class MeasuredCrossSection:
    """⟨σ⟩ per nucleus over the spectrum of the source, all recoils, as an area in internal units.

    ``predicted`` is that of the Standard Model, which the fitted strength multiplies; ``lower`` and
    ``upper`` are the ends of the interval of 68.27 %, NaN where it has none. ``systematic`` is what
    the nuisances add that are varied by hand; None where there are none.
    """

    value: float
    error: float
    lower: float
    upper: float
    predicted: float
    systematic: float | None = None

    def as_dict(self) -> dict[str, float]:
        """Plain data in cm²; what is not known is absent."""
        found = {
            "flux_averaged_cm2": self.value,
            "error_cm2": self.error,
            "lower_cm2": self.lower,
            "upper_cm2": self.upper,
            "predicted_cm2": self.predicted,
            "systematic_cm2": math.nan if self.systematic is None else self.systematic,
        }
        return {key: area / cm**2 for key, area in found.items() if math.isfinite(area)}


def measured_cross_section(
    fit: Fit, channel: Channel, experiment: Experiment
) -> MeasuredCrossSection | None:
    """The fitted strength of the signal of a data set times its Standard Model cross-section.

    None where that would not be what was measured: the strength is not fitted or not told from
    something else, the model is another than the Standard Model, there are several sources, or
    something else that floats changes the cross-section as well.
    """
    shared = channel.names.get(SIGNAL_NORM, "")
    address = fit.likelihood.ties.get(shared, shared)
    if address not in fit.interest or not _standard(experiment) or len(experiment.sources) > 1:
        return None
    if address in fit.minimum.degenerate:
        return None
    predicted = _predicted(experiment, channel.own(fit.minimum.theta))
    if any(_matters(fit, one, channel, experiment, predicted) for one in fit.likelihood.floating):
        return None
    minimum = fit.minimum
    lower, upper = fit.intervals[address]
    return MeasuredCrossSection(
        minimum.at(address) * predicted,
        minimum.error(address) * predicted,
        lower * predicted,
        upper * predicted,
        predicted,
        fit.systematic(address) * predicted if _varied(fit, channel) else None,
    )


def _varied(fit: Fit, channel: Channel) -> bool:
    """Whether something is varied by hand that acts on this data set."""
    return any(nuisance in channel.names.values() for nuisance in fit.variations)


def _standard(experiment: Experiment) -> bool:
    """Whether nothing but the Standard Model acts."""
    model = experiment.model
    parts = model.interactions if isinstance(model, Model) else (model,)
    return all(isinstance(part, StandardModel) for part in parts)


def _predicted(experiment: Experiment, theta: Theta) -> float:
    """⟨σ⟩ at θ, in the addresses of the experiment; norms do not enter."""
    (_, source), *_ = experiment.sources
    return flux_averaged_cross_section(
        source,
        experiment.detector.target,
        model=experiment.model,
        form_factor=experiment.form_factor,
        axial=experiment.axial,
        kinematics=experiment.kinematics,
        theta=theta,
    )


def _matters(
    fit: Fit, address: str, channel: Channel, experiment: Experiment, predicted: float
) -> bool:
    """Whether ⟨σ⟩ changes with a floating parameter: tried a tenth of its error further."""
    minimum = fit.minimum
    error = minimum.error(address)
    if not math.isfinite(error):  # on its bound
        error = float(fit.likelihood.steps[fit.likelihood.floating.index(address)])
    moved = minimum.at(address) + 0.1 * error
    theta = {**minimum.theta, address: moved}
    theta |= {tied: moved for tied, other in fit.likelihood.ties.items() if other == address}
    return abs(_predicted(experiment, channel.own(theta)) - predicted) > _SAME * predicted
