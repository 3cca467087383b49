"""A FastAPI backend that publishes what happens in it."""
