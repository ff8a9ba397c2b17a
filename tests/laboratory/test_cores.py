"""Each core takes its part of a batch through all layers, alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

torch = pytest.importorskip("torch")

import blockstudio as bs  # noqa: E402
from blockstudio.analysis.trunk import trunk  # noqa: E402
from blockstudio.errors import StudioError  # noqa: E402
from blockstudio.laboratory import Lesions, Subject, cores  # noqa: E402


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def asked(images: int) -> Lesions:
    diagram = bs.load("cifar_resnet", n=1)
    torch.manual_seed(0)
    subject = Subject(diagram, trunk(diagram), dict(bs.compile(diagram).state_dict()))
    return Lesions(subject, [(torch.randn(images, *subject.input_shape), torch.randint(0, 10, (images,)))])


def test_a_part_is_computed_by_one_thread_and_others_keep_theirs() -> None:
    together = threading.Barrier(3)

    def job(part: int) -> tuple[int, int]:
        together.wait(60)  # All three are computed at the same time.
        return 10 * part, torch.get_num_threads()

    assert cores.each(job, [1, 2, 3]) == [(10, 1), (20, 1), (30, 1)]
    assert torch.get_num_threads() == 3
    found = list[int]()
    later = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert found == [3]
    # One part, or one thread, is computed by whoever asks.
    assert cores.each(lambda part: threading.current_thread(), [1]) == [threading.current_thread()]
    torch.set_num_threads(1)
    assert cores.each(lambda part: threading.current_thread(), [1, 2]) == [threading.current_thread()] * 2


def test_what_one_part_raises_is_raised_when_all_have_ended() -> None:
    ended = list[int]()

    def job(part: int) -> None:
        if part == 1:
            raise StudioError("lab.cancelled", "was cancelled.")
        ended.append(part)

    with pytest.raises(StudioError, match="cancelled"):
        cores.each(job, [1, 2, 3])
    assert sorted(ended) == [2, 3] and torch.get_num_threads() == 3


def test_parts_of_a_batch_are_the_batch() -> None:
    shared, alone = asked(40), asked(40)
    assert [len(some) for some in shared._parts(shared.batches[0][0])] == [14, 14, 12]
    assert [len(some) for some in shared._parts(shared.batches[0][0][:7])] == [7]  # too few to be shared out
    found = shared.whole(), shared.without("layer2.0")
    torch.set_num_threads(1)
    again = alone.whole(), alone.without("layer2.0")
    for one, other in zip(found, again, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-5) and one.images == other.images == 40
        assert one.by_class == other.by_class


def test_a_batch_that_is_cancelled_in_the_middle_keeps_nothing_of_it() -> None:
    lesions = asked(40)
    asks, lock = list[int](), threading.Lock()

    def go_on() -> bool:
        with lock:
            asks.append(1)
            return len(asks) < 5

    lesions.go_on = go_on
    with pytest.raises(StudioError, match="cancelled"):
        lesions.whole()
    assert lesions.so_far().images == 0
    lesions.go_on = lambda: True
    assert lesions.without("layer3.0").images == lesions.whole().images == 40
    fresh = asked(40)
    assert lesions.without("layer3.0") == fresh.without("layer3.0") and lesions.whole() == fresh.whole()
