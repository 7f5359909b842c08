"""`python -m overlay`."""

from overlay.cli.main import main

main()
