"""A tourism system: a backend, its pages and the server that notifies them."""
