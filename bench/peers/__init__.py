"""Servers to compare with: each takes its port as the first argument and delivers POST /notify to everybody."""
