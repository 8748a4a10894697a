"""A stand-in for mmcv's compiled extension, which mmcv-lite has not and mmcv compiles for an hour.

mmdetection imports the names of all operations. Here NMS is torchvision's, and every other one fails when it is
called; RoIAlign is torchvision's by mmcv's own option `use_torchvision=True` in the config.
"""

import importlib.machinery
import sys
import types


class _Extension(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def absent(*_, **__):
            raise NotImplementedError(f"mmcv's compiled {name}")

        return absent


def install():
    """Puts the stand-in in the place of `mmcv._ext`, unless it is compiled."""
    import torchvision

    try:
        import mmcv._ext  # noqa: F401

        return
    except ImportError:
        pass

    def nms(boxes, scores, iou_threshold, offset):
        assert offset == 0
        return torchvision.ops.nms(boxes, scores, iou_threshold)

    extension = _Extension("mmcv._ext")
    extension.__spec__ = importlib.machinery.ModuleSpec("mmcv._ext", None)
    extension.nms = nms
    sys.modules["mmcv._ext"] = extension
