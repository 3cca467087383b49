"""The backend of the tourism example: FastAPI, a database, and notifications by an outbox in it."""
