"""Colours as a screen shows them: a profile that an image brings is applied, and what is no red, green and blue becomes
it."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageCms

LARGEST = 4 << 20
"""Bytes of a profile that is read."""
PROFILED = ("RGB", "RGBA", "L", "LA", "CMYK")


def shown(image: Image.Image) -> Image.Image:
    """The image in sRGB where it brings a profile of another space, or is in LAB; else as it is. A profile that cannot
    be used says nothing, as for a viewer."""
    if image.mode == "LAB":
        return _applied(image, _from_lab())
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not profile or len(profile) > LARGEST or image.mode not in PROFILED:
        return image
    bare = {"RGBA": "RGB", "LA": "L"}.get(image.mode, image.mode)
    transform = _from_profile(profile, bare)
    if transform is None:
        return image
    if bare == image.mode:
        found = _applied(image, transform)
        if "transparency" in image.info:  # One of its colours, which is another one now.
            found = Image.merge("RGBA", (*found.split(), image.convert("RGBA").getchannel("A")))
        return found
    return Image.merge("RGBA", (*_applied(image.convert(bare), transform).split(), image.getchannel("A")))


def _applied(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    found = ImageCms.applyTransform(image, transform)
    assert found is not None
    found.info.pop("icc_profile", None)
    found.info.pop("transparency", None)
    return found


@lru_cache(1)
def _from_lab() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), _srgb(), "LAB", "RGB", flags=ImageCms.Flags.NOCACHE)


@lru_cache(64)
def _from_profile(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """How to get from the space of ``profile`` to sRGB; ``None`` where it is sRGB, or no profile of that mode."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        # Images are read by several threads at once: none may keep the last pixel of another.
        return ImageCms.buildTransform(source, _srgb(), mode, "RGB", flags=ImageCms.Flags.NOCACHE)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


@lru_cache(1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
