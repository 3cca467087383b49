"""A histogram of ours is to a scraper what the library's is."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest

from sio_server.metrics.buckets import Buckets

BOUNDS = (0.0001, 0.25, 1, 2.5, 1000)


@given(st.lists(st.sampled_from(BOUNDS) | st.floats(0, 2000)))
def test_text_is_the_librarys(values: list[float]) -> None:
    """For any values, those that are a bound included, the text is that of prometheus_client's own histogram."""
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    buckets = Buckets("x", "What it is", BOUNDS)
    ours.register(buckets)
    histogram = Histogram("x", "What it is", buckets=BOUNDS, registry=theirs)
    for value in values:
        buckets.observe(value)
        histogram.observe(value)
    expected = [line for line in generate_latest(theirs).decode().splitlines() if "_created" not in line]
    assert generate_latest(ours).decode().splitlines() == expected
