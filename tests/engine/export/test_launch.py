"""The scripts of an exported job, run by a real shell with stand-ins for what they start."""

import os
import subprocess
from pathlib import Path

import pytest

from sleapnn_engine.export.launch import Launch, batch_script, run_script

#: Says what it was started with, each word in brackets, and where.
_SAYS = '#!/bin/sh\nprintf "[%s]" "$@"; printf "\\n%s\\n" "$PWD"\n'
ODD = 'it\'s "a" $HOME\nname'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of an odd name, with a program that says its words."""
    made = tmp_path / ODD
    made.mkdir()
    for name in ("python", "srun"):
        program = tmp_path / "programs" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(_SAYS, encoding="utf-8")
        program.chmod(0o755)
    return made


def start(
    folder: Path, script: str, text: str, *words: str, cwd: Path | None = None, **environment: str
) -> tuple[int, list[str], str]:
    """Run a script of that text in `folder`: exit code, lines of output, errors."""
    (folder / script).write_text(text, encoding="utf-8")
    programs = folder.parent / "programs"
    done = subprocess.run(
        ["sh", str(folder / script), *words],
        cwd=cwd or folder.parent,
        env={"PATH": f"{programs}:{os.environ['PATH']}", "PYTHON": "python", **environment},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout.split("\n", 1), done.stderr


def test_it_trains_in_its_own_folder_with_every_word_as_it_was(folder: Path) -> None:
    launch = Launch(words=("--precision", "bf 16; 'x'"))
    code, (said, place), err = start(folder, "run.sh", run_script(launch), "a b=$c", "d\ne=*")
    assert (code, err) == (0, "")
    assert said + "\n" + place == (
        "[-m][sleapnn_engine][train][config.yaml][--precision][bf 16; 'x'][a b=$c][d\ne=*]\n" + f"{folder}\n"
    )


def test_the_environment_in_its_folder_comes_before_that_of_the_machine(folder: Path) -> None:
    inside = folder / ".venv" / "bin"
    inside.mkdir(parents=True)
    (inside / "python").write_text('#!/bin/sh\necho "own $0"\n', encoding="utf-8")
    (inside / "python").chmod(0o755)
    assert start(folder, "run.sh", run_script(Launch()), PYTHON="")[1][0] == "own .venv/bin/python"
    assert start(folder, "run.sh", run_script(Launch()))[1][0].startswith("[-m]")


def test_several_machines_meet_at_the_first(folder: Path) -> None:
    text = run_script(Launch(nodes=2, devices=4))
    code, _, err = start(folder, "run.sh", text)
    assert (code, err.count("\n")) == (2, 1)
    assert "MAIN_HOST" in err
    code, (said, _), _ = start(folder, "run.sh", text, "key=1", MAIN_HOST="a b")
    assert code == 0
    assert said == (
        "[-m][torch.distributed.run][--nnodes][2][--nproc-per-node][4][--rdzv-backend][c10d][--rdzv-endpoint]"
        "[a b:29500][-m][sleapnn_engine][train][config.yaml][key=1]"
    )


def test_slurm_starts_the_same_script_for_each_process(folder: Path) -> None:
    launch = Launch(nodes=2, devices=4, slurm=True, name="run\n#SBATCH --mail-user=x\nrm -rf $HOME")
    text = batch_script(launch)
    asked = [line for line in text.splitlines() if line.startswith("#SBATCH")]
    assert asked == [
        "#SBATCH --job-name=sleapnn-run_SBATCH_--mail-user_x_rm_-rf_HOME",
        "#SBATCH --nodes=2",
        "#SBATCH --ntasks-per-node=4",
        "#SBATCH --cpus-per-task=4",
        "#SBATCH --gres=gpu:4",
    ]
    code, _, err = start(folder, "job.sbatch", text, SLURM_SUBMIT_DIR=str(folder.parent))
    assert code == 2
    assert "from its own folder" in err
    (folder / "run.sh").touch()
    code, (said, place), _ = start(folder, "job.sbatch", text, "k=$v", SLURM_SUBMIT_DIR=str(folder))
    assert (code, said) == (0, "[sh][run.sh][k=$v]")
    assert place == f"{folder}\n"
    assert "torch.distributed" not in run_script(launch)


def test_no_gpu_is_asked_for_where_the_config_trains_on_the_processor() -> None:
    assert "gres" not in batch_script(Launch(slurm=True, devices=1, gpus=False))
