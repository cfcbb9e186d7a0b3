"""Writes files.lua, a file as Python's library writes it.

    pip install safetensors==0.8.0 numpy==2.4.6 ml_dtypes==0.6.0
    python3 tests/golden/files.py > tests/golden/files.lua

With two paths it reads the first file, which has these tensors and metadata,
and writes what it read to the second: tests/golden/exchange.sh does that.
"""
import sys

import ml_dtypes
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

TENSORS = {
    "a": np.array([1, -2.5, 3e38], np.float32),
    "b": np.array([[1, 2], [3, -(2**63)]], np.int64),
    "c": np.array([0.1, -0.0], np.float64),
    "d": np.array([[2**31 - 1, -5]], np.int32),
    "e": np.array([True, False, True]),
    "f": np.array([0, 255], np.uint8),
    "g": np.array([65504, 6e-8, -1], np.float16),
    "h": np.array([1, 0.1], ml_dtypes.bfloat16),
    "one/\u00e9\n\u0001\"\\\U0001f600": np.array(3, np.float32),
    "zero": np.zeros((0, 3), np.float32),
}
METADATA = {"format": "\u20ac {\"x\":1}"}


def read(path):
    # The library's own numpy reader does not know bfloat16 everywhere.
    import json
    import struct
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    kinds = {"F32": "f4", "F64": "f8", "I32": "i4", "I64": "i8", "U8": "u1",
             "BOOL": "?", "F16": "f2", "BF16": ml_dtypes.bfloat16}
    tensors = {}
    with safe_open(path, "numpy") as f:
        metadata = f.metadata()
        for name in f.keys():
            info = header[name]
            first, last = info["data_offsets"]
            raw = np.frombuffer(data[8 + size + first:8 + size + last],
                                kinds[info["dtype"]]).reshape(info["shape"])
            if info["dtype"] != "BF16":
                assert np.array_equal(f.get_tensor(name), raw), name
            tensors[name] = raw
    return tensors, metadata


if len(sys.argv) == 3:
    tensors, metadata = read(sys.argv[1])
    assert metadata == METADATA, metadata
    assert tensors.keys() == TENSORS.keys()
    for name, x in TENSORS.items():
        assert tensors[name].dtype == x.dtype, name
        assert tensors[name].shape == x.shape, name
        assert tensors[name].tobytes() == x.tobytes(), name
    open(sys.argv[2], "wb").write(save(tensors, metadata))
else:
    text = save(TENSORS, METADATA).hex()
    print("-- golden/files.lua: made by golden/files.py\nreturn {")
    for i in range(0, len(text), 70):
        print(f'  "{text[i:i + 70]}",')
    print("}")
