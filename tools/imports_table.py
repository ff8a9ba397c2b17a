"""The table of docs/imports.md: imports networks of torchvision and timm by name and makes a row for each.

python tools/imports_table.py                        # all of NETWORKS that have no row yet; rows are kept in a file
python tools/imports_table.py --seconds 250          # as many as begin within 250 seconds; call it again for more
python tools/imports_table.py --again torchvision:resnet50 timm:resnet50d
python tools/imports_table.py --write                # puts the rows that there are into docs/imports.md
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from pathlib import Path

import torch

from blockstudio.errors import StudioError
from blockstudio.imports import from_module
from blockstudio.imports.library import input_of, library_network
from blockstudio.imports.proving import Report

TORCHVISION = """
    alexnet convnext_base convnext_large convnext_small convnext_tiny densenet121 densenet161 densenet169 densenet201
    efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 efficientnet_b5 efficientnet_b6
    efficientnet_b7 efficientnet_v2_l efficientnet_v2_m efficientnet_v2_s googlenet inception_v3 mnasnet0_5 mnasnet0_75
    mnasnet1_0 mnasnet1_3 mobilenet_v2 mobilenet_v3_large mobilenet_v3_small regnet_x_16gf regnet_x_1_6gf regnet_x_32gf
    regnet_x_3_2gf regnet_x_400mf regnet_x_800mf regnet_x_8gf regnet_y_128gf regnet_y_16gf regnet_y_1_6gf regnet_y_32gf
    regnet_y_3_2gf regnet_y_400mf regnet_y_800mf regnet_y_8gf resnet101 resnet152 resnet18 resnet34 resnet50
    resnext101_32x8d resnext101_64x4d resnext50_32x4d shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5
    shufflenet_v2_x2_0 squeezenet1_0 squeezenet1_1 vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn
    wide_resnet101_2 wide_resnet50_2
"""
"""All convolutional classifiers of torchvision."""
TIMM = """
    resnet10t resnet14t resnet18 resnet18d resnet26 resnet26d resnet26t resnet34 resnet34d resnet50 resnet50c resnet50d
    resnet50s resnet50t resnet101 resnet101c resnet101d resnet101s resnet152 resnet152c resnet152d resnet152s resnet32ts
    resnet33ts resnet51q resnet61q resnext50_32x4d resnext50d_32x4d resnext101_32x4d resnext101_32x8d resnext26ts
    wide_resnet50_2 wide_resnet101_2 seresnet18 seresnet34 seresnet50 seresnet50t seresnet101 seresnet152 seresnet33ts
    seresnext26ts seresnext26d_32x4d seresnext26t_32x4d seresnext50_32x4d legacy_seresnet18 legacy_seresnet34
    legacy_seresnet50 legacy_seresnext26_32x4d legacy_xception ecaresnet26t ecaresnet50d ecaresnet50t ecaresnet101d
    ecaresnetlight eca_resnet33ts eca_resnext26ts resnetv2_18 resnetv2_18d resnetv2_34 resnetv2_34d resnetv2_50
    resnetv2_50d resnetv2_50t resnetv2_101 resnetv2_101d resnet50_gn resnetv2_50d_gn regnetx_002 regnetx_004 regnetx_006
    regnetx_008 regnetx_016 regnetx_032 regnetx_040 regnety_002 regnety_004 regnety_006 regnety_008 regnety_016
    regnety_032 regnety_040 regnetv_040 regnetz_005 densenet121 densenet161 densenet169 densenet201 darknet17 darknet21
    darknet53 sedarknet21 cspresnet50 cspresnet50d cspresnext50 cspdarknet53 cs3darknet_s cs3darknet_m cs3darknet_l
    efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_lite0 efficientnet_lite1 efficientnet_es
    efficientnet_em efficientnetv2_rw_t efficientnetv2_rw_s tf_efficientnet_b0 tf_efficientnet_b1 tf_efficientnet_lite0
    tf_efficientnetv2_b0 tf_efficientnetv2_b1 mnasnet_050 mnasnet_075 mnasnet_100 mnasnet_140 semnasnet_075
    semnasnet_100 mobilenetv1_100 mobilenetv2_050 mobilenetv2_100 mobilenetv2_110d mobilenetv2_140 mobilenetv3_small_050
    mobilenetv3_small_100 mobilenetv3_large_100 mobilenetv3_rw mobilenetv4_conv_small mobilenetv4_conv_medium lcnet_050
    lcnet_100 fbnetc_100 spnasnet_100 tinynet_a tinynet_c tinynet_e hardcorenas_a ghostnet_100 hgnet_tiny
    gernet_s gernet_m repvgg_a0 repvgg_b0 vgg11 vgg11_bn vgg16 vgg16_bn vovnet39a vovnet57a ese_vovnet19b_dw
    ese_vovnet39b inception_v3 inception_v4 inception_resnet_v2 xception41 xception65 dla34 dla60 dla60x dla102 dpn68
    dpn92 hrnet_w18_small selecsls42 selecsls60 rexnet_100 rexnetr_100 convnext_atto convnext_femto convnext_pico
    convnext_nano convnext_tiny res2net50_26w_4s res2next50 skresnet18 skresnext50_32x4d hgnetv2_b0 hgnetv2_b4
    resnest14d resnest26d resnest50d
"""
"""Convolutional networks of timm, of every family that is drawn."""
NETWORKS = [*(f"torchvision:{name}" for name in TORCHVISION.split()), *(f"timm:{name}" for name in TIMM.split())]
HEAD = "| network | blocks | definitions | keys | eval bitwise | train bitwise | processor s |\n"
RULE = "| --- | ---: | ---: | --- | --- | --- | ---: |\n"
ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "imports.md"
ROWS = ROOT / "build" / "imports_table.json"


def row(source: str) -> tuple[str, Report | None]:
    """A row of the table, and the report if there is one."""
    torch.manual_seed(0)
    network = library_network(source)
    start = time.process_time()
    try:
        _, report = from_module(network, input_of(network), name=source)
    except StudioError as error:
        return f"| `{source}` | not drawn: {error} | | | | | |", None
    words = {True: "yes", False: "no", None: "–"}
    answers = (report.keys, report.eval_bitwise, report.train_bitwise)
    cells = [f"`{source}`", str(report.blocks), str(report.definitions), *(words[answer] for answer in answers)]
    return f"| {' | '.join(cells)} | {time.process_time() - start:.1f} |", report


def _write(rows: dict[str, dict[str, object]]) -> None:
    """Put the rows into the page, in the order of NETWORKS."""
    page = PAGE.read_text(encoding="utf-8")
    before = page.partition(HEAD)[0]
    lines = [f"{rows[source]['row']}\n" for source in NETWORKS if source in rows and rows[source]["proven"]]
    PAGE.write_text(before + HEAD + RULE + "".join(lines), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Print the rows that are made; the exit code says whether every network of the file was proven."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sources", nargs="*", help="LIBRARY:NAME (default: all)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no other network after so long")
    parser.add_argument("--again", action="store_true", help="those too that have a row")
    parser.add_argument("--write", action="store_true", help="only write docs/imports.md")
    options = parser.parse_args(arguments)
    rows: dict[str, dict[str, object]] = json.loads(ROWS.read_text(encoding="utf-8")) if ROWS.is_file() else {}
    if options.write:
        _write(rows)
        return 0
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    ROWS.parent.mkdir(exist_ok=True)
    begun = time.monotonic()
    for source in options.sources or NETWORKS:
        if (source in rows and not options.again) or time.monotonic() - begun > options.seconds:
            continue
        line, report = row(source)
        print(line, *(report.notes if report else ()), sep="\n  ", flush=True)
        rows[source] = {"row": line, "proven": report is not None and report.proven}
        ROWS.write_text(json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8")
    return 0 if all(item["proven"] for item in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
