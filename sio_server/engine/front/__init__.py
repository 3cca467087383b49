"""The listening socket: what it answers itself and what it hands to aiohttp."""
