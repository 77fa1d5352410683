"""Brute-force oracle: textbook formulas and dense quadrature that share no code with the package.

Units everywhere: MeV, fm, cm, s (the response module is unit-free). Nothing in here imports the
package under test, so an agreement between the two is a check and not a tautology.
"""
