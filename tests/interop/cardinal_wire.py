"""cardinald spoken from Python: frames and requests as docs/protocol.md tells.

Knows nothing of the C sources; cardinal_pb2 is made from cardinal.proto.
"""

import socket
import struct

import cardinal_pb2 as pb

FRAME_MAX = 16 << 20
TIMEOUT_S = 60


class Refused(Exception):
    """The daemon answered with a status other than OK."""

    def __init__(self, status, message):
        super().__init__(f"{pb.Status.Name(status)}: {message}")
        self.status = status
        self.message = message


class Connection:
    """One connection; requests one after the other, or pipelined by send and receive."""

    def __init__(self, address):
        if address.startswith("tcp://"):
            host, _, port = address[len("tcp://"):].rpartition(":")
            self.socket = socket.create_connection((host, int(port)), TIMEOUT_S)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(TIMEOUT_S)
            self.socket.connect(address[len("unix://"):])
        self.last_id = 0

    def close(self):
        self.socket.close()

    def send(self, **body):
        """Sends a request of one body, hello=pb.Hello() say; returns its id."""
        self.last_id += 1
        payload = pb.Request(id=self.last_id, **body).SerializeToString()
        self.socket.sendall(struct.pack(">I", len(payload)) + payload)
        return self.last_id

    def receive(self):
        (length,) = struct.unpack(">I", self._read(4))
        assert length <= FRAME_MAX
        return pb.Response.FromString(self._read(length))

    def _read(self, length):
        parts = []
        while length > 0:
            part = self.socket.recv(length)
            if not part:
                raise EOFError("the daemon hung up")
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def call(self, **body):
        """Sends a request and returns the body of its answer."""
        request_id = self.send(**body)
        response = self.receive()
        assert response.id == request_id
        if response.status != pb.STATUS_OK:
            raise Refused(response.status, response.message)
        assert [response.WhichOneof("body")] == list(body)
        return getattr(response, response.WhichOneof("body"))

    def hello(self):
        return self.call(hello=pb.Hello(min_version=1, max_version=1, client="interop test"))
