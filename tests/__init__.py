"""The tests: real servers on free ports, real clients."""
