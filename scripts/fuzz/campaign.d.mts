/** What is fuzzed: the readers' modules, compiled or not. */
export interface Reader {
  Source: { open(file: string): Promise<object> };
  weightsOf(source: never): Promise<object>;
  openWeights(file: string): Promise<object>;
  readSafetensors(file: string): Promise<object>;
}

export interface SeedFile {
  name: string;
  bytes: Buffer;
}

export interface Campaign {
  reader: Reader;
  seeds: SeedFile[];
  /** Where each case is written; one that fails stays there. */
  file: string;
  cases: number;
  seed: number;
  onCase?: (done: number) => void;
}

export interface CampaignResult {
  cases: number;
  /** How often each outcome was seen. */
  outcomes: Map<string, number>;
  /** The longest time, most memory seen, and most memory that the reader counted, of a case. */
  most: { ms: number; bytes: number; counted: number };
  /** Mutants that were kept for an outcome of their own. */
  kept: number;
  failure: string | undefined;
}

export function seedFiles(folder: string): SeedFile[];

export function campaign(options: Campaign): Promise<CampaignResult>;
