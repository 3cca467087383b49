"""The parts of ``python -m bench.fuzz``."""
