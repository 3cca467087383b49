"""The parts of ``python -m bench.attacks``."""
