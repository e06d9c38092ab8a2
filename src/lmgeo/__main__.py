"""`python -m lmgeo` is the same program as `lmgeo`."""

from lmgeo.cli.main import main

main()
