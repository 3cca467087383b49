"""HTTP: the operations under ``/notify`` and ``/v1``, the console's page, and what they share."""
