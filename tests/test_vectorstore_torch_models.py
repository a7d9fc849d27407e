"""Device, threads and batches of PyTorch models."""

import pytest

from vectorstore.errors import EncoderError
from vectorstore.torch_models import CPU_BATCH, Batches, choose_device, set_threads


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "CUDA", "cpu:1", ""])
def test_a_device_that_this_machine_lacks_is_refused_with_those_it_has(device: str) -> None:
    with pytest.raises(EncoderError, match=r"쓸 수 있는 장치: .*cpu"):
        choose_device(device)


def test_the_best_device_is_chosen_where_none_is_named() -> None:
    assert choose_device("cpu") == "cpu"
    assert choose_device(None) in ("cuda", "mps", "cpu")


def test_threads_are_as_many_as_the_setting_says_or_half_of_the_cores() -> None:
    import os

    import torch

    before = torch.get_num_threads()
    try:
        set_threads("cpu", 3)
        assert torch.get_num_threads() == 3
        set_threads("cpu", None)
        assert torch.get_num_threads() == max(1, (os.cpu_count() or 2) // 2)
    finally:
        torch.set_num_threads(before)


def too_much(size: int) -> int:
    """Work that asks for a petabyte for each text beyond two."""
    import torch

    if size > 2:
        torch.empty((size, 2**50))
    return size


def test_a_batch_that_does_not_fit_into_memory_is_halved_for_good() -> None:
    batches = Batches("큰모델", "cpu")
    assert batches.size == CPU_BATCH > 2
    assert (batches.run(too_much), batches.size) == (2, 2)


def test_a_single_text_that_does_not_fit_is_one_korean_line() -> None:
    with pytest.raises(EncoderError, match="메모리가 모자랍니다"):
        Batches("큰모델", "cpu").run(lambda size: too_much(size + 2))


def test_other_errors_of_a_model_pass_unchanged() -> None:
    def broken(size: int) -> int:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        Batches("모델", "cpu").run(broken)
