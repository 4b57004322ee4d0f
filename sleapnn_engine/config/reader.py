"""Reading a config with the guide's defaults filled in, whatever the file left out or got wrong."""

from collections.abc import Mapping
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.encoders import Encoder, find_encoder
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.values import as_number, is_wrong

DATA = "data_config."
MODEL = "model_config."
TRAINER = "trainer_config."
PREPROCESSING = DATA + "preprocessing."
INTENSITY = DATA + "augmentation_config.intensity."
GEOMETRIC = DATA + "augmentation_config.geometric."
BACKBONES = MODEL + "backbone_config"
HEADS = MODEL + "head_configs"
SCHEDULERS = TRAINER + "lr_scheduler"

#: Max stride of a ConvNeXt or Swin backbone with patches of one pixel: each of three steps between its stages halves the
#: map, and so does the pool below them.
PYRAMID_STRIDE = 16


class ConfigReader:
    """One config, read by dotted path. A key in a null or missing optional section reads as None.

    The values must stay as they are while the view is used: which sections are set is found out once.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self._on: dict[str, bool] = {}

    def on(self, path: str) -> bool:
        """Whether the section at `path` and all sections above it are set (missing ones follow the guide)."""
        known = self._on.get(path)
        if known is None:
            around = path.rpartition(".")[0]
            known = self._on[path] = (not around or self.on(around)) and self._is_set(path)
        return known

    def _is_set(self, path: str) -> bool:
        if tree.has(self.values, path):
            return tree.get(self.values, path) is not None
        return path not in SPEC.sections or SPEC.sections[path].on

    def value(self, path: str) -> Any:
        """The file's value, else the guide's default; None when its section is off."""
        section = path.rpartition(".")[0]
        if section and not self.on(section):
            return None
        if tree.has(self.values, path):
            return tree.get(self.values, path)
        return SPEC.keys[path].default if path in SPEC.keys else None

    def number(self, path: str) -> float | int | None:
        """The number at `path`, or None where there is none that its setting allows.

        This is the one way from a file to arithmetic: what comes out is finite and within the setting's own range,
        so that every figure made from it is, too, and takes a bounded time. What is wrong with any other value is
        said by `validate`.
        """
        value, key = self.value(path), SPEC.keys.get(path)
        if value is None or key is None:
            return None
        return None if is_wrong(key.meta, value) else as_number(value)

    def chosen(self, path: str) -> list[str]:
        """Names of the child sections of a one-of section that are set, in schema order."""
        return [SPEC.sections[child].name for child in SPEC.sections[path].sections if self.on(child)]

    def state(self, path: str) -> Any:
        """What a condition compares: a key's value, or the chosen child's name for a one-of section."""
        if path in SPEC.sections and SPEC.sections[path].meta.one_of:
            names = self.chosen(path)
            return names[0] if names else None
        return self.value(path)

    def backbone(self) -> str:
        """Dotted path of the only backbone that is set, or '' when there are none or several."""
        names = self.chosen(BACKBONES)
        return f"{BACKBONES}.{names[0]}" if len(names) == 1 else ""

    def encoder(self) -> Encoder | None:
        """What is known of the timm encoder that is the backbone; None with another backbone or an unknown name."""
        backbone = self.backbone()
        return find_encoder(self.value(f"{backbone}.model_name")) if backbone.endswith(".timm") else None

    def max_stride(self) -> float | int | None:
        """The max stride of the backbone; that of encoders follows from what they are made of, whatever the file says."""
        backbone = self.backbone()
        if backbone.endswith(".timm"):
            encoder = self.encoder()
            return encoder.max_stride if encoder else None
        stem = self.number(f"{backbone}.stem_patch_stride") if backbone else None
        if stem is not None:
            return PYRAMID_STRIDE * stem
        return self.number(f"{backbone}.max_stride") if backbone else None

    def input_multiple(self) -> float | int | None:
        """What both sides of the network's input are padded to: a UNet with a stem halves its map once more."""
        encoder = self.encoder()
        if encoder is not None:
            return encoder.multiple
        stem, stride = self.number(f"{self.backbone()}.stem_stride"), self.max_stride()
        return 2 * stride if stride and stem and stem > 1 else stride

    def head(self) -> str:
        """Dotted path of the only head that is set, or '' when there are none or several."""
        names = self.chosen(HEADS)
        return f"{HEADS}.{names[0]}" if len(names) == 1 else ""

    def head_parts(self) -> list[str]:
        """Dotted paths of the sections (confmaps, pafs, ...) of the active head."""
        head = self.head()
        return [part for part in SPEC.sections[head].sections if self.on(part)] if head else []
