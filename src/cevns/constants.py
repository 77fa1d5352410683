"""Physical constants, each with its source; nothing else in the package holds one.

Values: CODATA 2018 (Tiesinga et al., Rev. Mod. Phys. 93 (2021) 025010) for ħ, c, α, u and the
lepton and nucleon masses; PDG 2024 for the W, Z, π and τ masses, the lifetimes and G_F.
``hbar_c`` is exact since 2019. A test compares them with `scipy.constants` (CODATA 2022) at the
size of the published changes.
"""

from __future__ import annotations

from cevns.units import MeV, fm, ns, s, us
from cevns.units import m as metre

# Names follow the symbols of the field.
c = 299792458.0 * metre / s
hbar = 6.582119569e-22 * MeV * s
hbar_c = 197.3269804 * MeV * fm
alpha = 1 / 137.035999084
G_F = 1.1663787e-11 / MeV**2  # PDG 2024, from the muon lifetime (MuLan)

atomic_mass_unit = 931.49410242 * MeV
m_e = 0.51099895 * MeV
m_mu = 105.6583755 * MeV
m_tau = 1776.93 * MeV  # PDG 2024
m_p = 938.27208816 * MeV
m_n = 939.56542052 * MeV
m_pi = 139.57039 * MeV  # charged pion, PDG 2024
m_W = 80369.2 * MeV  # PDG 2024
m_Z = 91188.0 * MeV  # PDG 2024

tau_pi = 26.033 * ns  # PDG 2024
tau_mu = 2.1969811 * us  # PDG 2024
