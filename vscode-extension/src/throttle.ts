import { setTimeout as pause } from 'node:timers/promises';
import type { Disposable } from 'vscode';

/** What comes together is answered together: a step is several events. */
const GATHER_MS = 20;

/** Runs an action soon after a call, and while calls come at most once in `interval` milliseconds, never twice at a time. */
export class Throttle implements Disposable {
  private timer: NodeJS.Timeout | undefined;
  private running = false;
  private wanted = false;

  constructor(
    private readonly interval: number,
    private readonly action: () => Promise<void>,
  ) {}

  readonly call = (): void => {
    this.wanted = true;
    if (!this.running) {
      this.timer ??= setTimeout(() => void this.run(), GATHER_MS);
    }
  };

  dispose(): void {
    clearTimeout(this.timer);
    this.running = true; // for good
  }

  private async run(): Promise<void> {
    this.timer = undefined;
    this.running = true;
    this.wanted = false;
    await Promise.all([this.action(), pause(this.interval, undefined, { ref: false })]);
    this.running = false;
    if (this.wanted) {
      this.call();
    }
  }
}
