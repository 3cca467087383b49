"""What nodes ask of one another."""
