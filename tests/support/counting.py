"""What a server counts: each call of the protocol of metrics, with arguments."""

CALLS = [
    ("published", ("test",), {"duplicate": False}),
    ("refused", ("draining",), {}),
    ("delivered", (3,), {}),
    ("connected", ("ws",), {}),
    ("disconnected", ("ws", "slow"), {}),
    ("replayed", (7,), {}),
    ("unrecovered", (), {}),
    ("slow", ("ws",), {}),
    ("delivered_late", (0.2,), {}),
    ("untranslated", ("pt-BR",), {}),
    ("committed", (0.002, 5), {}),
]
