"""Frames, packets, handshakes and JSON of the wire, without I/O."""
