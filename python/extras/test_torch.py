"""The face for PyTorch: no backward, exact bits, groups, states, hostile closures."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st

import tegmentum
from tegmentum.torch import ForwardOptimizer

STILL = {"spsa": {"learning_rate": 0.0, "perturbation_scale": 0.1}}
QUICK = {"dopamine": {"directions": 2}}


def network(dtype=torch.float32, seed=1):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).to(dtype)


def bits(model):
    return [p.detach().clone().contiguous().view(torch.uint8) for p in model.parameters()]


def loss_of(model, dtype=torch.float32, rows=16):
    inputs = torch.linspace(-1, 1, rows * 4).reshape(rows, 4).to(dtype)
    targets = torch.stack([inputs[:, 0] * 0.5, inputs.sum(1) * 0.2], 1).float()
    return lambda: torch.nn.functional.mse_loss(model(inputs).float(), targets).detach()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_perturbations_at_rate_zero_change_no_bit(dtype, scale):
    model = network(dtype)
    with torch.no_grad():
        model[0].weight.view(-1)[:2] = torch.tensor([0.0, 1e-6])
    before, seen = bits(model), []
    optimizer = ForwardOptimizer(model.parameters(), STILL, scale=scale)
    for _ in range(500):
        optimizer.step(lambda: seen.append(float(model[0].weight.detach().double().sum())) or float(len(seen) % 7))
    assert all(torch.equal(a, b) for a, b in zip(before, bits(model)))
    assert len(set(seen)) > 100, "the candidates differ"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_it_learns_without_backward(dtype, monkeypatch):
    def never(*words, **more):
        raise AssertionError("backward was called")

    monkeypatch.setattr(torch.Tensor, "backward", never)
    monkeypatch.setattr(torch.autograd, "backward", never)
    model = network(dtype)
    closure = loss_of(model, dtype)
    first = float(closure())
    # In 16 bits a perturbation of a thousandth is rounded away.
    own = QUICK if dtype == torch.float32 else {"dopamine": {"directions": 2, "search_scale": True}}
    optimizer = ForwardOptimizer(model.parameters(), own, seed=1)
    with torch.inference_mode():
        for _ in range(600):
            optimizer.step(closure)
    assert float(closure()) < 0.2 * first
    assert all(p.grad is None and p.dtype == dtype for p in model.parameters())
    assert optimizer.levels is not None and np.isfinite(optimizer.levels.dopamine)


def test_a_module_that_was_made_in_inference_mode():
    with torch.inference_mode():
        model = network()
        optimizer = ForwardOptimizer(model.parameters(), QUICK)
        closure = loss_of(model)
        first = optimizer.step(closure)
        for _ in range(300):
            last = optimizer.step(closure)
    assert last < 0.5 * first


def test_the_parameters_are_those_of_the_engine():
    model = network()
    start = torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy().copy()
    closure = loss_of(model)
    optimizer = ForwardOptimizer(model.parameters(), QUICK, budget=500, seed=4)
    same = tegmentum.Optimizer(start, QUICK, budget=500, seed=4)
    other = network()
    of_other = loss_of(other)

    def value(row):
        torch.nn.utils.vector_to_parameters(torch.from_numpy(row), other.parameters())
        return float(of_other())

    with torch.no_grad():
        for _ in range(50):
            optimizer.step(closure)
            while same.tell([value(row) for row in same.ask()]).follow_up:
                pass
    found = torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy()
    assert (found == same.x).all()
    assert optimizer.evaluations == same.nfev and optimizer.levels == same.levels


def test_a_part_of_the_module_and_groups_with_a_scale():
    model = network()
    kept = model[0].weight.detach().clone()
    groups = [{"params": model[2].parameters()}, {"params": [model[0].bias], "scale": 0.0}]
    still = model[0].bias.detach().clone()
    optimizer = ForwardOptimizer(groups, QUICK)
    closure, first = loss_of(model), None
    for _ in range(200):
        loss = optimizer.step(closure)
        first = loss if first is None else first
    assert loss < first and torch.equal(kept, model[0].weight) and torch.equal(still, model[0].bias)
    assert [group["scale"] for group in optimizer.param_groups] == [1.0, 0.0]
    with pytest.raises(tegmentum.InvalidValueError, match="add_param_group"):
        optimizer.add_param_group({"params": [model[0].weight]})


def test_int8_weights_are_adapted():
    class Quantised(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(3)
            self.weight = torch.nn.Parameter(torch.randint(-60, 60, (2, 4), dtype=torch.int8), requires_grad=False)

        def forward(self, inputs):
            return inputs @ (self.weight.float() / 64).T

    model = Quantised()
    before = model.weight.clone()
    closure = loss_of(model)
    first = float(closure())
    own = {"dopamine": {"directions": 4, "two_sided": True, "perturbation_scale": 0.05}}
    optimizer = ForwardOptimizer(model.parameters(), own, seed=2)
    for _ in range(300):
        optimizer.step(closure)
    assert model.weight.dtype == torch.int8 and not torch.equal(model.weight, before)
    assert float(closure()) < 0.1 * first


def test_a_step_of_several_closures_is_their_mean():
    models = [network(), network()]
    whole, parts = loss_of(models[0]), loss_of(models[1])
    one = ForwardOptimizer(models[0].parameters(), QUICK)
    several = ForwardOptimizer(models[1].parameters(), QUICK)
    for _ in range(20):
        assert one.step(whole) == several.step([parts, parts])
    assert all(torch.equal(a, b) for a, b in zip(bits(models[0]), bits(models[1])))


def test_candidates_see_the_same_dropout():
    model = torch.nn.Sequential(torch.nn.Linear(4, 64), torch.nn.Dropout(0.5))
    inputs, masks = torch.ones(3, 4), []

    def closure():
        found = model(inputs)
        masks.append((found == 0).clone())
        return (found**2).mean()

    optimizer = ForwardOptimizer(model.parameters(), STILL)
    optimizer.step(closure)
    assert torch.equal(masks[0], masks[1])
    optimizer.step(closure)
    assert not torch.equal(masks[0], masks[2])


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_a_state_goes_on_with_the_same_bits(tmp_path, kind):
    def make(seed):
        model = network(kind, seed)
        return model, loss_of(model, kind), ForwardOptimizer(model.parameters(), QUICK, seed=9)

    model, closure, optimizer = make(1)
    for _ in range(40):
        optimizer.step(closure)
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "state.pt")
    expected = [optimizer.step(closure) for _ in range(40)]
    for order in (("model", "optimizer"), ("optimizer", "model")):
        again, its_closure, its_optimizer = make(2)
        # The settings and the start's length must fit; its weights come from the state.
        state = torch.load(tmp_path / "state.pt", weights_only=True)
        for part in order:
            (again if part == "model" else its_optimizer).load_state_dict(state[part])
        assert [its_optimizer.step(its_closure) for _ in range(40)] == expected
        assert all(torch.equal(a, b) for a, b in zip(bits(model), bits(again)))


def test_states_of_others_are_refused():
    model = network()
    optimizer = ForwardOptimizer(model.parameters(), QUICK)
    for state in ({}, torch.optim.SGD(model.parameters(), lr=0.1).state_dict(), {"tegmentum": 3}):
        with pytest.raises(tegmentum.InvalidValueError):
            optimizer.load_state_dict(state)
    other = ForwardOptimizer(network().parameters(), "spsa").state_dict()
    with pytest.raises(tegmentum.InvalidValueError):
        optimizer.load_state_dict(other)
    optimizer.step(loss_of(model))


def test_what_is_changed_from_outside_is_told():
    model = network()
    optimizer = ForwardOptimizer(model.parameters(), QUICK)
    optimizer.step(loss_of(model))
    with torch.no_grad():
        model[0].weight += 1.0
    with pytest.raises(tegmentum.InvalidValueError, match="changed since"):
        optimizer.step(loss_of(model))


def test_a_module_that_is_converted_is_told_and_new_storage_is_followed():
    model = network()
    optimizer = ForwardOptimizer(model.parameters(), QUICK)
    model[0].weight.data = model[0].weight.data.clone()
    before = bits(model)
    optimizer.step(loss_of(model))
    assert not torch.equal(before[0], bits(model)[0])
    model.to(torch.float64)
    with pytest.raises(tegmentum.InvalidValueError, match="move the module"):
        optimizer.step(loss_of(model, torch.float64))


def test_drugs_act_and_wrong_ones_are_refused():
    def levels(drugs):
        model = network()
        optimizer = ForwardOptimizer(model.parameters(), QUICK, drugs=drugs)
        closure = loss_of(model)
        for _ in range(100):
            optimizer.step(closure)
        return optimizer.levels, bits(model)

    intact, lesioned = levels(()), levels([{"modulator": "dopamine", "action": {"lesion": 1.0}}])
    assert intact[0].dopamine != 0.0 and lesioned[0].dopamine == 0.0
    dosed = levels([{"modulator": "serotonin", "action": {"agonist": 50.0}}])
    assert any(not torch.equal(a, b) for a, b in zip(intact[1], dosed[1]))
    for drugs in (3, [3], [{"modulator": "coffee", "action": {"lesion": 1.0}}], [{"modulator": "dopamine", "action": {"lesion": 2.0}}]):
        with pytest.raises(tegmentum.TegmentumError):
            levels(drugs)
    with pytest.raises(tegmentum.InvalidValueError):
        ForwardOptimizer(network().parameters(), "spsa", drugs=[{"modulator": "dopamine", "action": {"lesion": 1.0}}])


def test_a_closure_that_raises_leaves_everything_as_it_was():
    model, twin = network(), network()
    closure, its = loss_of(model), loss_of(twin)
    optimizer, other = ForwardOptimizer(model.parameters(), QUICK), ForwardOptimizer(twin.parameters(), QUICK)
    before, calls = bits(model), []

    def fails():
        calls.append(1)
        if len(calls) == 2:
            raise ZeroDivisionError("mine")
        return closure()

    with pytest.raises(ZeroDivisionError, match="mine"):
        optimizer.step(fails)
    assert all(torch.equal(a, b) for a, b in zip(before, bits(model)))
    assert [optimizer.step(closure) for _ in range(10)] == [other.step(its) for _ in range(10)]


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.none(), st.text(), st.binary(), st.lists(st.integers(), max_size=3), st.just(torch.zeros(2)), st.just(torch.zeros(0)),
        st.just(torch.tensor(1j)), st.just({}), st.just(object()), st.just(np.zeros(3)),
    )
)
def test_what_is_no_loss_is_refused(found):
    model = network()
    optimizer = ForwardOptimizer(model.parameters(), STILL)
    before = bits(model)
    with pytest.raises(tegmentum.WrongTypeError):
        optimizer.step(lambda: found)
    assert all(torch.equal(a, b) for a, b in zip(before, bits(model)))


@pytest.mark.parametrize("closure", [None, 3, [], [None], "x", {}])
def test_what_is_no_closure_is_refused(closure):
    with pytest.raises(tegmentum.WrongTypeError):
        ForwardOptimizer(network().parameters()).step(closure)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), torch.tensor(float("nan"))])
def test_losses_that_are_not_finite_leave_the_parameters_finite(value):
    model = network()
    optimizer = ForwardOptimizer(model.parameters(), QUICK)
    for _ in range(5):
        optimizer.step(lambda: value)
    assert all(torch.isfinite(p).all() for p in model.parameters())


def test_parameters_that_cannot_be_used():
    def refused(kind, params, **more):
        with pytest.raises(kind):
            ForwardOptimizer(params, **more)

    refused(tegmentum.WrongTypeError, [torch.nn.Parameter(torch.zeros(3, dtype=torch.complex64))])
    refused(tegmentum.WrongTypeError, [torch.zeros(3, dtype=torch.bool)])
    refused(tegmentum.WrongTypeError, [torch.eye(3).to_sparse()])
    refused(tegmentum.WrongTypeError, [torch.zeros(3, device="meta")])
    refused(tegmentum.InvalidValueError, [torch.tensor([1.0, float("nan")])])
    refused(tegmentum.InvalidValueError, [torch.zeros(0)])
    refused(ValueError, [])
    refused(tegmentum.InvalidValueError, [torch.zeros(2)], scale=-1.0)
    refused(tegmentum.InvalidValueError, [torch.zeros(2)], budget=0)
    refused(tegmentum.TegmentumError, [torch.zeros(2)], optimizer="x")
    refused(tegmentum.WrongTypeError, [torch.zeros(2)], common_random_numbers=1)


def test_parameters_with_holes_and_other_layouts():
    base = torch.arange(24.0).reshape(4, 6)
    holes = torch.nn.Parameter(base[:, ::2], requires_grad=False)
    turned = torch.nn.Parameter(torch.ones(3, 2).T, requires_grad=False)
    optimizer = ForwardOptimizer([holes, turned], QUICK)
    first = optimizer.step(lambda: (holes**2).sum() + (turned**2).sum())
    for _ in range(300):
        last = optimizer.step(lambda: (holes**2).sum() + (turned**2).sum())
    assert last < 0.1 * first and (base[:, 1::2] == torch.arange(24.0).reshape(4, 6)[:, 1::2]).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_cuda_tensors():
    model = network().cuda()
    inputs = torch.ones(8, 4, device="cuda")
    optimizer = ForwardOptimizer(model.parameters(), QUICK)
    first = optimizer.step(lambda: (model(inputs) ** 2).mean())
    for _ in range(100):
        last = optimizer.step(lambda: (model(inputs) ** 2).mean())
    assert last < first


def test_copies_are_refused():
    import copy

    with pytest.raises(tegmentum.WrongTypeError, match="state_dict"):
        copy.deepcopy(ForwardOptimizer(network().parameters()))


def test_parameters_that_share_memory_are_an_error() -> None:
    weights = torch.nn.Parameter(torch.ones(6))
    part = torch.nn.Parameter(weights.detach()[2:5])
    with pytest.raises(tegmentum.InvalidValueError, match="share the memory of 3 numbers"):
        ForwardOptimizer([weights, part])


def test_parameters_that_are_not_contiguous_learn_like_others() -> None:
    found = []
    for weights in (torch.ones(3, 4), torch.ones(4, 3).T):
        parameter = torch.nn.Parameter(weights)
        optimizer = ForwardOptimizer([parameter], "spsa", seed=2)
        for _ in range(5):
            optimizer.step(lambda: (parameter**2).sum())
        found.append(parameter.detach().clone().contiguous())
    assert not torch.equal(found[0], torch.ones(3, 4))
    assert torch.allclose(found[0], found[1], atol=1e-5)


def test_a_module_may_lay_out_its_memory_anew() -> None:
    inputs, found = torch.linspace(-1.0, 1.0, 48).view(1, 3, 4, 4), []
    for again in (False, True):
        torch.manual_seed(3)
        module = torch.nn.Conv2d(3, 2, 2)
        optimizer = ForwardOptimizer(module.parameters(), {"spsa": {"learning_rate": 1e-4}}, seed=2)
        if again:
            module.to(memory_format=torch.channels_last)
            assert not module.weight.is_contiguous()
        for _ in range(5):
            optimizer.step(lambda: (module(inputs) ** 2).sum())
        found.append(module.weight.detach().contiguous())
    torch.manual_seed(3)
    assert not torch.allclose(found[0], torch.nn.Conv2d(3, 2, 2).weight, atol=1e-3)
    assert torch.allclose(*found, atol=1e-5)
