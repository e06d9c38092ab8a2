"""English from the documentation inside every CPython, and labelled examples made of it."""
