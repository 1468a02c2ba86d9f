"""Patches as pictures: of the network's input, of the source's own files, and on one sheet."""

import numpy as np
import pytest
from PIL import Image
from reference.pictured_run import make_run, small_config

from camtrap_jax.store import read_json, read_table
from camtrap_jax.study.units import find_units


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    config = small_config()
    config.units.original_patches = True
    config.data.crop_bottom = 0.1
    run = make_run(tmp_path_factory.mktemp("units"), config, stages=())
    picture = sorted((run.root.parent / "source").rglob("*.jpg"))[0]
    picture.unlink()
    find_units(run, config)
    return run


def pictures(run, folder):
    return {path.name: np.asarray(Image.open(path)) for path in (run.root / folder).iterdir()}


def test_originals_are_cut_at_the_same_places_out_of_the_whole_picture(run):
    patches = read_table(run.root / "units" / "patches.csv")
    slugs = read_json(run.root / "units" / "units.json")["patch_slugs"]
    files = run.dataset.manifest.set_index("image_id")["filepath"]
    found = pictures(run, "units/originals")
    for row in patches.itertuples():
        name = f"{slugs[row.species]}_{row.rank}_{row.patch}.png"
        path = run.root.parent / "source" / files[row.image_id]
        if not path.exists():
            assert name not in found
            continue
        # 80 x 60 px, of which the last 6 rows are the strip; the input is 64 x 64.
        whole = np.asarray(Image.open(path).convert("RGB"))[:54]
        top, bottom = (round(at * 54 / 64) for at in (row.y, row.y + row.size))
        left, right = (round(at * 80 / 64) for at in (row.x, row.x + row.size))
        np.testing.assert_array_equal(found[name], whole[top:bottom, left:right])


def test_a_picture_that_is_gone_is_a_row_of_failures(run):
    failures = read_table(run.root / "units" / "originals_failures.csv")
    gone = [path for path in run.dataset.manifest["filepath"]
            if not (run.root.parent / "source" / path).exists()]  # fmt: skip
    patches = read_table(run.root / "units" / "patches.csv")
    shown = set(run.index.set_index("image_id").loc[patches["image_id"], "filepath"])
    assert list(failures["filepath"]) == [path for path in gone if path in shown]
    assert len(gone) == 1


def test_a_sheet_shows_all_patches_of_a_species(run):
    patches = read_table(run.root / "units" / "patches.csv")
    slugs = read_json(run.root / "units" / "units.json")["patch_slugs"]
    of_input, sheets = pictures(run, "units/patches"), pictures(run, "units/sheets")
    assert len(of_input) == len(patches)
    size = patches["size"].iloc[0]
    for species, of_species in patches.groupby("species"):
        sheet = sheets[f"{slugs[species]}.png"]
        for row in of_species.itertuples():
            top, left = (row.rank - 1) * (size + 3), (row.patch - 1) * (size + 3)
            name = f"{slugs[species]}_{row.rank}_{row.patch}.png"
            np.testing.assert_array_equal(
                sheet[top : top + size, left : left + size], of_input[name]
            )


def test_one_patch_a_burst_is_that_of_its_hottest_frame(run):
    config = small_config()
    config.units.patches = 3
    find_units(run, config)
    usual = read_table(run.root / "units" / "patches.csv")
    bursts = {name: number // 2 for number, name in enumerate(usual["image_id"].unique())}
    manifest = run.dataset.manifest
    manifest["sequence"] = [
        f"s{bursts[name]}" if name in bursts else "" for name in manifest["image_id"]
    ]
    manifest["camera"] = "A"
    config.units.one_per_burst = True
    del run.__dict__["index"]  # made from the manifest as it was
    find_units(run, config)
    single = read_table(run.root / "units" / "patches.csv")
    index = run.index[run.index["split"] == "train"]
    responses = run.array("unit_max")
    for (species, _), group in single.groupby(["species", "rank"]):
        unit = group["unit"].iloc[0]
        own = index[index["species"] == species]
        burst = own["sequence"].where(own["sequence"] != "", own["image_id"])
        hottest = responses[own["row"], unit]
        best = np.sort([hottest[burst == name].max() for name in burst.unique()])[::-1]
        np.testing.assert_allclose(group["response"], best[best > 0][:3], rtol=1e-6)
    assert not single.equals(usual)
