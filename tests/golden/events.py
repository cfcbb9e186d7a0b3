"""Writes events.lua, records of events as TensorBoard's own writer has them.

    pip install tensorboard==2.21.0
    python3 tests/golden/events.py > tests/golden/events.lua

With a folder and a file it reads all event files below the folder, by each
reader that TensorBoard has; the file says what must be there, in lines of
folder, tag, step and value. tests/golden/exchange.sh does that.
"""
import io
import os
import struct
import sys
import time

import numpy as np
from tensorboard.backend.event_processing.data_provider import (
    MultiplexerDataProvider)
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator)
from tensorboard.backend.event_processing.plugin_event_multiplexer import (
    EventMultiplexer)
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.context import RequestContext
from tensorboard.data.server_ingester import (
    SubprocessServerDataIngester, get_server_binary)
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.grpc_util import ChannelCredsType

TIME = 1795789180.25
SCALARS = [
    ("loss", 0.1, 1), ("loss", -0.0, 300), ("zero", 0.0, 0),
    ("big", 2.0 ** 100, 2 ** 40), ("early", 1.0, -1), ("inf", np.inf, 2),
    ("minus", -np.inf, 2), ("nan", np.nan, 2), ("third", 1 / 3, 127),
    ("\u00e9/\u20ac", 1e-45, 128), ("long" * 40, 3.4028235e38, 16384),
]


def record(**fields):
    """The bytes of an event's record, as an expression of Lua."""
    file = io.BytesIO()
    event = Event(wall_time=TIME, **fields)
    RecordWriter(file).write(event.SerializeToString())
    text = file.getvalue().hex()
    lines = [text[i:i + 66] for i in range(0, len(text), 66)]
    return '"' + '"\n      .. "'.join(lines) + '"'


def write():
    print("-- golden/events.lua: made by golden/events.py\nreturn {")
    print(f"  time = {TIME},")
    print(f'  version = {record(file_version="brain.Event:2")},')
    for tag, value, step in SCALARS:
        number = Summary.Value(tag=tag, simple_value=value)
        text = record(step=step, summary=Summary(value=[number]))
        name = f'"{tag}"' if len(tag) < 40 else f'("{tag[:4]}"):rep(40)'
        print(f'  {{ {name}, "{struct.pack("<d", value).hex()}", {step},')
        print(f"    {text} }},")
    print("}")


def by_accumulator(folder):
    """What scripts read: Scalars of each folder with event files."""
    runs = {}
    for path, _, names in os.walk(folder):
        if any("tfevents" in name for name in names):
            run = EventAccumulator(path, size_guidance={"scalars": 0}).Reload()
            runs[os.path.relpath(path, folder)] = {
                tag: [(e.step, e.value) for e in run.Scalars(tag)]
                for tag in run.Tags()["scalars"]}
    return runs


def ask(provider):
    """What the dashboard of scalars is given."""
    found = provider.read_scalars(RequestContext(), experiment_id="",
                                  plugin_name="scalars", downsample=10000)
    return {run: {tag: [(d.step, d.value) for d in series]
                  for tag, series in tags.items()}
            for run, tags in found.items()}


def by_multiplexer(folder):
    runs = EventMultiplexer().AddRunsFromDirectory(folder)
    runs.Reload()
    return ask(MultiplexerDataProvider(runs, folder))


def by_server(folder):
    """What TensorBoard itself runs, a program in Rust; it reads on its own."""
    server = SubprocessServerDataIngester(
        server_binary=get_server_binary(), logdir=folder, reload_interval=0,
        channel_creds_type=ChannelCredsType.LOCAL,
        samples_per_plugin={"scalars": 0})
    server.start()
    got = {}
    for _ in range(20):
        time.sleep(1)
        before, got = got, ask(server.data_provider)
        if got and got == before:
            break
    return got


def read(folder, file):
    want = {}
    for line in open(file):
        run, tag, step, value = line.split()
        values = want.setdefault(run, {}).setdefault(tag, [])
        values.append((int(step), float(np.float32(float(value)))))
    for reader in by_accumulator, by_multiplexer, by_server:
        got = reader(folder)
        assert got.keys() == want.keys(), (reader.__name__, got.keys())
        for run in want:
            assert got[run] == want[run], (reader.__name__, run, got[run])
    for run, tags in sorted(want.items()):
        print(f"{run}: {', '.join(sorted(tags))}")


if len(sys.argv) == 3:
    read(*sys.argv[1:])
else:
    write()
