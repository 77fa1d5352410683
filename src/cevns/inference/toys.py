"""Toy experiments: data drawn at a known truth and fitted as the real ones are.

A fit is unbiased and its errors mean what they say where pulls, (estimate − truth)/error, have
mean 0 and width 1. Where an estimate may sit on its bound its error means little, and how often
the interval holds the truth is the question instead.

Auxiliary measurements are drawn with the counts: in each toy a constraint is centred where a
calibration would have put it. Each toy has a seed of its own, spawned from the one that is given;
neither the number of processes nor that of toys changes a single one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from cevns.inference.interval import interval
from cevns.inference.minimum import minimise
from cevns.likelihood.joint import Likelihood
from cevns.parameters import NOMINAL, Theta
from cevns.progress import progress

Array = np.ndarray[Any, np.dtype[Any]]
Make = Callable[[], Likelihood]
Outcome = tuple[Array, Array, float, bool, Array]
"""Values, errors, −2 ln L, whether the fit converged, and intervals of shape (asked, 2)."""

_CHUNK = 8  # toys handed to a process at a time


@dataclass(frozen=True, eq=False)
class Toys:
    """What fits to toys say, in internal units.

    Attributes
    ----------
    addresses : tuple of str
        The parameters that floated.
    truth : array, shape (n,)
        Where the data were drawn.
    values, errors : arrays, shape (toys, n)
    minima : array, shape (toys,)
        −2 ln(L/L_saturated) of each fit: the distribution for the goodness of a fit.
    converged : array of bool, shape (toys,)
    intervals : mapping
        Address → 68.27 % interval of each toy, shape (toys, 2), for those that were asked for.
    """

    addresses: tuple[str, ...]
    truth: Array
    values: Array
    errors: Array
    minima: Array
    converged: Array
    intervals: Mapping[str, Array] = field(default_factory=dict)

    @property
    def pulls(self) -> Array:
        """(estimate − truth)/error, shape (toys, n)."""
        pulls: Array = (self.values - self.truth) / self.errors
        return pulls

    def coverage(self, address: str) -> float:
        """The share of the toys whose interval of this parameter holds the truth."""
        low, high = self.intervals[address].T
        truth = self.truth[self.addresses.index(address)]
        return float(np.mean((low <= truth) & (truth <= high)))


def fit_toys(
    likelihood: Likelihood | Make,
    number: int,
    *,
    seed: int,
    theta: Theta = NOMINAL,
    intervals: Sequence[str] = (),
    processes: int = 1,
) -> Toys:
    """Draw and fit ``number`` toys.

    A likelihood that is morphed takes a few milliseconds a toy, one that folds again seconds.

    Parameters
    ----------
    likelihood : Likelihood, or a function that makes it
        Several ``processes`` need the function, one that can be sent to them (of a module, or a
        `functools.partial` of one): each makes a likelihood of its own.
    theta : mapping
        The truth, by address; nominal where it says nothing.
    intervals : sequence of str
        Parameters whose profile-likelihood intervals are wanted too.

    Raises
    ------
    TypeError
        For several processes and a likelihood that is made already.
    """
    children = np.random.SeedSequence(seed).spawn(number)
    if processes > 1 and isinstance(likelihood, Likelihood):
        raise TypeError("several processes need a function that makes the likelihood")
    own = likelihood if isinstance(likelihood, Likelihood) else likelihood()
    given = dict(zip(own.floating, own.start.tolist(), strict=True)) | dict(theta)
    truth = np.array([given[address] for address in own.floating])
    one = partial(_toy, truth=truth, rest=dict(theta), intervals=tuple(intervals))
    outcomes: list[Outcome] = []
    with progress("toys", number) as advance, _mapped(own, likelihood, processes) as mapped:
        for outcome in mapped(one, children):
            outcomes.append(outcome)
            advance(1)
    values, errors, minima, converged, ends = zip(*outcomes, strict=True)
    between = np.array(ends).reshape(number, len(intervals), 2)
    return Toys(
        own.floating,
        truth,
        np.array(values),
        np.array(errors),
        np.array(minima),
        np.array(converged),
        {address: between[:, index] for index, address in enumerate(intervals)},
    )


def _toy(
    likelihood: Likelihood,
    seed: np.random.SeedSequence,
    truth: Array,
    rest: Theta,
    intervals: Sequence[str],
) -> Outcome:
    """One toy, drawn and fitted."""
    theta = {**rest, **likelihood.theta(truth)}
    minimum = minimise(likelihood.toy(theta, np.random.default_rng(seed)))
    ends = np.array([interval(minimum, address) for address in intervals])
    return minimum.values, minimum.errors, minimum.value, minimum.converged, ends


# --- several processes ----------------------------------------------------------------------------

Mapped = Callable[[Any, Sequence[np.random.SeedSequence]], Iterator[Outcome]]
_own: dict[str, Likelihood] = {}


@contextmanager
def _mapped(own: Likelihood, make: Likelihood | Make, processes: int) -> Iterator[Mapped]:
    """A ``map`` over seeds, here or in processes of our own; in the order of the seeds."""
    if processes == 1:
        yield lambda function, seeds: map(partial(function, own), seeds)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Started afresh: a fork would copy the locks of threads that are not there any more.
    context = get_context("spawn")
    executor = ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(make,))
    try:
        yield lambda function, seeds: executor.map(
            partial(_in_process, function), seeds, chunksize=_CHUNK
        )
    finally:
        executor.shutdown(cancel_futures=True)


def _begin(make: Any) -> None:
    _own["likelihood"] = make()


def _in_process(function: Callable[..., Outcome], seed: np.random.SeedSequence) -> Outcome:
    return function(_own["likelihood"], seed)
