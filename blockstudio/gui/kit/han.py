"""Faces of macOS, Windows and Linux with simplified Chinese: named, so that none with Japanese forms is taken."""

HAN = (
    "PingFang SC", "Microsoft YaHei UI", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC",
    "WenQuanYi Micro Hei",
)  # fmt: skip
