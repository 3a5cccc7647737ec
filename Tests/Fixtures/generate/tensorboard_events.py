"""tensorboard/events.bin: the bytes that TensorBoard's own writer makes of known events.

Needs `pip install tensorboard==2.20.0`, so it is run by itself: python tensorboard_events.py
"""

from pathlib import Path

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2
from tensorboard.compat.proto import types_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

FOLDER = Path(__file__).resolve().parent.parent / "tensorboard"
WALL_TIME = 1700000000.25


def summary(**value):
    return summary_pb2.Summary(value=[summary_pb2.Summary.Value(**value)])


def events():
    yield dict(file_version="brain.Event:2")
    yield dict(session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START), step=301)
    yield dict(summary=summary(tag="loss", simple_value=0.1234), step=301)
    image = summary_pb2.Summary.Image(
        height=3, width=200, colorspace=3, encoded_image_string=bytes(range(256))
    )
    yield dict(summary=summary(tag="validation/0", image=image), step=70000)
    shape = tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)])
    text = tensor_pb2.TensorProto(
        dtype=types_pb2.DT_STRING, tensor_shape=shape, string_val=["| a | é |".encode()]
    )
    metadata = summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="text")
    )
    yield dict(summary=summary(tag="settings", tensor=text, metadata=metadata))


def main():
    FOLDER.mkdir(exist_ok=True)
    with open(FOLDER / "events.bin", "wb") as file:
        writer = RecordWriter(file)
        for event in events():
            writer.write(event_pb2.Event(wall_time=WALL_TIME, **event).SerializeToString())


if __name__ == "__main__":
    main()
