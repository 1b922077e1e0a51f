export function floors(binary: Buffer): Record<string, string>;
export function floorOf(binary: Buffer): string;
