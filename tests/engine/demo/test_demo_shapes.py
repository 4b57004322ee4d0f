"""The drawing primitive: outlines lie where their joints say, to a fraction of a pixel."""

import numpy as np
import pytest

from sleapnn_engine.demo.shapes import Part, Patch, blur, measure, patch_around, rounded

GREY = (0.5, 0.5, 0.5)


def centroid(cover):
    rows, columns = np.indices(cover.shape)
    return np.array([(cover * columns).sum(), (cover * rows).sum()]) / cover.sum()


@pytest.mark.parametrize("radius", [2.0, 3.7, 5.3])
@pytest.mark.parametrize("centre", [(20.0, 17.0), (20.5, 17.5), (19.83, 17.21)])
def test_a_disc_lies_on_its_centre_and_has_its_area(centre, radius):
    part = Part("dot", np.array([centre]), np.array([radius]), GREY)
    cover = measure(part, Patch(0, 0, 40, 36)).coverage
    assert np.allclose(centroid(cover), centre, atol=0.03)
    assert cover.sum() == pytest.approx(np.pi * radius**2, rel=0.05)


def test_a_limb_reaches_from_joint_to_joint():
    part = Part("limb", np.array([[10.0, 20.0], [30.0, 20.0]]), np.array([2.0, 2.0]), GREY)
    seen = measure(part, Patch(0, 0, 48, 40))
    assert seen.coverage[20, 8] == pytest.approx(0.5)
    assert seen.coverage[20, 32] == pytest.approx(0.5)
    assert seen.coverage[20, 34] == 0
    assert seen.along[20, 25] == pytest.approx(15)
    assert seen.across[22, 25] == pytest.approx(2)


def test_a_patch_is_only_a_window_on_the_whole():
    part = Part("limb", np.array([[5.0, 8.0], [31.2, 20.7]]), np.array([3.0, 1.0]), GREY)
    whole = measure(part, Patch(0, 0, 40, 40)).coverage
    patch = patch_around([part], size=(40, 40), margin=2)
    cut = np.zeros((40, 40))
    cut[patch.slices] = measure(part, patch).coverage
    assert np.allclose(cut, whole, atol=1e-12)
    assert patch.width * patch.height < 40 * 40


def test_a_part_outside_the_picture_has_no_patch():
    part = Part("dot", np.array([[-30.0, 10.0]]), np.array([3.0]), GREY)
    assert patch_around([part], size=(40, 40), margin=2) is None


def test_rounding_a_chain_keeps_its_joints():
    joints = np.array([[0.0, 0.0], [10.0, 3.0], [14.0, 12.0]])
    path, radii = rounded(joints, np.array([1.0, 3.0, 0.5]), pieces=4)
    assert np.allclose(path[::4], joints)
    assert np.allclose(radii[::4], [1.0, 3.0, 0.5])


def test_blur_keeps_the_light_and_widens_a_dot():
    image = np.zeros((41, 41, 1))
    image[20, 20] = 1
    soft = blur(image, 2.0)
    rows, _ = np.indices((41, 41))
    assert soft.sum() == pytest.approx(1)
    assert np.sqrt((soft[..., 0] * (rows - 20) ** 2).sum()) == pytest.approx(2, rel=0.03)
    assert blur(image, 0) is image
