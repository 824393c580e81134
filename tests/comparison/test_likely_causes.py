from __future__ import annotations

import pytest

from paddledvc.comparison.likely_causes import guess_cause
from paddledvc.tools.paddle.core.jobs import Diagnosis


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("return x * 2 if paddle.in_dynamic_mode() else x", "in_dynamic_mode()"),
        ("return x if isinstance(x, paddle.Tensor) else x * 2", "isinstance(..., Tensor)"),
        ("with paddle.amp.auto_cast():", "auto_cast"),
        ("return F.dropout(x, 0.5)", "dropout without training"),
        ("return x * float(np.random.rand())", "NumPy or Python"),
        ("return x * x.numpy().max()", "NumPy or Python"),
        ("flat[0] = 100.0", "writes in place"),
        ("y[0, 1] += 1", "writes in place"),
        ("x.add_(y)", "writes in place"),
        ("return self.fc(x), x + 0.5", "drops a constant"),
        ("return ids - 1", "drops a constant"),
    ],
)
def test_the_source_tells_what_is_known_to_go_wrong(line, says):
    found = guess_cause(f"def forward(self, x):\n    {line}\n", "jit")

    assert says in found.what
    assert found.advice


@pytest.mark.parametrize(
    "line",
    [
        "return self.fc(x)",
        "return F.dropout(x, 0.5, training=self.training)",
        "if x[0] == 1:",
        "self.__dict__",
        "return x * 2.0",
    ],
)
def test_a_harmless_source_tells_nothing(line):
    assert guess_cause(f"def forward(self, x):\n    {line}\n", "predictor") is None


def test_where_only_the_engine_is_wrong_the_source_is_not_to_blame():
    assert "fused kernels" in guess_cause("flat[0] = 100.0", "deployed").what


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (("block.1", "Conv", "it is", "do"), "it begins in sublayer block.1 (Conv): it is; do"),
        (("", "Net", "", ""), "it begins in Net"),
        (("", "", "stale", "export"), "stale; export"),
    ],
)
def test_a_diagnosis_says_where_and_why(fields, said):
    sublayer, kind, why, advice = fields
    found = Diagnosis(sublayer=sublayer, kind=kind, scaled_error=1.0, cause=why, advice=advice)

    assert str(found) == said


@pytest.mark.parametrize(
    ("path", "precision", "says"),
    [
        ("deployed", "float32", "fused kernels"),
        ("deployed", "bfloat16", "fewer bits"),
        ("onnx", "bfloat16", "what paddle2onnx makes of it"),
    ],
)
def test_a_fault_of_an_engine_is_told_by_the_path_and_its_precision(path, precision, says):
    assert says in guess_cause("", path, precision).what
