"""Files like those of SLEAP models up to 1.4, written from a network of ours."""

from pathlib import Path

import h5py
import numpy as np

from sleapnn_engine.heads.class_vectors import VectorHead
from sleapnn_engine.models.assemble import PoseModel


def write_keras(model: PoseModel, path: Path, *, numbered: bool = True, **more: np.ndarray) -> Path:
    """Every layer of the model in Keras' layout; `more` are further kernels by layer name."""
    vectors = [head for head in model.heads if isinstance(head, VectorHead) and head.cells]
    whole = {"pre_classification0_fc" if head.layers else head.name: head.cells for head in vectors}
    with h5py.File(path, "w") as file:
        file["optimizer_weights/Adam/stack0_enc0_conv0/kernel/m:0"] = np.zeros((3, 3, 1, 6), np.float32)
        file["optimizer_weights/Adam/iter:0"] = 7
        for name, value in model.state_dict().items():
            *parts, kind = name.split(".")
            layer = [part for part in parts if not part.isdigit()][-1]
            array = value.numpy()
            if kind == "weight" and layer in whole:
                array = array.reshape(len(array), -1, *whole[layer]).transpose(0, 2, 3, 1)
                array = array.reshape(len(array), -1)
            if kind == "weight":
                array = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
            if numbered and layer.endswith("ConfmapsHead"):
                layer += "_0"
            file[f"model_weights/{layer}/{layer}/{'kernel' if kind == 'weight' else kind}:0"] = array
        for layer, array in more.items():
            file[f"model_weights/{layer}/{layer}/kernel:0"] = array
    return path
