import type { Disposable } from 'vscode';

/** Runs an action at the first call and then, while calls come, at most once in `interval` milliseconds. */
export class Throttle implements Disposable {
  private timer: NodeJS.Timeout | undefined;
  private wanted = false;

  constructor(
    private readonly interval: number,
    private readonly action: () => Promise<void>,
  ) {}

  readonly call = (): void => {
    if (this.timer) {
      this.wanted = true;
      return;
    }
    this.timer = setTimeout(() => this.rest(), this.interval);
    void this.action();
  };

  dispose(): void {
    clearTimeout(this.timer);
  }

  private rest(): void {
    this.timer = undefined;
    if (this.wanted) {
      this.wanted = false;
      this.call();
    }
  }
}
