"""The rarer members of a publish: what they add to an envelope, and what makes two publishes the same."""

from sio_server.extras import Choice, Extras
from sio_server.notification import PublishRequest

RICH = Extras(
    collapse_key="precio-7",
    group="ofertas",
    actions=(
        Choice(id="ver", label={"es": "Ver", "en": "View"}, link="/tours/7"),
        Choice(id="no", label="No", value={"why": []}),
    ),
    icon="tag",
)


def test_envelope_has_what_has_something_to_say_in_the_readers_language() -> None:
    """Nothing stands there for what was left out, and a label is the reader's, or the nearest there is."""
    assert RICH.envelope("en-GB") == {
        "collapse_key": "precio-7",
        "group": "ofertas",
        "actions": [
            {"id": "ver", "label": "View", "link": "/tours/7"},
            {"id": "no", "label": "No", "value": {"why": []}},
        ],
        "icon": "tag",
    }
    assert RICH.envelope("qu")["actions"][0]["label"] == "View"
    assert Extras(deliver_in=5, texts={"es": {"title": "Hola"}}).envelope("es") == {}


def test_requests_differ_where_their_extras_do() -> None:
    """The digest of a body is another one with another extra, and as it always was without any."""
    plain, same = PublishRequest(type="test"), PublishRequest(type="test", extras=RICH)
    assert same.fingerprint() == PublishRequest(type="test", extras=RICH).fingerprint()
    others = [Extras(group="ofertas"), Extras(category="ofertas"), Extras(texts={"es": {"title": "Hola"}})]
    digests = {request.fingerprint() for request in (plain, same)}
    digests |= {PublishRequest(type="test", extras=each).fingerprint() for each in others}
    assert len(digests) == 5
