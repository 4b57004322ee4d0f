"""ImageNet weights: where they are looked for, both ways files name them, and what is said when they cannot be had."""

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.models import download, imagenet
from sleapnn_engine.models.download import Download, fetch
from sleapnn_engine.models.imagenet import find, load_imagenet, read_encoder
from sleapnn_engine.models.start import implied_channels, load_start_weights
from tests.engine.models.networks import build, config

NAMES = {"convnext": "ConvNeXt_Tiny_Weights", "swint": "Swin_T_Weights"}
KEY = "model_config.backbone_config.{}.pre_trained_weights"


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches, and no way out to the network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "timm"))
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path


def encoder_of(backbone: str, *, seed: int = 0, channels: int = 3, **settings: Any) -> torch.nn.Module:
    return build(config(backbone, "centroid", **settings), seed=seed, channels=channels).backbone.enc


def torchvision_state(encoder: torch.nn.Module) -> dict[str, Tensor]:
    """The encoder's tensors as a whole classifier's file has them."""
    return {
        **encoder.state_dict(),
        "classifier.2.weight": torch.zeros(5, 3),
        "head.weight": torch.zeros(5, 3),
    }


CONVNEXT = {
    "layer_scale": "gamma",
    "block.0": "conv_dw",
    "block.2": "norm",
    "block.3": "mlp.fc1",
    "block.5": "mlp.fc2",
}
SWIN = {"mlp.0": "mlp.fc1", "mlp.3": "mlp.fc2"}


def timm_state(encoder: torch.nn.Module, backbone: str, *, old: bool = False) -> dict[str, Tensor]:
    """The same with timm's names; `old` files count a step to the stage before it."""
    stages, stem, layers = ("stages", {"0.0": "stem.0", "0.1": "stem.1"}, CONVNEXT)
    if backbone == "swint":
        stages, stem, layers = ("layers", {"0.0": "patch_embed.proj", "0.2": "patch_embed.norm"}, SWIN)
    state = {"head.fc.weight": torch.zeros(5, 3), "layers.0.blocks.0.attn_mask": torch.zeros(3)}
    for name, value in encoder.state_dict().items():
        _, *parts = name.split(".")
        if name.startswith("norm."):
            state[name] = value
        elif parts[0] == "0":
            state[f"{stem['.'.join(parts[:2])]}.{parts[2]}"] = value
        elif int(parts[0]) % 2:
            rest = ".".join(parts[2:])
            for own, other in layers.items():
                if rest == own or rest.startswith(f"{own}."):
                    rest = other + rest[len(own) :]
            state[f"{stages}.{int(parts[0]) // 2}.blocks.{parts[1]}.{rest}"] = (
                value.flatten() if rest == "gamma" else value
            )
        else:
            stage = int(parts[0]) // 2 - (1 if old else 0)
            state[f"{stages}.{stage}.downsample.{'.'.join(parts[1:])}"] = value
    return state


def same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    return all(
        torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


def put(state: dict[str, Tensor], path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {name: value.clone() for name, value in state.items()}
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize(
    ("backbone", "naming"),
    [
        *((backbone, naming) for backbone in NAMES for naming in ("torchvision", "timm", "timm-safe")),
        ("swint", "timm-old"),
    ],
)
def test_both_namings_are_read(backbone: str, naming: str, tmp_path: Path) -> None:
    source, target = encoder_of(backbone, seed=1), encoder_of(backbone, seed=2)
    if naming == "torchvision":
        state = torchvision_state(source)
    else:
        state = timm_state(source, backbone, old=naming == "timm-old")
    path = put(state, tmp_path / ("a.safetensors" if naming == "timm-safe" else "a.pth"))
    assert not same(source, target)
    report = load_imagenet(target, NAMES[backbone], setting="weights", file=path)
    assert same(source, target)
    assert report.is_complete
    assert report.unused == ()
    total = len(list(target.parameters()))
    assert report.sentences() == [
        f"{total} of {total} tensors of the encoder start from {NAMES[backbone]} ({path})."
    ]


def torch_cache(name: str, folder: Path) -> Path:
    return folder / "torch" / "hub" / "checkpoints" / imagenet.download_of(name).file.name


def timm_cache(name: str, folder: Path) -> Path:
    repository = folder / "timm" / f"models--timm--{imagenet.TIMM_MODELS[name]}"
    (repository / "refs").mkdir(parents=True, exist_ok=True)
    (repository / "refs" / "main").write_text("0" * 40)
    return repository / "snapshots" / ("0" * 40) / "model.safetensors"


@pytest.mark.parametrize("name", imagenet.TIMM_MODELS)
def test_files_are_found_in_the_caches_torch_first(name: str, caches: Path) -> None:
    assert find(name) is None
    timm = put({"a": torch.zeros(1)}, timm_cache(name, caches))
    assert find(name) == timm
    torchvision = put({"a": torch.zeros(1)}, torch_cache(name, caches))
    assert find(name) == torchvision


@pytest.mark.parametrize("backbone", NAMES)
@pytest.mark.parametrize("cache", [torch_cache, timm_cache])
def test_a_config_starts_from_what_is_in_a_cache(
    backbone: str, cache: Callable[[str, Path], Path], caches: Path
) -> None:
    made = config(backbone, "bottomup", pre_trained_weights=NAMES[backbone])
    assert implied_channels(made) == 3
    source = encoder_of(backbone, seed=1)
    torchvision = cache is torch_cache
    put(
        torchvision_state(source) if torchvision else timm_state(source, backbone),
        cache(NAMES[backbone], caches),
    )
    model = build(made, seed=2, channels=3)
    decoder = model.backbone.dec.state_dict()
    untouched = {name: value.clone() for name, value in decoder.items()}
    (report,) = load_start_weights(model, made)
    assert report.is_complete
    assert same(model.backbone.enc, source)
    assert all(torch.equal(untouched[name], value) for name, value in decoder.items())


def test_nothing_is_looked_for_without_a_name() -> None:
    made = config("convnext", "centroid")
    assert load_start_weights(build(made), made) == ()
    assert implied_channels(made) is None


def test_without_network_the_file_and_its_place_are_named(caches: Path) -> None:
    made = config("swint", "centroid", pre_trained_weights="Swin_T_Weights")
    with pytest.raises(UserError, match="could not be downloaded") as caught:
        load_start_weights(build(made, channels=3), made)
    assert caught.value.where == KEY.format("swint")
    assert "/swin_t-" in caught.value.hint
    assert str(torch_cache("Swin_T_Weights", caches).parent) in caught.value.hint
    assert list(torch_cache("Swin_T_Weights", caches).parent.iterdir()) == []


@pytest.fixture
def server() -> Iterator[tuple[str, list[bytes]]]:
    """Address of a server on this machine, and what it sends."""
    content: list[bytes] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content[0])))
            self.end_headers()
            self.wfile.write(content[0])

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as listener:
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listener.server_port}", content
        listener.shutdown()
        thread.join()


def test_what_is_not_there_is_fetched_and_kept(
    server: tuple[str, list[bytes]], caches: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, content = server
    source, target = encoder_of("convnext", seed=1), encoder_of("convnext", seed=2)
    content.append(put(torchvision_state(source), caches / "sent.pth").read_bytes())
    digest = hashlib.sha256(content[0]).hexdigest()[:8]
    name = f"tiny-{digest}.pth"
    kept = caches / "kept" / name
    monkeypatch.setattr(imagenet, "download_of", lambda _: Download(f"{address}/{name}", kept))
    load_imagenet(target, NAMES["convnext"], setting="weights")
    assert same(source, target)
    assert find(NAMES["convnext"]) == kept


def test_a_damaged_download_is_not_kept(
    server: tuple[str, list[bytes]], caches: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, content = server
    content.append(b"half of it")
    kept = caches / "kept" / "tiny-01234567.pth"
    with pytest.raises(UserError, match="could not be downloaded"):
        fetch(Download(f"{address}/{kept.name}", kept), what="Weights", setting="weights")
    assert list(kept.parent.iterdir()) == []


@pytest.mark.timeout(30)
def test_a_server_that_says_nothing_is_not_waited_for_without_end(
    caches: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = caches / "kept" / "tiny-01234567.pth"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/{kept.name}"
        monkeypatch.setattr(download, "SILENCE_SECONDS", 0.2)
        with pytest.raises(UserError, match="could not be downloaded"):
            fetch(Download(address, kept), what="Weights", setting="weights")
    assert socket.getdefaulttimeout() is None


def test_gray_networks_are_refused(tmp_path: Path) -> None:
    gray = encoder_of("convnext", channels=1)
    path = put(torchvision_state(gray), tmp_path / "a.pth")
    with pytest.raises(UserError, match="3 colour channels") as caught:
        load_imagenet(gray, NAMES["convnext"], setting=KEY.format("convnext"), file=path)
    assert "ensure_rgb" in caught.value.hint


@pytest.mark.parametrize("backbone", NAMES)
def test_weights_of_another_size_are_refused_and_nothing_is_changed(backbone: str, tmp_path: Path) -> None:
    arch = {
        "convnext": {"depths": [1, 1, 1, 1], "channels": [6, 8, 10, 12]},
        "swint": {"embed": 4, "depths": [1, 1, 1, 1], "num_heads": [1, 2, 2, 4]},
    }[backbone]
    path = put(torchvision_state(encoder_of(backbone, arch=arch)), tmp_path / "a.pth")
    target, before = encoder_of(backbone, seed=2), encoder_of(backbone, seed=2)
    with pytest.raises(UserError, match="another network than this one"):
        load_imagenet(target, NAMES[backbone], setting="weights", file=path)
    assert same(target, before)


def test_another_stem_and_window_keep_their_random_start(tmp_path: Path) -> None:
    path = put(torchvision_state(encoder_of("swint", seed=1)), tmp_path / "a.pth")
    target = encoder_of("swint", seed=2, patch_size=2, window_size=4)
    report = load_imagenet(target, NAMES["swint"], setting="weights", file=path)
    misfits = {misfit.name.rpartition(".")[2] for misfit in report.misfits}
    assert misfits == {"weight", "relative_position_bias_table"}
    assert len(report.misfits) == 6
    assert (
        "features.0.0.weight (4 x 3 x 4 x 4 in the file, 4 x 3 x 2 x 2 in the network)"
        in report.sentences()[1]
    )
    assert "and 2 more" in report.sentences()[1]


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04"])
def test_damaged_files_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    with pytest.raises(UserError, match="could not be read"):
        read_encoder(path)


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        read_encoder(tmp_path / "gone.pth")
    with pytest.raises(UserError, match="no weights of a ConvNeXt or Swin"):
        read_encoder(put({"conv1.weight": torch.zeros(2)}, tmp_path / "resnet.pth"))
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(UserError, match="could not be read"):
        read_encoder(tmp_path / "list.pth")


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    state = torchvision_state(encoder_of("convnext", seed=1))
    state["features.0.0.bias"] = torch.full_like(state["features.0.0.bias"], float("nan"))
    target, before = encoder_of("convnext", seed=2), encoder_of("convnext", seed=2)
    with pytest.raises(UserError, match=r"no numbers, in features\.0\.0\.bias"):
        load_imagenet(target, NAMES["convnext"], setting="weights", file=put(state, tmp_path / "a.pth"))
    assert same(target, before)
