"""Settings of all tests."""

from hypothesis import settings

# The same examples in every run: a failure can be seen again, on any machine.
settings.register_profile("cevns", derandomize=True)
settings.load_profile("cevns")
