"""The part of detectron2 that collect.detectron2 uses, rebuilt small: detectron2 is not on PyPI.

Names, arguments and results as read in detectron2 0.6 (commit 02b5c4e2 of 2026-06-06):

- detectron2/config/config.py: `get_cfg`, `merge_from_list`
- detectron2/modeling/meta_arch/build.py and rcnn.py: `build_model`, `GeneralizedRCNN.preprocess_image`, `.device`
- detectron2/modeling/roi_heads/roi_heads.py, cascade_rcnn.py, fast_rcnn.py: `StandardROIHeads._forward_box`,
  `Res5ROIHeads._shared_roi_transform` and `forward`, `CascadeROIHeads._run_stage`, `FastRCNNOutputLayers.forward`
- detectron2/data/build.py, catalog.py, dataset_mapper.py, detection_utils.py, datasets/coco.py
- detectron2/structures/boxes.py, instances.py: `Boxes.to`, `gt_boxes`, `gt_classes`

What has no part in collecting (proposals, losses, masks, FPN's levels) is left out.
"""

import importlib.machinery
import json
import pathlib
import sys
import types

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import nn

DATASETS, METADATA = {}, {}


class Config(types.SimpleNamespace):
    def merge_from_list(self, pairs):
        for path, value in zip(pairs[::2], pairs[1::2]):
            *folders, name = path.split(".")
            at = self
            for folder in folders:
                at = vars(at).setdefault(folder, Config())
            setattr(at, name, value)


class Metadata(types.SimpleNamespace):
    def get(self, key, default=None):
        return getattr(self, key, default)


class MetadataCatalog:
    @staticmethod
    def get(name):
        return METADATA.setdefault(name, Metadata())


class DatasetCatalog:
    @staticmethod
    def register(name, load):
        DATASETS[name] = load


def register_coco_instances(name, _, json_file, image_root):
    def load():
        file = json.loads(pathlib.Path(json_file).read_text())
        categories = sorted(file["categories"], key=lambda one: one["id"])
        meta = MetadataCatalog.get(name)
        meta.thing_classes = [one["name"] for one in categories]
        meta.thing_dataset_id_to_contiguous_id = {one["id"]: at for at, one in enumerate(categories)}
        dicts = []
        for image in file["images"]:
            mine = [dict(one) for one in file["annotations"] if one["image_id"] == image["id"]]
            for one in mine:
                one["category_id"] = meta.thing_dataset_id_to_contiguous_id[one["category_id"]]
            dicts.append({"file_name": f"{image_root}/{image['file_name']}", "annotations": mine})
        return dicts

    DatasetCatalog.register(name, load)


def get_detection_dataset_dicts(names, filter_empty=True):
    dicts = [one for name in names for one in DATASETS[name]()]
    single = [any(not one.get("iscrowd") for one in image["annotations"]) for image in dicts]
    return [image for image, there in zip(dicts, single) if there or not filter_empty]


class Boxes:
    def __init__(self, tensor):
        self.tensor = tensor

    def to(self, device):
        return Boxes(self.tensor.to(device))


class DatasetMapper:
    def __init__(self, is_train, *, augmentations, image_format):
        assert is_train and image_format == "BGR"
        [self.side] = augmentations

    def __call__(self, one):
        image = Image.open(one["file_name"]).convert("RGB")
        times = self.side / min(image.size)
        sized = image.resize([round(side * times) for side in image.size], Image.BILINEAR)
        pixels = np.asarray(sized)[:, :, ::-1].transpose(2, 0, 1)
        single = [each for each in one["annotations"] if not each.get("iscrowd")]
        boxes = torch.tensor([each["bbox"] for each in single], dtype=torch.float32)
        boxes[:, 2:] += boxes[:, :2]
        classes = torch.tensor([each["category_id"] for each in single])
        instances = types.SimpleNamespace(gt_boxes=Boxes(boxes * times), gt_classes=classes)
        return {"image": torch.tensor(pixels.copy()), "instances": instances}


def build_augmentation(cfg, is_train):
    assert not is_train
    return [cfg.INPUT.MIN_SIZE_TEST]


def build_detection_test_loader(dataset, *, mapper, num_workers):
    assert num_workers == 0
    return [[mapper(one)] for one in dataset]


class Pooler(nn.Module):
    """ROIPooler on one level."""

    def __init__(self, side, stride):
        super().__init__()
        self.side, self.stride = side, stride

    def forward(self, maps, boxes):
        [features] = maps
        rois = [each.tensor for each in boxes]
        return torchvision.ops.roi_align(features, rois, self.side, 1 / self.stride, 0, aligned=True)


class FastRCNNOutputLayers(nn.Module):
    def __init__(self, dim, classes):
        super().__init__()
        self.cls_score = nn.Linear(dim, classes + 1)
        self.bbox_pred = nn.Linear(dim, 4 * classes)

    def forward(self, x):
        if x.dim() > 2:
            x = torch.flatten(x, start_dim=1)
        return self.cls_score(x), self.bbox_pred(x)


class ROIHeads(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.num_classes = cfg.MODEL.ROI_HEADS.NUM_CLASSES


class Res5ROIHeads(ROIHeads):
    def __init__(self, cfg):
        super().__init__(cfg)
        self.in_features = ["res4"]
        self.pooler, self.res5 = Pooler(14, 16), nn.Conv2d(8, 24, 3, 2)
        self.box_predictor = FastRCNNOutputLayers(24, self.num_classes)

    def _shared_roi_transform(self, features, boxes):
        return self.res5(self.pooler(features, boxes))


def box_head(cfg):
    dim = cfg.MODEL.ROI_BOX_HEAD.FC_DIM
    return nn.Sequential(nn.Flatten(), nn.Linear(8 * 49, dim), nn.ReLU(), nn.Linear(dim, dim), nn.ReLU())


class StandardROIHeads(ROIHeads):
    def __init__(self, cfg):
        super().__init__(cfg)
        self.box_in_features, self.box_pooler, self.box_head = ["p2"], Pooler(7, 4), box_head(cfg)
        self.box_predictor = FastRCNNOutputLayers(cfg.MODEL.ROI_BOX_HEAD.FC_DIM, self.num_classes)


class CascadeROIHeads(StandardROIHeads):
    def __init__(self, cfg):
        super().__init__(cfg)
        predictors = [FastRCNNOutputLayers(cfg.MODEL.ROI_BOX_HEAD.FC_DIM, self.num_classes) for _ in range(3)]
        self.box_head = nn.ModuleList(box_head(cfg) for _ in range(3))
        self.box_predictor = nn.ModuleList(predictors)


class RROIHeads(StandardROIHeads):
    pass


class Backbone(nn.Module):
    def __init__(self, name, stride):
        super().__init__()
        self.size_divisibility = 32 if name == "p2" else 0
        self.name, self.layer = name, nn.Conv2d(3, 8, stride, stride)

    def forward(self, x):
        return {self.name: self.layer(x)}


class GeneralizedRCNN(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        heads = cfg.MODEL.ROI_HEADS.NAME
        self.backbone = Backbone("res4", 16) if heads == "Res5ROIHeads" else Backbone("p2", 4)
        self.roi_heads = globals()[heads](cfg)
        self.register_buffer("pixel_mean", torch.tensor(cfg.MODEL.PIXEL_MEAN).view(-1, 1, 1), False)
        self.register_buffer("pixel_std", torch.tensor(cfg.MODEL.PIXEL_STD).view(-1, 1, 1), False)

    device = property(lambda self: self.pixel_mean.device)

    def preprocess_image(self, batch):
        images = [(one["image"] - self.pixel_mean) / self.pixel_std for one in batch]
        step = self.backbone.size_divisibility or 1
        high, wide = (-(-max(image.shape[at] for image in images) // step) * step for at in (1, 2))
        padded = [
            nn.functional.pad(image, (0, wide - image.shape[2], 0, high - image.shape[1])) for image in images
        ]
        return types.SimpleNamespace(tensor=torch.stack(padded))


class RetinaNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()


def build_model(cfg):
    return globals()[cfg.MODEL.META_ARCHITECTURE](cfg)


class DetectionCheckpointer:
    def __init__(self, model, save_dir=""):
        self.model, self.folder = model, save_dir

    def save(self, name):
        torch.save(self.model.state_dict(), f"{self.folder}/{name}.pth")

    def load(self, path):
        if path:
            self.model.load_state_dict(torch.load(path))


def install():
    """Puts these in the place of detectron2. Gives whether detectron2 itself is there instead."""
    try:
        import detectron2.modeling  # noqa: F401

        return True
    except ImportError:
        pass
    here = globals()
    known = {
        "": [],
        ".checkpoint": ["DetectionCheckpointer"],
        ".config": [],
        ".data": [
            "DatasetCatalog",
            "DatasetMapper",
            "MetadataCatalog",
            "build_detection_test_loader",
            "get_detection_dataset_dicts",
        ],
        ".data.datasets": ["register_coco_instances"],
        ".data.detection_utils": ["build_augmentation"],
        ".modeling": ["build_model"],
        ".modeling.roi_heads": ["CascadeROIHeads", "Res5ROIHeads", "RROIHeads", "StandardROIHeads"],
    }
    for path, names in known.items():
        module = types.ModuleType(f"detectron2{path}")
        module.__path__ = []
        module.__spec__ = importlib.machinery.ModuleSpec(module.__name__, None, is_package=True)
        vars(module).update({name: here[name] for name in names})
        sys.modules[module.__name__] = module
    sys.modules["detectron2.config"].get_cfg = Config
    return False
