"""Names of units: multiply on the way in, divide on the way out.

Every number inside `cevns` is a float in one coherent system with three base units: energy,
length and time (as CLHEP and hepunits do). A mass is an energy over c², so a kilogram is
J s²/m². The size of the base units is nobody's business: write ``10 * keV`` and
``rate / (1 / (keV * kg * day))`` and the numbers mean what they say.

The default base units are MeV, cm and s. Setting ``CEVNS_RANDOM_UNITS=seed`` before the first
import scales all of them (and the photo-electron) by random factors: a prediction must not move.
A test does just that, and a forgotten unit shows at once.

>>> from cevns.units import keV, MeV
>>> 1 * MeV / keV
1000.0
"""

from __future__ import annotations

import os


def _base_scales() -> tuple[float, float, float, float]:
    """Size of (MeV, cm, s, PE) in internal units: ones, or random for the unit test."""
    seed = os.environ.get("CEVNS_RANDOM_UNITS")
    if not seed:
        return 1.0, 1.0, 1.0, 1.0
    import random

    generator = random.Random(seed)
    energy, length, time, light = (10.0 ** generator.uniform(-2.0, 2.0) for _ in range(4))
    return energy, length, time, light


MeV, cm, s, PE = _base_scales()

# energy
eV = 1e-6 * MeV
meV = 1e-3 * eV
keV = 1e-3 * MeV
GeV = 1e3 * MeV
TeV = 1e6 * MeV
J = eV / 1.602176634e-19  # exact, SI 2019
erg = 1e-7 * J

# Recoil energies carry the name of the scale they are quoted on; the float is the same.
keVnr = keV
keVee = keV
eVee = eV

# length
m = 100 * cm
km = 1e3 * m
mm = 1e-3 * m
fm = 1e-15 * m
kpc = 3.0856775814913673e19 * m  # IAU 2012 astronomical unit, 648000/pi au
barn = 1e-28 * m**2

# time
ms = 1e-3 * s
us = 1e-6 * s
ns = 1e-9 * s
minute = 60 * s
hour = 3600 * s
day = 86400 * s
year = 365.25 * day  # Julian year, everywhere

# mass: J s^2 / m^2
kg = J * s**2 / m**2
g = 1e-3 * kg
tonne = 1e3 * kg

# power and activity
W = J / s
kW = 1e3 * W
MW = 1e6 * W
GW = 1e9 * W
Bq = 1 / s
Ci = 3.7e10 * Bq

# counted things
POT = 1.0
burst = 1.0
fission = 1.0
percent = 0.01
