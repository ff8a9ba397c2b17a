"""What a recipe holds: one declaration a field, with limits and help. `blockstudio.runs.recipe` reads and checks it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from blockstudio.runs.augmentation import Augmentation
from blockstudio.runs.beginning import Start
from blockstudio.runs.conduct import Averages, Checkpoints, Group, Watching
from blockstudio.runs.optimizers import OPTIMIZERS, defaults_text, of_rules
from blockstudio.runs.schedules import SCHEDULES, gammas_text, of_schedules

VERSION = 1


class Shapes(Group, frozen=True):
    """What the drawn set ``shapes`` shows."""

    classes: Annotated[
        int, Meta(ge=2, le=100, title="Classes", description="Kinds of objects; above 10, kind and colour together.")
    ] = 10
    images: Annotated[
        int, Meta(ge=20, le=1_000_000, title="Images", description="Training images; the test set has a fifth of it.")
    ] = 2000
    size: Annotated[int, Meta(ge=16, le=512, title="Size", description="Height and width of an image in pixels.")] = 32
    seed: Annotated[int, Meta(ge=0, le=2**31, title="Seed", description="Another seed draws other images.")] = 0


class Data(Group, frozen=True):
    """Where the images come from and how they reach the diagram's input."""

    source: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=4096,
            title="Data",
            description="digits, shapes, a torchvision set's name, or a folder with IDX files or class subfolders.",
        ),
    ] = "digits"
    folder: Annotated[
        str,
        Meta(max_length=4096, title="Folder", description="Where a named set lies or goes. Empty: the data folder."),
    ] = ""
    download: Annotated[
        bool, Meta(title="Download", description="Fetch a torchvision set that is not in the folder yet.")
    ] = False
    input_size: Annotated[
        int | None,
        Meta(
            title="Input size",
            description="Height and width the network is trained at. Empty: small images are trained small, "
            "others at the size of the diagram's Input.",
            extra={"ge": 1, "le": 2048},
        ),
    ] = None
    resize: Annotated[
        Literal["fit", "crop", "none"],
        Meta(
            title="Resize",
            description="fit stretches an image to the input, crop keeps its proportions and cuts the middle, "
            "none refuses images of another size.",
        ),
    ] = "fit"
    channels: Annotated[
        Literal["fit", "none"],
        Meta(
            title="Channels",
            description="fit repeats grey images to three channels or turns colour to grey as the input needs, "
            "none refuses images with other channels.",
        ),
    ] = "fit"
    validation: Annotated[
        float, Meta(ge=0, le=0.5, title="Validation", description="Share of the training images held out, by class.")
    ] = 0.1
    test: Annotated[
        float,
        Meta(ge=0.01, le=0.5, title="Test", description="Share held out, by class, where a set has no test part."),
    ] = 0.2
    split: Annotated[int, Meta(ge=0, le=2**31, title="Split", description="Another number holds out other images.")] = 0
    background: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=40,
            title="Background",
            description="What transparent images stand on: a colour such as white, black or #8090a0.",
        ),
    ] = "white"
    black: Annotated[
        float | None,
        Meta(
            title="Black",
            description="Pixel value shown as black in images with more than 8 bits. Empty: by their kind.",
        ),
    ] = None
    white: Annotated[
        float | None,
        Meta(
            title="White",
            description="Pixel value shown as white in images with more than 8 bits. Empty: one for the whole set, by "
            "the kind of their pixels and their largest value.",
        ),
    ] = None
    mean: Annotated[
        tuple[float, ...],
        Meta(
            max_length=4,
            title="Channel means",
            description="Subtracted from each channel of the images, on the scale 0 to 1; one number or one a channel. "
            "Empty: the training images' own.",
            extra={"each": "channel", "ge": 0, "le": 1},
        ),
    ] = ()
    std: Annotated[
        tuple[float, ...],
        Meta(
            max_length=4,
            title="Deviation",
            description="Each channel is divided by it, on the scale 0 to 1; one number or one a channel. "
            "Empty: the training images' own.",
            extra={"each": "channel", "ge": 0.001, "le": 10},
        ),
    ] = ()
    damaged: Annotated[
        Literal["refuse", "skip"],
        Meta(
            title="Damaged images",
            description="refuse ends the run at an image that cannot be read, skip goes on without it and counts it.",
        ),
    ] = "refuse"
    storage: Annotated[
        Literal["auto", "memory", "disk"],
        Meta(title="Storage", description="memory keeps all images decoded; disk reads them batch by batch."),
    ] = "auto"
    workers: Annotated[
        int | None,
        Meta(title="Workers", description="Processes that read images from disk.", extra={"ge": 0, "le": 64}),
    ] = None
    shapes: Shapes = Shapes()


class Optimizer(Group, frozen=True):
    """How weights follow gradients."""

    name: Annotated[
        str, Meta(title="Optimiser", description="The rule for a step.", extra={"choices": tuple(OPTIMIZERS)})
    ] = "adamw"
    lr: Annotated[
        float | None,
        Meta(
            title="Learning rate",
            description=f"Rate at the schedule's peak. Empty: {defaults_text(lambda rule: rule.lr)}; less "
            "for networks without normalisation.",
            extra={"ge": 0, "le": 100},
        ),
    ] = None
    momentum: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            title="Momentum",
            description=f"Of {of_rules('momentum').replace(' ', ' and ')}.",
            extra={"when": of_rules("momentum")},
        ),
    ] = 0.9
    nesterov: Annotated[
        bool, Meta(title="Nesterov", description="Look-ahead momentum of sgd.", extra={"when": of_rules("nesterov")})
    ] = False
    beta1: Annotated[
        float,
        Meta(ge=0, lt=1, title="β₁", description="Decay of the mean gradient.", extra={"when": of_rules("beta1")}),
    ] = 0.9
    beta2: Annotated[
        float, Meta(ge=0, lt=1, title="β₂", description="Decay of the mean square.", extra={"when": of_rules("beta2")})
    ] = 0.999
    alpha: Annotated[
        float, Meta(ge=0, lt=1, title="α", description="Decay of the mean square.", extra={"when": of_rules("alpha")})
    ] = 0.99
    eps: Annotated[
        float,
        Meta(ge=0, le=1, title="ε", description="Added to the denominator.", extra={"when": of_rules("eps")}),
    ] = 1e-8
    bias_lr: Annotated[
        float,
        Meta(ge=0, le=100, title="Rate of biases", description="Factor on the learning rate of biases: 2 in Caffe's."),
    ] = 1.0
    weight_decay: Annotated[
        float | None,
        Meta(
            title="Weight decay",
            description=f"Pull of the weights towards zero. Empty: {defaults_text(lambda rule: rule.weight_decay)}.",
            extra={"ge": 0, "le": 10},
        ),
    ] = None
    spare_norm_and_bias: Annotated[
        bool, Meta(title="Spare BN and biases", description="No weight decay on normalisation parameters and biases.")
    ] = True


class Schedule(Group, frozen=True):
    """How the learning rate moves over the run. Places are shares of the run, so they hold for any budget."""

    name: Annotated[
        str,
        Meta(
            title="Schedule",
            description="Shape of the learning rate over the run.",
            extra={"choices": tuple(SCHEDULES)},
        ),
    ] = "cosine"
    warmup: Annotated[
        float, Meta(ge=0, lt=1, title="Warm-up", description="Share of the run over which the rate rises.")
    ] = 0.1
    warmup_rate: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            title="Warm-up's rate",
            description="Share of the peak rate that is held during the warm-up. 0: it rises.",
        ),
    ] = 0.0
    milestones: Annotated[
        tuple[float, ...],
        Meta(
            title="Milestones",
            description="Shares of the run at which the rate drops.",
            extra={"when": of_schedules("milestones")},
        ),
    ] = (0.5, 0.75)
    gamma: Annotated[
        float | None,
        Meta(
            title="γ",
            description=f"Factor at each milestone or each epoch. Empty: {gammas_text()}.",
            extra={"ge": 0, "le": 1, "when": of_schedules("gamma")},
        ),
    ] = None
    every: Annotated[
        float,
        Meta(
            title="Every … epochs",
            description="Epochs from one drop to the next.",
            extra={"ge": 0.01, "le": 100_000, "when": of_schedules("every")},
        ),
    ] = 1.0
    final: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            title="Final share",
            description="Share of the rate that is left at the end.",
            extra={"when": of_schedules("final")},
        ),
    ] = 0.0


class Stopping(Group, frozen=True):
    """When a run ends before its last epoch, because the validation images show no progress."""

    patience: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000,
            title="Patience",
            description="Epochs without progress on the validation images after which the run ends; the test then "
            "measures the weights of the best epoch. 0: it goes on to its end.",
        ),
    ] = 0
    monitor: Annotated[
        Literal["accuracy", "loss"],
        Meta(title="Progress by", description="Which figure of the validation images has to improve."),
    ] = "accuracy"
    least: Annotated[
        float,
        Meta(ge=0, le=10, title="Least progress", description="Improvements up to this count as none."),
    ] = 0.0


class Recipe(Group, frozen=True):
    """Everything about a run that is not the diagram. Values are checked by `check`, not by the constructor."""

    version: Annotated[int, Meta(ge=1, le=VERSION, title="Version", description="Of the file format.")] = VERSION
    data: Data = Data()
    start: Start = Start()
    epochs: Annotated[
        int | None,
        Meta(
            title="Epochs",
            description="Passes over the training images. Empty: 10, more for fewer than 1,000 images, "
            "unless steps are given.",
            extra={"ge": 1, "le": 1_000_000},
        ),
    ] = None
    steps: Annotated[
        int | None,
        Meta(title="Steps", description="Optimiser steps, in place of epochs.", extra={"ge": 1, "le": 10**9}),
    ] = None
    batch_size: Annotated[
        int | None,
        Meta(
            title="Batch size",
            description="Images a step. Empty: 16 to 128, fewer for small sets.",
            extra={"ge": 1, "le": 65536},
        ),
    ] = None
    averages: Averages = Averages()
    accumulate: Annotated[
        int,
        Meta(
            ge=1,
            le=4096,
            title="Parts of a batch",
            description="Each batch is computed in so many parts, one after the other, and their gradients are added: "
            "a larger batch than the memory holds. Normalisation sees one part at a time.",
        ),
    ] = 1
    augmentation: Augmentation = Augmentation()
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    stopping: Stopping = Stopping()
    label_smoothing: Annotated[
        float, Meta(ge=0, lt=1, title="Label smoothing", description="Share of the target spread over all classes.")
    ] = 0.0
    balance: Annotated[
        Literal["none", "weights", "sampler"],
        Meta(
            title="Class balance",
            description="For classes of different size: weights makes each count the same in the loss, sampler shows "
            "each equally often, none leaves them as they are.",
        ),
    ] = "none"
    class_weights: Annotated[
        tuple[float, ...],
        Meta(
            max_length=100_000,
            title="Class weights",
            description="Weight of each class in the loss, in the order of the classes, in place of those of balance. "
            "Empty: as balance says.",
            extra={"each": "class", "ge": 0, "le": 1e6},
        ),
    ] = ()
    auxiliary: Annotated[
        float,
        Meta(ge=0, le=10, title="Auxiliary losses", description="Factor on the weights of the diagram's AuxOutputs."),
    ] = 1.0
    clip_gradient: Annotated[
        float, Meta(ge=0, le=1e6, title="Clip gradient", description="Largest norm of the gradient; 0: no limit.")
    ] = 0.0
    dropout: Annotated[
        float | None,
        Meta(
            title="Dropout factor",
            description="Factor on the probability of every Dropout: 1 as drawn, 0 none. Empty: 0 where nothing "
            "normalises and the run is short, else 1.",
            extra={"ge": 0, "le": 1},
        ),
    ] = None
    precision: Annotated[
        Literal["fp32", "bf16", "fp16"],
        Meta(title="Precision", description="bf16 and fp16 compute in half the bits where that is safe (autocast)."),
    ] = "fp32"
    channels_last: Annotated[
        bool | None,
        Meta(
            title="Channels last",
            description="Memory order N, H, W, C. Empty: on a CPU where a batch's maps outweigh the weights, as it is "
            "faster there.",
        ),
    ] = None
    sync_batchnorm: Annotated[
        bool,
        Meta(
            title="BatchNorm over all processes",
            description="Where several processes train, batch normalisation is over the images of all of them.",
        ),
    ] = False
    sharding: Annotated[
        Literal["none", "fsdp2"],
        Meta(
            title="Sharding",
            description="Where several processes train: none gives each the whole network, fsdp2 divides weights and "
            "optimiser among them, for a network that does not fit on one card.",
        ),
    ] = "none"
    compile: Annotated[
        bool, Meta(title="torch.compile", description="Compile the network first; the first steps take minutes.")
    ] = False
    cuda_graph: Annotated[
        bool,
        Meta(
            title="CUDA graph",
            description="On CUDA a step is recorded once and then started with one call: small networks gain most. "
            "Not with fp16.",
        ),
    ] = False
    deterministic: Annotated[
        bool,
        Meta(
            title="Deterministic",
            description="On CUDA only algorithms that give the same bits each time, where there are any: slower. "
            "The CPU computes so anyway.",
        ),
    ] = False
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"],
        Meta(title="Device", description="auto takes CUDA, then Apple's MPS, then the CPU."),
    ] = "auto"
    report_steps: Annotated[
        int,
        Meta(
            ge=0,
            le=10**9,
            title="Report every … steps",
            description="Loss and accuracy over the steps since the last report. 0: ten times a second.",
        ),
    ] = 0
    threads: Annotated[
        int | None,
        Meta(title="Threads", description="CPU threads. Empty: all cores.", extra={"ge": 1, "le": 1024}),
    ] = None
    watch: Watching = Watching()
    seed: Annotated[
        int, Meta(ge=0, le=2**31 - 1, title="Seed", description="Of weights, order, augmentation and dropout.")
    ] = 0
    checkpoints: Checkpoints = Checkpoints()
