"""Every bad or awkward input of the collection, and what `train` says of it."""

TRAINS = 0
CLASSED = ("multi_class_bottomup", "multi_class_topdown")
SEVERAL = ("centroid", "centered_instance", "bottomup")
NO_TRACKS = "No animal has a track, and this model tells tracks apart."

#: file -> [(model types, exit code, words on the stream for errors)]
LABELS: dict[str, list[tuple[tuple[str, ...], int, str]]] = {
    "01_empty/zero_bytes.slp": [(("single_instance",), 1, "is empty (0 bytes)")],
    "01_empty/empty_labels.slp": [(("centroid",), 1, "There are no labelled frames.")],
    "01_empty/skeleton_and_video_no_frames.slp": [(("bottomup",), 1, "There are no labelled frames.")],
    "01_empty/frames_without_instances.pkg.slp": [
        (("single_instance", "centered_instance"), 1, "No animal is labelled on the 6 frames.")
    ],
    "02_missing_video/aeon_7_missing_videos.slp": [(("bottomup",), 1, "7 of its videos were not found")],
    "02_missing_video/windows_path.slp": [
        (("centroid",), 1, "was not found: C:/Users/someone/My Videos/clip.mp4 (15 frames)")
    ],
    "02_missing_video/windows_path_found_beside/labels.slp": [(("centroid",), TRAINS, "")],
    "02_missing_video/image_list_some_missing/labels.slp": [
        (("bottomup",), TRAINS, "2 frames without a readable image")
    ],
    "03_no_user_instances/predicted_only.pkg.slp": [
        (("bottomup",), 1, "no hand-labelled animals (24 are predicted)")
    ],
    "04_one_frame/minimal_instance.pkg.slp": [
        (("bottomup", "centered_instance"), TRAINS, "There is only one frame"),
        (("multi_class_bottomup",), 1, NO_TRACKS),
    ],
    "04_one_frame/one_frame_one_instance.pkg.slp": [
        (("single_instance",), TRAINS, "There is only one frame")
    ],
    "05_nan/all_nan.pkg.slp": [(SEVERAL, 1, "has a visible point")],
    "05_nan/half_frames_nan.pkg.slp": [(SEVERAL, TRAINS, "12 animals without a visible point")],
    "05_nan/one_node_never_labelled.pkg.slp": [(("centroid", "bottomup"), TRAINS, "'abdomen'")],
    "05_nan/anchor_always_missing.pkg.slp": [
        (("centroid", "centered_instance"), TRAINS, "'thorax' is not visible on 24 animals of 24")
    ],
    "05_nan/one_point_per_instance.pkg.slp": [
        (("centroid", "multi_class_topdown"), TRAINS, "never visible"),
        (("bottomup",), TRAINS, "No animal shows both ends of any edge"),
    ],
    "06_damaged/truncated.pkg.slp": [(("single_instance",), 1, "damaged or cut short")],
    "06_damaged/bad_superblock.pkg.slp": [(("single_instance",), 1, "damaged or cut short")],
    "06_damaged/not_hdf5.slp": [(("single_instance",), 1, "JSON text")],
    "06_damaged/renamed_mp4.slp": [(("single_instance",), 1, "it is a video")],
    "06_damaged/no_metadata_group.slp": [(("single_instance",), 1, "holds no SLEAP labels")],
    "06_damaged/bad_json_in_metadata.slp": [(("single_instance",), 1, "is damaged")],
    "06_damaged/instance_points_out_of_range.slp": [(("single_instance",), 1, "contradicts itself")],
    "06_damaged/broken_image_inside.pkg.slp": [
        (("single_instance",), TRAINS, "2 frames without a readable image")
    ],
    "07_damaged_video/truncated_no_moov/labels.slp": [(("bottomup",), 1, "clip.mp4 can be read")],
    "07_damaged_video/zero_bytes/labels.slp": [(("centroid",), 1, "clip.mp4 can be read")],
    "07_damaged_video/shorter_than_labels/labels.slp": [
        (("centered_instance",), TRAINS, "4 frames without a readable image")
    ],
    "09_skeleton/no_edges.pkg.slp": [
        (("bottomup",), 1, "no edges between the parts to learn"),
        (("centroid", "centered_instance"), TRAINS, ""),
    ],
    "09_skeleton/disconnected_edges.pkg.slp": [
        (("bottomup",), TRAINS, "The edges leave the body parts in 10 groups"),
        (("centered_instance",), TRAINS, ""),
    ],
    "09_skeleton/cycle_and_self_edge.pkg.slp": [
        (("bottomup",), 1, "lead in a circle: 'head' → 'thorax', "),
        (("centered_instance",), TRAINS, ""),
    ],
    "09_skeleton/one_node.pkg.slp": [
        (("bottomup",), 1, "no edges between the parts to learn"),
        (("centroid", "centered_instance"), TRAINS, ""),
    ],
    "09_skeleton/two_skeletons.pkg.slp": [(("bottomup",), 1, "2 skeletons, 'fly' (13 nodes)")],
    "09_skeleton/other_node_order.pkg.slp": [(("bottomup",), TRAINS, "")],
    "09_skeleton/fewer_nodes.pkg.slp": [(("centroid",), TRAINS, "")],
    "10_tracks/no_tracks.pkg.slp": [(CLASSED, 1, NO_TRACKS), (("bottomup",), TRAINS, "")],
    "10_tracks/half_untracked.pkg.slp": [(CLASSED, TRAINS, "12 animals of 24 have none of the identities")],
    "10_tracks/one_track_for_all.pkg.slp": [(CLASSED, TRAINS, "There is only one identity")],
    "10_tracks/same_track_twice_in_a_frame.pkg.slp": [
        (CLASSED, TRAINS, "12 frames with one track on two animals"),
        (CLASSED[:1], TRAINS, "No labelled animal is 'female'"),
    ],
    "10_tracks/a_new_track_each_frame.pkg.slp": [
        (CLASSED, 1, "None of the 24 tracks is on more than one frame"),
        (("centroid",), TRAINS, ""),
    ],
    "10_tracks/unused_tracks.pkg.slp": [(CLASSED, TRAINS, "No labelled animal is 'ghost_a', 'ghost_b'")],
    "11_images/mixed_sizes.pkg.slp": [
        (("bottomup", "centered_instance"), TRAINS, "Images come in 3 sizes (169×169, 241×203, 288×288 px)")
    ],
    "11_images/mixed_channels.pkg.slp": [(("bottomup", "centered_instance"), TRAINS, "all become colour")],
    "11_images/tiny_24x20.pkg.slp": [
        (("single_instance",), TRAINS, "images of 6×5 px, less than its largest stride"),
        (("centered_instance",), TRAINS, "larger than the images (24×20 px)"),
    ],
    "11_images/odd_191x187.pkg.slp": [(("single_instance",), TRAINS, "")],
    "11_images/long_1600x48.pkg.slp": [(("single_instance",), TRAINS, "")],
    "11_images/uint16_images.pkg.slp": [(("single_instance",), TRAINS, "12 images of 16 bits")],
    "11_images/all_black.pkg.slp": [(("single_instance",), TRAINS, "")],
    "12_positions/out_of_bounds.pkg.slp": [(SEVERAL, TRAINS, "points outside the image")],
    "12_positions/some_points_outside.pkg.slp": [
        (("bottomup", "centered_instance"), TRAINS, "94 points outside the image")
    ],
    "12_positions/infinite_and_huge.pkg.slp": [
        (("centered_instance", "multi_class_topdown"), TRAINS, "24 points without a finite position")
    ],
    "12_positions/at_image_corner.pkg.slp": [(SEVERAL, TRAINS, "6 points outside the image")],
    "12_positions/all_points_the_same.pkg.slp": [(("bottomup", "centered_instance"), TRAINS, "")],
    "13_structure/duplicate_labeled_frames.pkg.slp": [
        (("bottomup",), TRAINS, "3 frames labelled more than once")
    ],
    "13_structure/same_instance_three_times.pkg.slp": [
        (("single_instance", "centroid"), TRAINS, "24 animals exactly like another")
    ],
    "13_structure/one_or_two_or_no_animals.pkg.slp": [
        (("single_instance",), 1, "Some frames show 2 animals"),
        (SEVERAL, TRAINS, ""),
    ],
    "13_structure/twenty_five_instances_a_frame.pkg.slp": [(("centered_instance", "bottomup"), TRAINS, "")],
    "13_structure/user_and_predicted_mixed.pkg.slp": [
        (("bottomup",), TRAINS, "6 predicted animals beside labelled ones")
    ],
    "14_old_files/json_format_v2_minimal_instance.json": [(("bottomup",), 1, "JSON text")],
    "14_old_files/windows_single_image_video/small_robot_siv.slp": [(("single_instance",), TRAINS, "")],
    "14_old_files/windows_single_image_video/small_robot_siv_caching.slp": [
        (("single_instance",), TRAINS, "")
    ],
    "15_reports/centroid_marks_only/l.slp": [
        (("centroid",), TRAINS, "16 centroid marks without body parts"),
        (("bottomup", "single_instance"), 1, "16 centroid marks, which have no body parts"),
    ],
    "15_reports/equal_skeletons_twice/l.slp": [(("bottomup",), TRAINS, "")],
    "15_reports/fewer_nodes_than_points/l.slp": [(("bottomup",), 1, "the skeleton 's' has 3 nodes")],
    "15_reports/film_damaged_in_the_middle/l.slp": [
        (("bottomup",), TRAINS, "10 frames without a readable image")
    ],
    "15_reports/film_first_frame_damaged/l.slp": [
        (("bottomup",), TRAINS, "1 frame without a readable image")
    ],
    "15_reports/moved_film_of_other_size/l.slp": [
        (("bottomup",), 1, "cam.mp4 has 240×200 px with 30 frames")
    ],
    "15_reports/negative_frames/l.slp": [(("centroid",), TRAINS, "3 frames marked as empty")],
    "15_reports/predicted_only/l.slp": [(("bottomup",), 1, "no hand-labelled animals (16 are predicted)")],
    "15_reports/same_film_listed_twice/l.slp": [(("bottomup",), TRAINS, "lists a.mp4 twice")],
    "15_reports/same_name_two_folders/l.slp": [
        (("bottomup",), TRAINS, "2 videos are not where the labels say")
    ],
    "15_reports/second_file_other_skeleton/l1.slp": [(("bottomup",), TRAINS, "")],
    "15_reports/second_file_other_skeleton/l2.slp": [(("centroid",), TRAINS, "")],
    "15_reports/track_index_out_of_range/l.slp": [(("bottomup",), 1, "row 3: 'track' is 5")],
    "15_reports/tracks_on_one_frame/l.slp": [(CLASSED, 1, "is on more than one frame")],
    "15_reports/validation_without_animals/l.slp": [(("bottomup",), TRAINS, "")],
    "15_reports/validation_without_animals/val.slp": [(("bottomup",), 1, "has a visible point")],
}
HEADS = "model_config.head_configs."
#: config -> (exit code, words on the stream for errors)
CONFIGS: dict[str, tuple[int, str]] = {
    "00_good": (TRAINS, ""),
    "anchor_not_in_skeleton": (1, "centered_instance.confmaps.anchor_part: The skeleton has no node"),
    "augmentation_on_but_null": (TRAINS, "no kind of variation is switched on"),
    "batch_larger_than_set": (TRAINS, ""),
    "batch_size_zero": (2, "train_data_loader.batch_size: error: Training batch size must be at least 1"),
    "binary": (2, "This is not a text file."),
    "both_rgb_and_gray": (2, "Force RGB and Force gray cannot both be on."),
    "ckpt_dir_not_writable": (
        2,
        "trainer_config.ckpt_dir: error: Models folder: /proc/nope cannot be written",
    ),
    "classes_not_in_tracks": (
        1,
        "class_maps.classes: 'alice', 'bob' are no tracks; the tracks of the labels",
    ),
    "crlf": (TRAINS, ""),
    "crop_larger_than_image": (TRAINS, "are larger than the images (288×288 px)"),
    "crop_not_a_stride_multiple": (TRAINS, "11 px of padding on each crop"),
    "crop_smaller_than_animal": (TRAINS, "Crops of 8 px do not hold all parts of 18 training animals of 18"),
    "cuda_without_gpu": (2, "trainer_config.trainer_accelerator"),
    "duplicate_key": (2, "Line 69, column 1: the key “trainer_config” stands twice"),
    "edge_to_unknown_node": (1, "bottomup.pafs.edges: A limb ends at “antenna”"),
    "empty_file": (2, "The file is empty."),
    "head_stride_smaller_than_backbone": (2, "unet.output_stride: error: The backbone's output stride is 4"),
    "json_legacy_named_yaml": (2, "This is a training profile of SLEAP 1.4 or older."),
    "max_stride_not_power_of_two": (2, "unet.max_stride: error: Max stride must be a power of two"),
    "more_devices_than_there_are": (2, "trainer_config."),
    "negative_lr": (2, "trainer_config.optimizer.lr: error: Learning rate must be more than 0"),
    "no_backbone": (2, "model_config.backbone_config: error: Backbone: none is set"),
    "no_head": (2, "model_config.head_configs: error: Model type: none is set"),
    "only_a_list": (2, "The file holds a list"),
    "output_stride_above_max_stride": (2, "Output stride 32 is more than the backbone's max stride (16)"),
    "pretrained_weights_missing": (2, "nowhere/best.ckpt does not exist"),
    "probability_above_one": (2, "geometric.rotation_p: error: Rotation chance must be at most 1"),
    "resume_from_missing_ckpt": (2, "nowhere/best.ckpt does not exist"),
    "rgb_with_in_channels_1": (TRAINS, "the network will have 3 input channels, not 1"),
    "rotation_min_above_max": (2, "geometric.rotation_min: error: Rotation from is 90.0"),
    "run_name_with_slash_and_dots": (2, "trainer_config.run_name: error: Run name “../../evil/é 数”"),
    "scale_negative": (2, "preprocessing.scale: error: Input scale must be more than 0"),
    "scale_zero": (2, "preprocessing.scale: error: Input scale must be more than 0"),
    "sigma_zero": (2, "confmaps.sigma: error: Spread must be more than 0"),
    "string_number_lr": (TRAINS, ""),
    "tabs": (2, "Line 2, column 1: a tab is used for indentation"),
    "train_path_empty_list": (2, "data_config.train_labels_path: error: No training labels are chosen"),
    "train_path_is_string": (TRAINS, "is read as a list of one"),
    "train_path_missing_file": (2, "nowhere/labels.slp does not exist"),
    "two_backbones": (2, "Backbone: unet and convnext are set"),
    "two_heads": (2, "Model type: single_instance and bottomup are set"),
    "two_lr_schedulers": (2, "step_lr and reduce_lr_on_plateau are both set"),
    "unknown_accelerator": (2, "must be one of auto, cpu, gpu, mps; it is “tpuu”"),
    "unknown_nested_key": (2, "did you mean max_epochs?"),
    "unknown_optimizer": (2, "must be one of Adam, AdamW; it is “SuperSGD”"),
    "unknown_part_name": (1, "bottomup.confmaps.part_names: The skeleton has no node"),
    "unknown_pipeline": (2, "data_config.data_pipeline_fw: error: Image loading must be one of"),
    "unknown_top_key": (2, "did you mean trainer_config?"),
    "utf16_with_bom": (TRAINS, ""),
    "utf8_with_bom": (TRAINS, ""),
    "val_path_is_a_folder": (2, "10_tracks is a folder; choose a file"),
    "validation_fraction_above_one": (2, "Validation share must be less than 1; it is 7"),
    "validation_fraction_one": (2, "Validation share must be less than 1; it is 1.0"),
    "wrong_type_epochs": (2, "Most epochs must be a whole number from 1 to 10000000; it is “many”"),
    "yaml_syntax_error": (2, "Line 21, column 15"),
    "zero_epochs": (2, "Most epochs must be at least 1"),
    "zero_lr": (2, "trainer_config.optimizer.lr: error: Learning rate must be more than 0"),
}
