"""`data_config`: which labels, how they are split and cached, and what happens to each image."""

from typing import Any, List, Optional

import attrs

from sleapnn_engine.config.meta import Choice, When, section, setting
from sleapnn_engine.config.model_types import keys_of
from sleapnn_engine.config.schema.augment import AugmentationConfig

_CROPPED = When(
    path="model_config.head_configs",
    values=keys_of(lambda kind: kind.cropped),
    says="Has no effect: this model type looks at whole images.",
)
_WHOLE = When(
    path="model_config.head_configs",
    values=keys_of(lambda kind: not kind.cropped),
    says="Has no effect: this model type looks at crops around animals.",
)
_DISK = When(
    path="data_config.data_pipeline_fw",
    values=("torch_dataset_cache_img_disk",),
    says="Only used when images are cached on disk.",
)
_AUTO_CROP = When(
    path="data_config.preprocessing.crop_size",
    values=(None,),
    says="Only used while the crop size is automatic.",
)
_SAVES = When(path="trainer_config.save_ckpt", values=(True,), says="Only used when checkpoints are saved.")
_SPLIT = When(
    path="data_config.val_labels_path", values=(None, []), says="Has no effect: validation labels are given."
)


@attrs.define(kw_only=True)
class PreprocessingConfig:
    ensure_rgb: bool = setting(
        False,
        label="Force RGB",
        doc="Feeds the network three colour channels; gray images are repeated into all three.",
        kind="bool",
        legacy="data.preprocessing.ensure_rgb",
    )
    ensure_grayscale: bool = setting(
        False,
        label="Force gray",
        doc="Feeds the network one gray channel; colour images are converted by their luma.",
        kind="bool",
        legacy="data.preprocessing.ensure_grayscale",
    )
    max_height: Optional[int] = setting(
        None,
        label="Largest height",
        doc="Images are resized, keeping their aspect, and padded below to this height before scaling.",
        kind="int",
        unit="px_source",
        minimum=1,
        maximum=65_536,
        null="The tallest image of the training labels sets the height; with a largest width set, the height follows from it.",
        legacy="data.preprocessing.target_height",
    )
    max_width: Optional[int] = setting(
        None,
        label="Largest width",
        doc="Images are resized, keeping their aspect, and padded at the right to this width before scaling.",
        kind="int",
        unit="px_source",
        minimum=1,
        maximum=65_536,
        null="The widest image of the training labels sets the width; with a largest height set, the width follows from it.",
        legacy="data.preprocessing.target_width",
    )
    scale: float = setting(
        1.0,
        label="Input scale",
        doc="Resizes each image, or each crop, by this factor before the network sees it; smaller is faster and sees more at once.",
        kind="float",
        unit="x_source",
        above=0,
        maximum=8,
        step=0.05,
        legacy="data.preprocessing.input_scaling",
    )
    crop_size: Optional[int] = setting(
        None,
        label="Crop size",
        doc="Side of the square cut around each animal, before scaling; where frames are resized to a common size first, in pixels of that size. For models that look at one cropped animal.",
        kind="int",
        unit="px_source",
        minimum=1,
        maximum=65_536,
        null="Measured from the largest animal in the training labels, plus padding.",
        when=(_CROPPED,),
    )
    min_crop_size: Optional[int] = setting(
        100,
        label="Smallest auto crop",
        doc="The automatic crop is never smaller than this.",
        kind="int",
        unit="px_source",
        minimum=1,
        maximum=65_536,
        null="No lower bound on the automatic crop; automatic padding is still that of 100 px or more.",
        null_label="None",
        when=(_CROPPED, _AUTO_CROP),
        advanced=True,
    )
    crop_padding: Optional[int] = setting(
        None,
        label="Padding for auto crop",
        doc="Room added to the largest animal, in total and not per side, when the crop size is automatic.",
        kind="int",
        unit="px_source",
        minimum=0,
        maximum=65_536,
        null="Follows the rotation and scale ranges of the augmentation.",
        when=(_CROPPED, _AUTO_CROP),
        advanced=True,
    )


@attrs.define(kw_only=True)
class DataConfig:
    provider: str = setting(
        "LabelsReader",
        label="Reader",
        doc="The kind of file reader used for training labels.",
        kind="choice",
        choices=(
            Choice(value="LabelsReader", label="SLEAP labels", doc="Reads `.slp` and `.pkg.slp` files."),
        ),
        advanced=True,
    )
    train_labels_path: List[str] = setting(
        [],
        label="Training labels",
        doc="The `.slp` or `.pkg.slp` files to learn from; all must share one skeleton.",
        kind="paths",
        suffixes=(".slp", ".pkg.slp"),
        null="No file chosen yet.",
        null_label="None",
    )
    val_labels_path: Optional[List[str]] = setting(
        None,
        label="Validation labels",
        doc="Files whose frames are never learned from and only measure the model.",
        kind="paths",
        suffixes=(".slp", ".pkg.slp"),
        null="A fraction of the training frames is set aside for validation.",
        null_label="Split",
        when=(
            When(
                path="data_config.use_same_data_for_val",
                values=(False,),
                says="Has no effect: validation uses the training frames.",
            ),
        ),
    )
    validation_fraction: float = setting(
        0.1,
        label="Validation share",
        doc="Share of the labelled frames of each file set aside for validation.",
        kind="float",
        unit="fraction",
        above=0,
        below=1,
        step=0.05,
        when=(
            _SPLIT,
            When(
                path="data_config.use_same_data_for_val",
                values=(False,),
                says="Has no effect: validation uses the training frames.",
            ),
        ),
        legacy="data.labels.validation_fraction",
    )
    test_file_path: Any = setting(
        None,
        label="Test labels or video",
        doc="The best model is tested on these once training has ended; videos are predicted without being measured.",
        kind="path_or_paths",
        suffixes=(".slp", ".pkg.slp", ".mp4", ".avi", ".mov"),
        null="No test after training.",
        null_label="None",
        when=(_SAVES,),
    )
    user_instances_only: bool = setting(
        True,
        label="Only hand-labelled animals",
        doc="Learns from animals a person labelled and leaves out a program's predictions.",
        kind="bool",
    )
    use_negative_frames: bool = setting(
        False,
        label="Frames marked as empty",
        doc="Learns from frames marked as empty in SLEAP that nothing is to be found there.",
        kind="bool",
        when=(_WHOLE,),
        since="0.3",
    )
    negative_loss_weight: float = setting(
        1.0,
        label="Weight of empty frames",
        doc="How much a frame marked as empty counts in the training loss beside one with animals; validation counts all alike.",
        kind="float",
        above=0,
        maximum=1_000_000,
        step=0.1,
        when=(
            _WHOLE,
            When(
                path="data_config.use_negative_frames",
                values=(True,),
                says="Only used when frames marked as empty are learned from.",
            ),
        ),
        advanced=True,
        since="0.3",
    )
    data_pipeline_fw: str = setting(
        "torch_dataset",
        label="Image loading",
        doc="Where the images wait between epochs.",
        kind="choice",
        choices=(
            Choice(
                value="torch_dataset",
                label="Read as needed",
                doc="Reads frames from the files each time; needs the least memory.",
            ),
            Choice(
                value="torch_dataset_cache_img_memory",
                label="Keep in memory",
                doc="Reads every frame once and keeps it in memory; the fastest when it fits.",
            ),
            Choice(
                value="torch_dataset_cache_img_disk",
                label="Keep on disk",
                doc="Writes every frame once as an image file and reads those; for labels whose video is slow to seek.",
            ),
        ),
    )
    cache_img_path: Optional[str] = setting(
        None,
        label="Image cache folder",
        doc="Folder that receives `train_imgs` and `val_imgs`; it is made where it is not there.",
        kind="folder",
        null="The run folder; reused images are those of the earlier run of that name.",
        null_label="Run folder",
        when=(_DISK,),
        advanced=True,
    )
    use_existing_imgs: bool = setting(
        False,
        label="Reuse cached images",
        doc="Takes the images an earlier run left in the cache folder in place of writing them again.",
        kind="bool",
        when=(_DISK,),
        advanced=True,
    )
    delete_cache_imgs_after_training: bool = setting(
        True,
        label="Delete cache at the end",
        doc="Removes the image files that the run cached once training has ended; reused ones stay.",
        kind="bool",
        when=(_DISK,),
        advanced=True,
    )
    use_same_data_for_val: bool = setting(
        False,
        label="Validate on the training frames",
        doc="Uses every frame for both, to overfit a handful of frames on purpose.",
        kind="bool",
        advanced=True,
    )
    preprocessing: PreprocessingConfig = section(
        PreprocessingConfig,
        label="Preprocessing",
        doc="What happens to each image before the network sees it.",
    )
    use_augmentations_train: bool = setting(
        True,
        label="Vary the training images",
        doc="Applies the random changes below to training images; validation images are never changed.",
        kind="bool",
    )
    augmentation_config: Optional[AugmentationConfig] = section(
        AugmentationConfig,
        on=False,
        label="Augmentation",
        doc="Random changes that teach the network to cope with more than it was shown.",
        null="No augmentation.",
        when=(
            When(
                path="data_config.use_augmentations_train",
                values=(True,),
                says="Has no effect: training images are not varied.",
            ),
        ),
    )
    skeletons: Any = setting(
        None,
        label="Skeletons",
        doc="The skeleton the model was trained on, written by training.",
        kind="any",
        null="Taken from the labels when training starts.",
        edited=False,
    )
