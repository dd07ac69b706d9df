"""The same transformer pass in PyTorch with diffusers, timed and compared with what bench/stages.mjs captured.

    python pytorch-pass.py CHECKPOINT TENSORS.safetensors [--device cuda] [--dtype bfloat16] [--passes 3] [--out FILE.json]

A measurement, not a part of the product: it runs only where Python, torch, diffusers and safetensors are installed.
"""

import argparse
import json
import time

import diffusers
import torch
from diffusers import Flux2Transformer2DModel
from safetensors.torch import load_file

parser = argparse.ArgumentParser()
parser.add_argument("checkpoint")
parser.add_argument("tensors")
parser.add_argument("--device", default="cuda")
parser.add_argument("--dtype", default="bfloat16")
parser.add_argument("--passes", type=int, default=3)
parser.add_argument("--out")
options = parser.parse_args()

dtype = getattr(torch, options.dtype)
ours = load_file(options.tensors)
model = Flux2Transformer2DModel.from_pretrained(options.checkpoint, subfolder="transformer", torch_dtype=dtype)
model = model.to(options.device).eval()

GROUP = 16
captured = {}


def capture(name):
    def hook(_module, inputs):
        x = inputs[0].float()  # [1, S, C]
        captured[name] = x.square().unflatten(-1, (-1, GROUP)).mean(dim=(1, 3))[0].cpu()

    return hook


names = [f"transformer_blocks.{i}.attn.to_out.0" for i in range(len(model.transformer_blocks))]
names += [f"single_transformer_blocks.{i}.attn.to_out" for i in range(len(model.single_transformer_blocks))]
for name in names:
    model.get_submodule(name).register_forward_pre_hook(capture(name))

height, width = ours["grid"].tolist()
text = ours["prompt_embeds"].shape[1]


def grid(t):
    return torch.cartesian_prod(torch.tensor([t]), torch.arange(height), torch.arange(width), torch.arange(1))


zero = torch.arange(1)
arguments = {
    "hidden_states": torch.cat([ours["noise"], ours["reference"]], dim=1).to(options.device, dtype),
    "encoder_hidden_states": ours["prompt_embeds"].to(options.device, dtype),
    "timestep": torch.ones(1, device=options.device, dtype=dtype),
    "guidance": None,
    "txt_ids": torch.cartesian_prod(zero, zero, zero, torch.arange(text)).to(options.device),
    "img_ids": torch.cat([grid(0), grid(10)]).to(options.device),
    "return_dict": False,
}
cuda = options.device.startswith("cuda")
seconds = []
with torch.no_grad():
    for _ in range(options.passes):
        if cuda:
            torch.cuda.synchronize()
        began = time.perf_counter()
        velocity = model(**arguments)[0]
        if cuda:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)

theirs = torch.cat([captured[name] for name in names]).sqrt()
mine = ours["mean_square"][0].sqrt()
relative = ((mine - theirs).abs() / theirs).sort().values
noise = ours["noise"].shape[1]
result = {
    "torch": torch.__version__,
    "diffusers": diffusers.__version__,
    "device": torch.cuda.get_device_name() if cuda else "cpu",
    "dtype": options.dtype,
    "seconds": seconds,
    "peak_memory_bytes": torch.cuda.max_memory_allocated() if cuda else None,
    "units": len(theirs),
    "relative_error_of_rms": {
        "median": relative[len(relative) // 2].item(),
        "p99": relative[int(len(relative) * 0.99)].item(),
        "max": relative[-1].item(),
    },
    "velocity_max_abs_difference": (velocity[:, :noise].float().cpu() - ours["velocity"]).abs().max().item(),
}
print(json.dumps(result, indent=2))
if options.out:
    with open(options.out, "w") as file:
        json.dump(result, file, indent=2)
