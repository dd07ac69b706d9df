#!/usr/bin/env bash
# Everything that docs/gpu.md is to report, in one command: our passes and PyTorch's at the full 4B shape on one card.
#   bench/gpu.sh CHECKPOINT_FOLDER OUT_FOLDER       (CHECKPOINT_FOLDER: `measure-plantain prompts check measure
#   --checkpoint random:klein-4b` synthesises one into the cache; any Klein checkpoint will do)
set -euo pipefail
checkpoint=${1:?the checkpoint folder}
out=${2:?the folder for the figures}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv | tee "$out/device.csv"
nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits --loop-ms=200 > "$out/memory-mib.log" &
monitor=$!
trap 'kill $monitor 2>/dev/null || true' EXIT
for batch in 1 2; do
  node "$here/stages.mjs" --checkpoint "$checkpoint" --width 1024 --height 1024 --passes 4 --device cuda --batch "$batch" \
    --out "$out/ours-batch-$batch.json" --tensors "$out/tensors-batch-$batch.safetensors" | tee "$out/ours-batch-$batch.log"
done
# float32 as it is by default, and in TF32: the difference of the tensors is what the override keeps out.
for override in 0 1; do
  NVIDIA_TF32_OVERRIDE=$override node "$here/stages.mjs" --checkpoint "$checkpoint" --width 1024 --height 1024 --passes 1 \
    --device cuda --dtype float32 --batch 1 --out "$out/float32-tf32-$override.json" \
    --tensors "$out/float32-tf32-$override.safetensors" | tee "$out/float32-tf32-$override.log"
done
# The same card through WebGPU, where its Vulkan driver is installed.
node "$here/stages.mjs" --checkpoint "$checkpoint" --width 1024 --height 1024 --passes 4 --device webgpu --batch 1 \
  --out "$out/webgpu.json" | tee "$out/webgpu.log" || echo "WebGPU did not run" | tee -a "$out/webgpu.log"
sort -n "$out/memory-mib.log" | tail -1 | tee "$out/peak-memory-mib.txt"
python3 "$here/pytorch-pass.py" "$checkpoint" "$out/tensors-batch-1.safetensors" --passes 4 --out "$out/pytorch.json"
