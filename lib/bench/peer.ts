import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SsdError } from "../errors.js";

/** The peers' scripts; they are in a clone of the repository, not in the package. */
const scripts = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "scripts", "bench");

interface Hello {
  versions: Record<string, string>;
  contenders: string[];
  /** Why others are not there. */
  missing: string[];
}

/** A Python (`SSD_DISTILL_PYTHON`, else `python3`) that measures what ours is compared with. */
export class Peer {
  /** Versions of its libraries. */
  readonly versions: Record<string, string>;
  /** The ways it knows to do the same. */
  readonly contenders: readonly string[];
  readonly #talk: Talk;

  /**
   * Starts `scripts/bench/NAME.py` and tells it what to work on.
   *
   * @returns Undefined when there is no such script or Python; `note` is told why.
   */
  static async start(
    name: string,
    setup: object,
    note: (line: string) => void,
  ): Promise<Peer | undefined> {
    const script = join(scripts, `${name}.py`);
    if (!existsSync(script)) {
      note(`bench ${name}: no peer: ${script} is not there (it is in a clone of the repository)`);
      return undefined;
    }
    const python = process.env.SSD_DISTILL_PYTHON || "python3";
    // Detached: a Ctrl-C is ours to handle, and ends it by the end of its input.
    const talk = new Talk(spawn(python, ["-W", "ignore", script], { detached: true }), python);
    try {
      const hello = (await talk.ask(setup)) as Hello;
      for (const sentence of hello.missing) note(`bench ${name}: without a peer: ${sentence}`);
      return new Peer(talk, hello);
    } catch (error) {
      talk.end();
      if (!(error instanceof SsdError)) throw error;
      note(`bench ${name}: no peer: ${error.message}`);
      return undefined;
    }
  }

  private constructor(talk: Talk, { versions, contenders }: Hello) {
    this.#talk = talk;
    this.versions = versions;
    this.contenders = contenders;
  }

  /** Lets a contender work for about so long; milliseconds a unit. */
  async measure(contender: string, seconds: number): Promise<number> {
    const reply = await this.#talk.ask({ contender, seconds });
    const { done, seconds: taken } = reply as { done: number; seconds: number };
    return (taken * 1000) / done;
  }

  /** What a contender computes, as numbers by name: for comparison with ours. */
  async answer(contender: string): Promise<Record<string, number>> {
    return (await this.#talk.ask({ contender, answer: true })) as Record<string, number>;
  }

  dispose(): void {
    this.#talk.end();
  }
}

/** A process that answers each line of JSON with one. */
class Talk {
  readonly #child: ChildProcess;
  readonly #python: string;
  readonly #answers: AsyncIterator<string>;
  #said = "";
  #failure: Error | undefined;

  constructor(child: ChildProcess, python: string) {
    this.#child = child;
    this.#python = python;
    this.#answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-4000);
    });
    child.on("error", (error) => {
      this.#failure = error;
    });
    // Writing to one that has ended: the answer that does not come says more.
    child.stdin!.on("error", () => {});
  }

  async ask(value: object): Promise<unknown> {
    this.#child.stdin!.write(`${JSON.stringify(value)}\n`);
    const { done, value: line } = await this.#answers.next();
    if (done) throw new SsdError("INTERNAL", `${this.#python} ended: ${await this.#lastWords()}`);
    return JSON.parse(line);
  }

  end(): void {
    this.#child.stdin!.destroy();
    this.#child.kill();
  }

  async #lastWords(): Promise<string> {
    if (this.#failure === undefined && this.#child.exitCode === null) {
      await new Promise((resolve) => this.#child.once("close", resolve));
    }
    return this.#failure?.message ?? (this.#said.trim().split("\n").at(-1) || "without a word");
  }
}
