"""A self-hosted, real-time notification server."""
