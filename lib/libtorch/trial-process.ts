import { writeSync } from "node:fs";
import { reason } from "../errors.js";
import { openEngine } from "../native.js";
import type { Engine } from "../native-engine.js";
import type { TrialLine, TrialParts } from "./trial.js";

// The process of a trial: loads what it is given and lets CUDA copy a number there and back.

// At once, as the next step may end this process.
const say = (line: TrialLine) => writeSync(1, `${JSON.stringify(line)}\n`);

function useCuda(engine: Engine): TrialLine {
  const { devices } = engine.info();
  if (devices.length < 2) return { devices: [] };
  const one = engine.tensor(Float32Array.of(1), [1], "float32");
  try {
    const back = new Float32Array(one.to("cuda", null).bytes());
    return back[0] === 1 ? { devices } : { devices, failed: `1 came back as ${back[0]}` };
  } catch (error) {
    return { devices, failed: reason(error) };
  }
}

try {
  const { libtorch, files } = JSON.parse(process.argv[2]!) as TrialParts;
  const engine = openEngine(libtorch, files);
  say({ loaded: true });
  say(useCuda(engine));
} catch (error) {
  say({ error: reason(error) });
}
