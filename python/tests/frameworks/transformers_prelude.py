# What a user of docs/frameworks/transformers.md has: a Trainer with a DETR that it has trained, and the training
# images with the transform of the validation. Metrics as transformers' run_object_detection.py makes them.
import json
import pathlib
import types

import torch
from drawn import draw
from PIL import Image
from torchmetrics.detection import MeanAveragePrecision
from transformers import (
    DetrConfig,
    DetrForObjectDetection,
    DetrImageProcessor,
    ResNetConfig,
    Trainer,
    TrainingArguments,
)

ROOT, SIZE = draw(pathlib.Path("."), images=48, boxes=2, sides=(40, 70)), (96, 128)
PROCESSOR = DetrImageProcessor(do_resize=False, do_pad=False)


class Images(torch.utils.data.Dataset):
    """Annotations with the categories numbered from 0, as transformers needs them."""

    def __init__(self, part):
        file = json.loads((ROOT / f"{part}.json").read_text())
        self.names = [category["name"] for category in file["categories"]]
        place = {category["id"]: at for at, category in enumerate(file["categories"])}
        self.items = []
        for image in file["images"]:
            mine = [one for one in file["annotations"] if one["image_id"] == image["id"]]
            mine = [one | {"category_id": place[one["category_id"]]} for one in mine]
            self.items.append((ROOT / "images" / image["file_name"], image["id"], mine))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, at):
        path, id, mine = self.items[at]
        truth = {"image_id": id, "annotations": mine}
        found = PROCESSOR(images=Image.open(path), annotations=truth, return_tensors="pt")
        return {"pixel_values": found["pixel_values"][0], "labels": found["labels"][0]}


def collate(batch):
    pixels = torch.stack([one["pixel_values"] for one in batch])
    return {"pixel_values": pixels, "labels": [one["labels"] for one in batch]}


def corners(boxes):
    boxes = torch.tensor(boxes).reshape(-1, 4)
    ends = torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1)
    return ends * torch.tensor([SIZE[1], SIZE[0], SIZE[1], SIZE[0]])


def compute_metrics(results):
    metric = MeanAveragePrecision(class_metrics=True)
    for outputs, labels in zip(results.predictions, results.label_ids):
        found = types.SimpleNamespace(logits=torch.tensor(outputs[1]), pred_boxes=torch.tensor(outputs[2]))
        sizes = [SIZE] * len(labels)
        found = PROCESSOR.post_process_object_detection(found, threshold=0.0, target_sizes=sizes)
        truth = [
            {"boxes": corners(one["boxes"]), "labels": torch.tensor(one["class_labels"])} for one in labels
        ]
        metric.update(found, truth)
    values = metric.compute()
    of_class = [values.pop(key) for key in ["classes", "map_per_class", "mar_100_per_class"]]
    for id, ap, recall in zip(*(each.tolist() for each in of_class)):
        values[f"map_{NAMES[id]}"], values[f"mar_100_{NAMES[id]}"] = torch.tensor(ap), torch.tensor(recall)
    return {key: round(value.item(), 4) for key, value in values.items()}


torch.manual_seed(0)
train_dataset, val_dataset = Images("train"), Images("val")
NAMES = dict(enumerate(train_dataset.names))
backbone = ResNetConfig(embedding_size=16, hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 1, 1], layer_type="basic")
backbone.out_features = ["stage4"]
config = DetrConfig(
    use_timm_backbone=False,
    use_pretrained_backbone=False,
    backbone=None,
    backbone_config=backbone,
    d_model=64,
    encoder_layers=1,
    decoder_layers=2,
    encoder_attention_heads=4,
    decoder_attention_heads=4,
    encoder_ffn_dim=128,
    decoder_ffn_dim=128,
    num_queries=8,
    dropout=0.0,
    auxiliary_loss=True,
    id2label=NAMES,
    label2id={name: id for id, name in NAMES.items()},
)
arguments = TrainingArguments(
    output_dir="out",
    num_train_epochs=30,
    learning_rate=1e-3,
    per_device_train_batch_size=8,
    per_device_eval_batch_size=8,
    remove_unused_columns=False,
    eval_do_concat_batches=False,
    use_cpu=True,
    save_strategy="no",
    report_to=[],
    disable_tqdm=True,
)
trainer = Trainer(
    model=DetrForObjectDetection(config),
    args=arguments,
    data_collator=collate,
    train_dataset=train_dataset,
    eval_dataset=val_dataset,
    compute_metrics=compute_metrics,
)
trainer.train()
