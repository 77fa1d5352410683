"""Names of neutrino flavours, in the order of every flavour matrix."""

from __future__ import annotations

from typing import Literal, get_args

FLAVOURS = ("e", "mu", "tau")
"""Order of the rows and columns of every flavour matrix."""

Flavour = Literal["nu_e", "nu_mu", "nu_tau", "nu_e_bar", "nu_mu_bar", "nu_tau_bar"]
"""A pure state by name."""

NEUTRINOS: tuple[str, ...] = get_args(Flavour)
"""Names of the six pure states."""
