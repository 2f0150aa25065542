"""The services of a running server as Python's own grpcio and protobuf see them: learned by reflection, nothing generated."""
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'


def _field(number, text):
    value = text.encode()
    return bytes([number << 3 | 2, len(value)]) + value


def _fields(data):
    """(number, bytes) of each length-delimited field; the only kind in these answers but one, which is skipped."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        length, at = _varint(data, at)
        if key & 7 == 2:
            yield key >> 3, data[at:at + length]
            at += length


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


class Server:
    def __init__(self, channel, reflection=REFLECTION):
        self.channel = channel
        self.pool = descriptor_pool.DescriptorPool()
        self.factory = message_factory.MessageFactory(self.pool)
        self._ask = channel.stream_stream(reflection, request_serializer=None, response_deserializer=None)
        listed = dict(_fields(self._one(_field(7, '*'))))[6]
        self.services = [dict(_fields(service))[1].decode() for _, service in _fields(listed)]
        known = set()
        for service in self.services:
            files = [descriptor_pb2.FileDescriptorProto.FromString(file) for _, file in _fields(dict(_fields(self._one(_field(4, service))))[4])]
            self._add({file.name: file for file in files}, known)

    def _one(self, request):
        return next(iter(self._ask(iter([request]))))

    def _add(self, files, known):
        def add(name):
            if name not in known:
                known.add(name)
                for imported in files[name].dependency:
                    add(imported)
                self.pool.Add(files[name])
        for name in files:
            add(name)

    def message(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name))

    def call(self, path):
        """The multi-callable of /service/Method."""
        service, method = path.rsplit('/', 1)
        described = self.pool.FindServiceByName(service).FindMethodByName(method)
        proto = descriptor_pb2.MethodDescriptorProto()
        described.CopyToProto(proto)
        kind = {(False, False): self.channel.unary_unary, (False, True): self.channel.unary_stream,
                (True, False): self.channel.stream_unary, (True, True): self.channel.stream_stream}[(proto.client_streaming, proto.server_streaming)]
        answer = self.factory.GetPrototype(described.output_type)
        return kind('/' + path, request_serializer=lambda message: message.SerializeToString(), response_deserializer=answer.FromString)
