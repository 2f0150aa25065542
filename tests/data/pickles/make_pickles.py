"""Writes the torch files of this folder with Python's own pickler and without torch, and expected.json with what is in them.

The stand-ins below have the names that torch's have, so that the pickler writes the same bytes. Real files, copied from elsewhere, lie in real/;
their entry in expected.json is made by Python's unpickler.
"""
import collections, hashlib, io, json, pathlib, pickle, struct, sys, types, zipfile

HERE = pathlib.Path(__file__).parent
FORMATS = {"DoubleStorage": ("F64", "d"), "FloatStorage": ("F32", "f"), "HalfStorage": ("F16", "e"), "BFloat16Storage": ("BF16", "H"), "LongStorage": ("I64", "q"),
           "IntStorage": ("I32", "i"), "ShortStorage": ("I16", "h"), "CharStorage": ("I8", "b"), "ByteStorage": ("U8", "B"), "BoolStorage": ("BOOL", "?")}

torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
torch._utils = utils
sys.modules["torch"], sys.modules["torch._utils"] = torch, utils
for storage_name in FORMATS:
    setattr(torch, storage_name, type(storage_name, (), {"__module__": "torch"}))


class Size(tuple):
    def __reduce__(self):
        return (Size, (tuple(self),))


Size.__module__, Size.__qualname__ = "torch", "Size"
torch.Size = Size


class Storage:
    def __init__(self, kind, values, key=None):
        self.kind, self.values, self.key = kind, list(values), key

    def raw(self, order):
        return struct.pack(order + str(len(self.values)) + FORMATS[self.kind][1], *self.values)


class Tensor:
    def __init__(self, storage, offset, shape, strides, parameter=False):
        self.storage, self.offset, self.shape, self.strides, self.parameter = storage, offset, tuple(shape), tuple(strides), parameter

    def __reduce__(self):
        if self.parameter:
            inner = Tensor(self.storage, self.offset, self.shape, self.strides)
            return (utils._rebuild_parameter, (inner, True, collections.OrderedDict()))
        return (utils._rebuild_tensor_v2, (self.storage, self.offset, self.shape, self.strides, False, collections.OrderedDict()))

    def bytes(self):
        places = [self.offset]
        for size, stride in zip(self.shape, self.strides):
            places = [place + i * stride for place in places for i in range(size)]
        return struct.pack("<" + str(len(places)) + FORMATS[self.storage.kind][1], *(self.storage.values[place] for place in places))


def rebuild(storage, offset, shape, strides, requires_grad, hooks, metadata=None):
    return Tensor(storage, offset, shape, strides)


def rebuild_parameter(data, requires_grad, hooks):
    return data


for name, function in (("_rebuild_tensor_v2", rebuild), ("_rebuild_parameter", rebuild_parameter)):
    function.__module__, function.__qualname__, function.__name__ = "torch._utils", name, name
    setattr(utils, name, function)


class Pickler(pickle.Pickler):
    def __init__(self, file, protocol, legacy):
        super().__init__(file, protocol)
        self.storages, self.legacy = {}, legacy

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        key = next((key for key, known in self.storages.items() if known is value), str(len(self.storages) + (94000 if self.legacy else 0)))
        self.storages[key] = value
        return ("storage", getattr(torch, value.kind), key, "cpu", len(value.values)) + ((None,) if self.legacy else ())


def sample():
    base = Storage("FloatStorage", [i / 8 - 3 for i in range(60)])
    content = collections.OrderedDict()
    content["contiguous"] = Tensor(base, 0, (3, 4), (4, 1))
    content["view"] = Tensor(base, 12, (2, 3, 4), (12, 4, 1))
    content["transposed"] = Tensor(base, 5, (4, 3), (1, 4))
    content["every other"] = Tensor(base, 1, (10,), (2,))
    content["expanded"] = Tensor(base, 7, (3, 5), (0, 1))
    content["overlapping windows"] = Tensor(base, 0, (4, 3), (1, 1))
    content["scalar"] = Tensor(base, 59, (), ())
    content["empty"] = Tensor(Storage("FloatStorage", []), 0, (0, 4), (4, 1))
    content["one row"] = Tensor(base, 3, (1, 4), (77, 1))
    content["parameter"] = Tensor(base, 2, (2, 2), (2, 1), parameter=True)
    content["same"] = content["view"]
    for kind in FORMATS:
        values = [True, False, True, True, False, True] if kind == "BoolStorage" else [0, 1, 2, 3, 100, 127]
        content["of " + kind] = Tensor(Storage(kind, values), 0, (2, 3), (1, 2))
        content["plain of " + kind] = Tensor(Storage(kind, values), 3, (3,), (1,))
    content["inner"] = {"list": [Tensor(base, 0, (1,), (1,)), 1], 5: (None, Tensor(base, 1, (1,), (1,)))}
    content["values"] = {"none": None, "true": True, "false": False, "small": 7, "negative": -5, "word": 40000, "large": 1 << 40, "lowest": -(1 << 63), "float": -0.375,
                         "text": "żółw 🐢", "long": "x" * 300, "list": list(range(1100)), "size": Size((2, 3)), "tuple": (1, 2, 3, 4)}
    content._metadata = collections.OrderedDict(version=1)
    return content


def pickled(value, protocol, legacy=False):
    file = io.BytesIO()
    pickler = Pickler(file, protocol, legacy)
    pickler.dump(value)
    return file.getvalue(), pickler.storages


def write_zip(path, value, protocol, order="<", compression=zipfile.ZIP_STORED):
    data, storages = pickled(value, protocol)
    with zipfile.ZipFile(path, "w", compression) as archive:
        def add(name, content):
            info = zipfile.ZipInfo("archive/" + name)
            info.compress_type = compression
            archive.writestr(info, content)
        add("data.pkl", data)
        if (order, protocol) != ("<", 2):
            add("byteorder", "little" if order == "<" else "big")
        for key, storage in storages.items():
            add("data/" + key, storage.raw(order))
        add("version", "3\n")


def write_legacy(path, value, protocol):
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    data, storages = pickled(value, protocol, legacy=True)
    parts = [pickle.dumps(0x1950a86a20f9469cfc6c, protocol), pickle.dumps(1001, protocol), pickle.dumps(system, protocol), data, pickle.dumps(sorted(storages), protocol)]
    parts += [struct.pack("<q", len(storages[key].values)) + storages[key].raw("<") for key in sorted(storages)]
    path.write_bytes(b"".join(parts))


def named(value, name=""):
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, (dict, list, tuple)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from named(inner, f"{name}/{key}" if name else str(key))


def describe(value):
    return {name: {"dtype": FORMATS[tensor.storage.kind][0], "shape": list(tensor.shape), "sha256": hashlib.sha256(tensor.bytes()).hexdigest()} for name, tensor in named(value)}


class Unpickler(pickle.Unpickler):
    def __init__(self, archive, prefix):
        super().__init__(archive.open(prefix + "data.pkl"))
        self.archive, self.prefix = archive, prefix

    def persistent_load(self, identifier):
        _, kind, key, _, count = identifier
        return Storage(kind.__name__, struct.unpack("<" + str(count) + FORMATS[kind.__name__][1], self.archive.read(self.prefix + "data/" + key)), key)

    def find_class(self, module, name):
        if "numpy" in module:
            return {"scalar": lambda kind, raw: int.from_bytes(raw, "little", signed=True), "dtype": NumpyType}[name]
        return super().find_class(module, name)


class NumpyType:
    def __init__(self, *arguments):
        pass

    def __setstate__(self, state):
        pass


def main():
    expected = {}
    for protocol in (2, 3, 4, 5):
        write_zip(HERE / f"zip-protocol{protocol}.pt", sample(), protocol)
        expected[f"zip-protocol{protocol}.pt"] = describe(sample())
    write_zip(HERE / "zip-big-endian.pt", sample(), 2, order=">")
    write_zip(HERE / "zip-deflated.pt", sample(), 2, compression=zipfile.ZIP_DEFLATED)
    write_legacy(HERE / "legacy-protocol2.pt", sample(), 2)
    write_legacy(HERE / "legacy-protocol4.pt", sample(), 4)
    for name in ("zip-big-endian.pt", "zip-deflated.pt", "legacy-protocol2.pt", "legacy-protocol4.pt"):
        expected[name] = describe(sample())
    for path in sorted((HERE / "real").glob("*")):
        with zipfile.ZipFile(path) as archive:
            prefix = next(name for name in archive.namelist() if name.endswith("data.pkl"))[:-len("data.pkl")]
            expected["real/" + path.name] = describe(Unpickler(archive, prefix).load())
    (HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


main()
