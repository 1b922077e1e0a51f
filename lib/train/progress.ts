import { packSentence } from "../data/pack-events.js";
import { problemLine, problemSummary } from "../data/problems.js";
import type { LossTerms, TrainEvent } from "./events.js";

/** Where lines go and whether they can be redrawn. */
export interface Terminal {
  write(text: string): void;
  isTTY: boolean;
  columns: number;
}

/** Seconds between two progress lines where nothing can be redrawn. */
const quiet = 10;

/**
 * Shows a run as the article's trainer does: a bar a phase of an epoch with the running means of the
 * terms, then the epoch's totals. On a terminal the bar is redrawn, elsewhere a plain line appears
 * every ten seconds and at the end.
 */
export class Progress {
  private began = 0;
  private label = "";
  /** Of the bar under way: done when it began, and last. */
  private first = 0;
  private last = 0;
  private shown = Number.NEGATIVE_INFINITY;
  private bar = "";

  constructor(
    private readonly terminal: Terminal,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {}

  /** Takes what a run tells. */
  show(event: TrainEvent): void {
    switch (event.kind) {
      case "data":
        this.data(event);
        break;
      case "pack":
        this.progress("Reading pictures", event.done, event.total, {});
        break;
      case "verify":
        this.progress("Checking pictures", event.done, event.total, {});
        break;
      case "space":
      case "wait":
      case "feed":
        this.line(packSentence(event)!);
        break;
      case "teacher":
        this.line(`Teacher: mAP ${event.evaluation.map.toFixed(4)}`);
        break;
      case "phase":
        this.phase(event);
        break;
      case "resumed":
        this.line(`Going on at epoch ${event.epoch}, batch ${event.batch}`);
        break;
      case "step":
        this.step(event);
        break;
      case "validate":
        this.validate(event);
        break;
      case "epoch":
        this.epoch(event);
        break;
      case "saved":
        this.line(`Saving state, iter: ${event.epoch}`);
        break;
    }
  }

  /** A line of its own; a bar under way stays above it. */
  line(text: string): void {
    this.endBar();
    this.terminal.write(`${text}\n`);
  }

  private data({ train, val, problems }: Extract<TrainEvent, { kind: "data" }>): void {
    for (const problem of problems) this.line(problemLine(problem));
    if (problems.length > 0) this.line(problemSummary(problems));
    this.line(`Pictures: ${train} to train, ${val} to validate`);
  }

  private phase({ name, from, to, lr }: Extract<TrainEvent, { kind: "phase" }>): void {
    const what = name === "freeze" ? "Backbone frozen" : "All layers train";
    this.line(`${what}: epochs ${from} to ${to}, lr ${short(lr)}`);
  }

  private validate(event: Extract<TrainEvent, { kind: "validate" }>): void {
    const { done, total, epoch, to, lr } = event;
    if (done === 1) this.line("Start Validation");
    this.progress(`Epoch ${epoch}/${to}`, done, total, { lr });
    if (done === total) this.line("Finish Validation");
  }

  private step(event: Extract<TrainEvent, { kind: "step" }>): void {
    if (event.batch === 1) this.line("Start Train");
    const { lr, skipped, scale } = event;
    if (skipped) {
      this.line(`Step ${event.step} skipped: overflow in fp16, loss scale ${scale} halved`);
    }
    const label = `Epoch ${event.epoch}/${event.to}`;
    this.progress(label, event.batch, event.batches, { ...articleFields(event.means), lr });
  }

  private epoch(event: Extract<TrainEvent, { kind: "epoch" }>): void {
    this.line(`Epoch:${event.epoch}/${event.epochs}`);
    const val = event.val === undefined ? "" : ` || Val Loss: ${event.val.total.toFixed(4)}`;
    const map = event.map === undefined ? "" : ` || mAP: ${event.map.toFixed(4)}`;
    this.line(
      `Total Loss: ${event.loss.total.toFixed(4)}${val}${map}${event.best ? " (best)" : ""}`,
    );
  }

  private progress(
    label: string,
    done: number,
    total: number,
    fields: Record<string, number>,
  ): void {
    const now = this.now();
    if (label !== this.label || done <= this.last) {
      this.began = now;
      this.label = label;
      // What was done in an earlier attempt says nothing about the rate of this one.
      this.first = done - 1;
      // The first has no rate yet: a plain line waits for one.
      if (!this.terminal.isTTY) this.shown = now;
    }
    this.last = done;
    const wait = this.terminal.isTTY ? 0.1 : quiet;
    if (done < total && now - this.shown < wait) return;
    this.shown = now;
    const spent = now - this.began;
    const text = progressLine(label, done, total, spent, fields, this.terminal, this.first);
    if (this.terminal.isTTY) {
      this.bar = text;
      this.terminal.write(`\r\x1b[K${text}`);
      if (done === total) this.endBar();
    } else {
      this.line(text);
    }
  }

  private endBar(): void {
    if (this.bar !== "") this.terminal.write("\n");
    this.bar = "";
  }
}

/** Shows a run on stderr: redrawn on a terminal, plain lines elsewhere. */
export function stderrProgress(): Progress {
  return new Progress({
    write: (text) => process.stderr.write(text),
    isTTY: process.stderr.isTTY === true,
    columns: process.stderr.columns ?? 120,
  });
}

/** `Epoch 9/10: 100%|████| 54/54 [00:19<00:00, 2.80it/s, conf_loss=2.37, lr=7.16e-5]` */
export function progressLine(
  label: string,
  done: number,
  total: number,
  seconds: number,
  fields: Record<string, number>,
  { isTTY, columns }: Pick<Terminal, "isTTY" | "columns">,
  first = 0,
): string {
  const rate = (done - first) / Math.max(seconds, 1e-9);
  const known = rate >= 1 ? `${rate.toFixed(2)}it/s` : `${(1 / rate).toFixed(2)}s/it`;
  const speed = seconds > 0 ? known : "?it/s";
  const named = Object.entries(fields)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `, ${name}=${short(value)}`)
    .join("");
  const head = `${label}: ${String(Math.floor((100 * done) / total)).padStart(3)}%|`;
  const tail = `| ${done}/${total} [${clock(seconds)}<${clock((total - done) / rate)}, ${speed}${named}]`;
  const width = isTTY ? Math.max(0, Math.min(30, columns - head.length - tail.length - 1)) : 10;
  const filled = Math.round((width * done) / total);
  const bar = "█".repeat(filled) + " ".repeat(width - filled);
  return isTTY ? `${head}${bar}${tail}`.slice(0, Math.max(20, columns - 1)) : head + bar + tail;
}

function articleFields({ conf, loc, soft, l2 }: LossTerms): Record<string, number> {
  const own = { conf_loss: conf, loc_loss: loc };
  return soft === undefined || l2 === undefined ? own : { ...own, soft_loss: soft, l2_loss: l2 };
}

/** Three significant digits, `7.16e-5` when small. */
export function short(value: number): string {
  const rounded = Number(value.toPrecision(3));
  const small = rounded !== 0 && Math.abs(rounded) < 1e-4;
  return small ? rounded.toExponential().replace(/e([+-])0*/, "e$1") : String(rounded);
}

function clock(seconds: number): string {
  const whole = Math.round(Number.isFinite(seconds) ? seconds : 0);
  const pad = (part: number) => String(part).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}
