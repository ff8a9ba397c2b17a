"""Train a small residual network on the digits that come with the program, then read the log of the run.

    python examples/train_on_digits.py [epochs] [directory of the run]

Needs torch. Five epochs take some seconds on an ordinary processor.
"""

from __future__ import annotations

import sys

import blockstudio as bs


def main(epochs: str = "5", directory: str | None = None) -> None:
    net = bs.load("cifar_resnet", n=1, width=8)
    # The run fits a copy of the network to the images: one channel, ten classes. What it changed stands in the notes.
    run = bs.train(net, data="digits", run=directory, epochs=int(epochs), batch_size=64, device="cpu")

    history = run.history()
    for note in history.notes:
        print(note)
    _, losses = history.column("loss")
    print(f"\nloss over {len(losses)} logged steps: from {losses[0]:.2f} to {losses[-1]:.2f}")
    for event in history.epochs:
        print(f"epoch {event['epoch']}: validation accuracy {event['validation_accuracy']:.1%}")

    results = run.results() or {}
    print(f"test accuracy {results['test_accuracy']:.1%}; everything about it is in {run.directory}")
    best = run.best()
    if best is not None:
        model = bs.compile(run.diagram())
        loaded = bs.load_weights(model, best.model)
        print(f"the best weights, of step {best.step}: {len(loaded.matched)} tensors in an ordinary PyTorch module")


if __name__ == "__main__":
    main(*sys.argv[1:3])
