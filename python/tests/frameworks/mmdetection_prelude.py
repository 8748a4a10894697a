# What a user of docs/frameworks/mmdetection.md has: config.py, the checkpoint of the last epoch, the annotations, and
# the log of the training, which ends with an evaluation. It is mmdetection itself, but for mmcv's compiled operations.
import os
import pathlib
import runpy
import sys

import mmcv_extension

mmcv_extension.install()
# mmengine 0.10 reads its own checkpoints by pickle.
os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"

import mmdet  # noqa: E402
from drawn import CATEGORIES, draw  # noqa: E402

draw(pathlib.Path("."), images=12, sides=(24, 60))
MIM = pathlib.Path(mmdet.__file__).parent / ".mim"
pathlib.Path("config.py").write_text(f"""
_base_ = ["{MIM}/configs/_base_/models/faster-rcnn_r50_fpn.py", "{MIM}/configs/_base_/default_runtime.py",
          "{MIM}/configs/_base_/datasets/coco_detection.py", "{MIM}/configs/_base_/schedules/schedule_1x.py"]
head = dict(in_channels=32, fc_out_channels=64, num_classes={len(CATEGORIES)})
extractor = dict(out_channels=32, roi_layer=dict(use_torchvision=True))
model = dict(
    backbone=dict(depth=18, init_cfg=None, frozen_stages=-1, norm_cfg=dict(requires_grad=True), norm_eval=False),
    neck=dict(in_channels=[64, 128, 256, 512], out_channels=32),
    rpn_head=dict(in_channels=32, feat_channels=32, anchor_generator=dict(scales=[4])),
    roi_head=dict(bbox_head=head, bbox_roi_extractor=extractor),
    train_cfg=dict(rpn_proposal=dict(nms_pre=200, max_per_img=100), rcnn=dict(sampler=dict(num=64))),
    test_cfg=dict(rpn=dict(nms_pre=200, max_per_img=100)))
names = dict(classes={tuple(CATEGORIES.values())})
train = [dict(type="LoadImageFromFile"), dict(type="LoadAnnotations", with_bbox=True),
         dict(type="Resize", scale=(128, 96), keep_ratio=True), dict(type="RandomFlip", prob=0.5),
         dict(type="PackDetInputs")]
test = [dict(type="LoadImageFromFile"), dict(type="Resize", scale=(128, 96), keep_ratio=True),
        dict(type="LoadAnnotations", with_bbox=True), dict(type="PackDetInputs")]
common = dict(num_workers=0, persistent_workers=False)
place = dict(data_root="", data_prefix=dict(img="images/"), metainfo=names)
train_dataloader = dict(batch_size=6, dataset=dict(ann_file="train.json", pipeline=train, **place), **common)
val_dataloader = dict(dataset=dict(ann_file="val.json", pipeline=test, **place), **common)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file="val.json", classwise=True)
test_evaluator = val_evaluator
train_cfg = dict(val_interval=99)
optim_wrapper = dict(optimizer=dict(_delete_=True, type="AdamW", lr=2e-3))
param_scheduler = []
default_hooks = dict(checkpoint=dict(interval=12))
work_dir = "work"
""")


sys.argv = ["train.py", "config.py"]
runpy.run_path(str(MIM / "tools/train.py"), run_name="__main__")
