"""Marshmallow schemas of requests, replies and frames. What passes one of them is not checked again."""
