/** What `gpd COMMAND --help` prints. Apart from the commands, so that showing it loads nothing else. */
export const HELP = {
  train: `gpd train --config FILE [options]

Trains a student as the configuration says, and saves it.

  --config FILE      JSON, YAML, TypeScript or JavaScript (docs/configuration.md)
  --output DIR       new or empty folder for the run (default runs/<time>)
  --set KEY=VALUE    change one entry of the configuration; may be repeated
  --seed N           seed of all random numbers (default 42)
  --backend NAME     auto (default), tensorflow, wasm or cpu
  --max-steps N      stop after N steps; schedules run as for the whole run
  --save-every TIME  when to save a checkpoint: 500 (steps), 10m or 1epoch; off for never (default: every two minutes
                     and every epoch, in at most a hundredth of the time)
  --resume [PATH]    go on with the run in PATH or --output; --config may be left out
  --resume=auto      the same, and begin where there is no run
  --allow-change KEY an entry of the configuration that may have changed since; may be repeated
  --force-unlock     take the lock of a run on another machine that no longer runs
  --dry-run          build everything, take two steps, estimate the time; write nothing
  --json             print the result as one JSON object on stdout

Examples
  gpd train --config gpd.yaml
  gpd train --config gpd.yaml --set dynamicTeacher.ratio=3 --seed 1 --output runs/ratio-3
  gpd train --resume runs/ratio-3
  gpd train --config gpd.yaml --dry-run
`,
  evaluate: `gpd evaluate PATH (--config FILE | --data DIR) [options]

Accuracy and loss of a saved network: a folder of a run, or what gpd extract wrote, in any format.

  --config FILE      the configuration it was trained with
  --data DIR         instead: a folder with the four IDX files
  --split NAME       test (default) or validation (needs --config)
  --set KEY=VALUE    change one entry of the configuration; may be repeated
  --backend NAME     auto (default), tensorflow, wasm or cpu
  --json             print the result as one JSON object on stdout

Examples
  gpd evaluate runs/1/student --data fashion-mnist
  gpd evaluate runs/1/best --config gpd.yaml --split validation
  gpd evaluate model/model.onnx --data fashion-mnist
`,
  extract: `gpd extract RUN --output DIR [options]

Takes the plain student out of the folder of a run, checked by running it, and says what goes in and comes out.

  --output DIR       a new or empty folder
  --which NAME       last (default), best (by validation accuracy) or ema
  --format NAME      safetensors (default: network.json and weights.safetensors), layers-model or onnx
  --input NAME       what the file takes: 0..1 (pixels / 255; default for layers-model and onnx), 0..255 (pixels), or
                     normalized (as in training; default for safetensors)
  --scores NAME      logits (default) or probabilities (not for safetensors)
  --class-names A,B  names of the classes in the order of their labels (default: data.classNames of the run)
  --batch-norm NAME  kept (default) or folded into the kernels (default for onnx; such a network cannot train on)
  --backend NAME     auto (default), tensorflow, wasm or cpu
  --json             print the result as one JSON object on stdout

Examples
  gpd extract runs/1 --output student --which best
  gpd extract runs/1 --output model --format onnx --scores probabilities
`,
  ablate: `gpd ablate --config STUDY [options]

Trains named variations of one configuration with several seeds, one after another, and compares them.

  --config STUDY     a file with base, arms, seeds and baseline (docs/configuration.md)
  --output DIR       new or empty folder for the study (default runs/<time>)
  --max-steps N      stop every training after N steps
  --backend NAME     auto, tensorflow, wasm or cpu (default: what base says)
  --save-every TIME  when to save a checkpoint: 500 (steps), 10m or 1epoch; off for never
  --resume [PATH]    go on with the study in PATH or --output; --config may be left out
  --resume=auto      the same, and begin where there is no study
  --allow-change KEY an entry of the configurations that may have changed since; may be repeated
  --force-unlock     take the lock of a study on another machine that no longer runs
  --json             print the result as one JSON object on stdout

Examples
  gpd ablate --config study.yaml --output runs/study
  gpd ablate --resume runs/study
`,
  doctor: `gpd doctor [options]

What this machine has: Node, cores, memory, each backend with the speed of a small training step or why it does not
work, and which one 'auto' chooses.

  --conformance      also run every op forward and backward on each backend (a minute or so)
  --json             print the result as one JSON object on stdout

Example
  gpd doctor --conformance
`,
} as const
