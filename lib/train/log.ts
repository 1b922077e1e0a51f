import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { reason, SsdError } from "../errors.js";
import type { TrainEvent } from "./events.js";

/**
 * `metrics.jsonl` of a run folder: a line a step, `{step, epoch, loss, lr, data_ms, step_ms}` with
 * `grad_norm`, `scale` and `skipped` where the options ask for them, and a line an epoch, `{epoch, loss, val, map, article_total, lr}`. Lines are gathered and written behind
 * training's back; {@link MetricsLog.flush} waits for them.
 */
export class MetricsLog {
  private readonly file: string;
  private lines: string[] = [];
  private writing: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.file = join(folder, "metrics.jsonl");
  }

  /** Takes what belongs into the log of everything a run tells. */
  record(event: TrainEvent): void {
    if (event.kind === "step") {
      const { step, epoch, loss, lr, gradNorm, scale, skipped, dataMs, stepMs } = event;
      const facts = { grad_norm: gradNorm, scale, skipped };
      const times = { data_ms: round(dataMs), step_ms: round(stepMs) };
      this.add({ step, epoch, loss, lr, ...facts, ...times });
    } else if (event.kind === "epoch") {
      const { epoch, loss, val, map, articleTotal, lr } = event;
      this.add({ epoch, loss, val, map, article_total: articleTotal, lr });
    } else if (event.kind === "teacher") {
      this.add({ teacher: { map: event.evaluation.map } });
    }
  }

  /** @throws SsdError BAD_DATA when the file cannot be written. */
  async flush(): Promise<void> {
    const text = this.lines.splice(0).join("");
    this.writing = this.writing.then(() => this.append(text));
    await this.writing;
  }

  private add(line: object): void {
    this.lines.push(`${JSON.stringify(line)}\n`);
  }

  private async append(text: string): Promise<void> {
    try {
      await mkdir(join(this.file, ".."), { recursive: true });
      await appendFile(this.file, text);
    } catch (error) {
      throw new SsdError("BAD_DATA", `expected to write ${this.file}: ${reason(error)}`);
    }
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
