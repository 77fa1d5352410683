"""``python -m cevns``."""

from cevns.cli.main import main

main()
