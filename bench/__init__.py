"""The bench: this server and its peers, the same load, the same run."""
