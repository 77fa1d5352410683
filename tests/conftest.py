"""Settings of all tests."""

import signal

from hypothesis import settings

# The same examples in every run: a failure can be seen again, on any machine.
settings.register_profile("cevns", derandomize=True)
settings.load_profile("cevns")

# A shell starts what runs in the background deaf to Ctrl-C, and so would be all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
