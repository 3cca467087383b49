"""Write the stub of the client's built-in functions anew, after a change of the built-in catalogue."""

from sio_server.client.known import BUILTIN, types_in
from sio_server.client.source import as_stub
from sio_server.event_types import EventTypes

if __name__ == "__main__":
    stub = BUILTIN.parent.parent / "client" / "builtin.pyi"
    stub.write_text(as_stub(EventTypes(types_in(BUILTIN))), "utf-8")
