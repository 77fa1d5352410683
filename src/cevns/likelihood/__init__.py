"""Likelihoods of counted data: templates, nuisances, constraints."""
